"""`safe_stream_feed`: a window in pieces of any length is that window, and starts anew."""

from itertools import pairwise

import numpy as np
import pytest

from codegen import reference
from codegen.frontend import tflite
from tests.operators import streaming
from tests.operators.stream_models import Array, Net

WINDOW, CHANNELS = 12, 5
SIZE = WINDOW * CHANNELS
OK, ARGUMENT = 0, 1


def network() -> bytes:
    net = Net(WINDOW, CHANNELS)
    return net.model(net.dense(net.conv(net.first, 8, 3), 6))


@pytest.fixture(scope="module")
def model() -> bytes:
    return network()


@pytest.fixture(scope="module", params=["gcc", "sanitized"])
def program(
    request: pytest.FixtureRequest, model: bytes, tmp_path_factory: pytest.TempPathFactory
) -> streaming.Program:
    return streaming.build(model, tmp_path_factory.mktemp("feed"), request.param)


def piece(start: int, data: bytes) -> bytes:
    return b"F" + np.array([start, len(data)], "<u4").tobytes() + data


def pieces(window: Array, cuts: list[int]) -> list[bytes]:
    """Return the commands that feed a window cut at these bytes."""
    data, edges = window.tobytes(), [0, *cuts, SIZE]
    return [piece(a, data[a:b]) for a, b in pairwise(edges)]


def outputs(model: bytes, windows: list[Array]) -> list[Array]:
    values = np.stack(windows)[:, None]
    return list(reference.run(tflite.load(model, "m"), [values])[0])


def windows(count: int) -> list[Array]:
    samples = streaming.signal(count * WINDOW, CHANNELS)
    return [samples[n * WINDOW : (n + 1) * WINDOW] for n in range(count)]


def invoked(answers: list[tuple[int, Array | None]]) -> list[tuple[int, Array]]:
    return [(status, output) for status, output in answers if output is not None]


def test_pieces_of_any_length(program: streaming.Program, model: bytes) -> None:
    rng = np.random.default_rng(4)
    cuts = [
        [],
        list(range(1, SIZE)),
        list(range(CHANNELS, SIZE, CHANNELS)),
        [CHANNELS - 1, 2 * CHANNELS + 1, SIZE - 1],
        *(sorted(rng.choice(np.arange(1, SIZE), size, replace=False)) for size in (1, 3, 7, 20)),
    ]
    values = windows(len(cuts))
    script = []
    for window, cut in zip(values, cuts, strict=True):
        script += [*pieces(window, [int(c) for c in cut]), b"Q", b"I"]
    answers = streaming.run(program, script)
    assert {status for status, _ in answers} == {OK}
    found = [output for _, output in invoked(answers)]
    np.testing.assert_array_equal(found, outputs(model, values))
    assert len(np.unique(found)) >= 4


def test_not_ready_before_the_last_byte(program: streaming.Program) -> None:
    data = windows(1)[0].tobytes()
    script = [piece(0, data[:-1]), b"Q", b"I", piece(SIZE - 1, data[-1:]), b"Q", b"I"]
    statuses = [status for status, _ in streaming.run(program, script)]
    assert statuses == [OK, streaming.NOT_READY, streaming.NOT_READY, OK, OK, OK]


def test_a_first_piece_starts_anew(program: streaming.Program, model: bytes) -> None:
    """Half a window, then a whole other one: nothing of the first is left."""
    first, second = windows(2)
    script = [piece(0, first.tobytes()[: SIZE // 2]), *pieces(second, [7]), b"I"]
    ((status, found),) = invoked(streaming.run(program, script))
    assert status == OK
    np.testing.assert_array_equal(found, outputs(model, [second])[0])


def test_pushes_go_on_from_what_was_fed(program: streaming.Program, model: bytes) -> None:
    samples = np.concatenate(windows(2))
    script = pieces(samples[:WINDOW], [3, 4])
    for sample in samples[WINDOW : WINDOW + 4]:
        script += [b"P" + sample.tobytes(), b"I"]
    found = [output for _, output in invoked(streaming.run(program, script))]
    moved = [samples[n : n + WINDOW] for n in range(1, 5)]
    np.testing.assert_array_equal(found, outputs(model, moved))


@pytest.mark.parametrize("start", [0, 1, SIZE - 1, SIZE, SIZE + 1, 2**32 - 1])
def test_beyond_the_window_changes_nothing(
    program: streaming.Program, model: bytes, start: int
) -> None:
    window, other = windows(2)
    data = other.tobytes() + b"0" * (start == 0)
    script = [*pieces(window, []), piece(start, data), b"I"]
    answers = streaming.run(program, script)
    assert answers[1][0] == ARGUMENT
    np.testing.assert_array_equal(answers[2][1], outputs(model, [window])[0])


def test_an_empty_piece_at_the_end(program: streaming.Program, model: bytes) -> None:
    window = windows(1)[0]
    answers = streaming.run(program, [*pieces(window, []), piece(SIZE, b""), b"I"])
    assert answers[1][0] == OK
    np.testing.assert_array_equal(answers[2][1], outputs(model, [window])[0])


def test_a_flipped_bit_is_noticed(program: streaming.Program, model: bytes) -> None:
    window = windows(1)[0]
    changed = window.copy()
    changed[WINDOW // 2] ^= 64
    ((_, found),) = invoked(streaming.run(program, [*pieces(changed, [11]), b"I"]))
    assert np.any(found != outputs(model, [window])[0])
