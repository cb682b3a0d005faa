"""A saved baseline: what it restores, and what is refused."""

import ctypes
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest

from host_tools.detection.replay import Player
from host_tools.formats.record import Event, State
from tests.unit.sdk.c_config import c_config, run_c
from tests.unit.sdk.tiny import Tiny

OK, ARGUMENT, ABI, NOT_READY, CORRUPT = 0, 1, 3, 5, 15
LEARNED_ROWS = 60


def quiet(tiny, count, seed):
    """Good values only: what is masked and stuck is no part of a saved baseline."""
    config = tiny.config()
    rng = np.random.default_rng(seed)
    z = rng.normal(0, 1, (count, tiny.channels))
    return (config.adapter.scaler.mean + z * config.adapter.scaler.std).astype(np.float32)


def save(library):
    size = library.shim_saved_bytes()
    data, length = (ctypes.c_uint8 * size)(), ctypes.c_uint32()
    status = library.shim_save(data, size, ctypes.byref(length))
    return status, bytes(data[: length.value])


def restore(library, content):
    return library.shim_restore((ctypes.c_uint8 * max(1, len(content)))(*content), len(content))


def learned(library, tiny):
    assert library.shim_start(3) == 0
    records = run_c(library, quiet(tiny, LEARNED_ROWS, 1), tiny.channels)
    assert int(Event.LEARNED) in records["event"]


@pytest.mark.parametrize("tiny", [Tiny(), Tiny(window=7, channels=16, horizon=5)], ids=str)
def test_restored_equals_a_gap(builds, variant, tiny):
    """A detector that forgot recent samples and one that was restored give the same records."""
    library = builds(tiny, *variant)
    learned(library, tiny)
    status, content = save(library)
    assert status == OK
    assert len(content) == library.shim_saved_bytes()
    rest = quiet(tiny, 400, 2)
    rest[200:260] += np.float32(30) / tiny.config().adapter.scaler.inv_std
    assert library.shim_gap() == 0
    expected = run_c(library, rest, tiny.channels)
    assert {State.OK, State.ALARM} <= set(expected["state"].tolist())
    assert library.shim_start(3) == 0
    assert run_c(library, rest, tiny.channels)["state"].tolist() != expected["state"].tolist()
    assert library.shim_start(3) == 0
    assert restore(library, content) == OK
    assert run_c(library, rest, tiny.channels).tobytes() == expected.tobytes()
    assert restore(library, content) == OK
    assert save(library) == (OK, content)


@pytest.mark.parametrize("tiny", [Tiny(), Tiny(window=7, channels=16, horizon=5)], ids=str)
def test_the_chain_of_this_host_keeps_the_same(builds, tiny):
    """Saved after a state that raised it, restored over another: records as the device's."""
    library, rows, rest = builds(tiny), quiet(tiny, LEARNED_ROWS + 100, 1), quiet(tiny, 300, 2)
    rows[-20:] += np.float32(6) / tiny.config().adapter.scaler.inv_std
    rest[200:260] += np.float32(30) / tiny.config().adapter.scaler.inv_std
    player = Player(tiny.config(), np.concatenate([rows, rest, rest]), tiny.run)
    assert library.shim_start(3) == 0
    run_c(library, rows[:10], tiny.channels)
    assert player.take(0, 0)["state"] == State.WARMUP
    assert player.chain.saved() is None
    player.power_up()
    assert library.shim_reset() == 0
    for at, part in ((0, rows), (len(rows), rest)):
        expected = np.stack([player.take(at + row, 0) for row in range(len(part))])
        assert run_c(library, part, tiny.channels).tobytes() == expected.tobytes()
        if at == 0:
            (_, content), kept = save(library), player.chain.saved()
    assert restore(library, content) == OK
    player.chain.restore(kept)
    found = run_c(library, rest, tiny.channels)
    again = [player.take(len(rows) + len(rest) + row, 0) for row in range(len(rest))]
    assert found.tobytes() == np.stack(again).tobytes() != expected.tobytes()
    assert {State.OK, State.ALARM} <= set(found["state"].tolist())


def test_a_detector_that_learns_has_nothing_to_save(builds):
    tiny = Tiny()
    library = builds(tiny)
    assert library.shim_start(3) == 0
    rows = quiet(tiny, LEARNED_ROWS, 1)
    (done,) = np.flatnonzero(run_c(library, rows, tiny.channels)["event"] & Event.LEARNED)
    assert library.shim_reset() == 0
    run_c(library, rows[:done], tiny.channels)
    assert save(library) == (NOT_READY, b"")
    run_c(library, rows[done : done + 1], tiny.channels)
    assert save(library)[0] == OK


def test_no_flipped_bit_is_restored(builds):
    tiny = Tiny()
    library = builds(tiny)
    learned(library, tiny)
    _, content = save(library)
    for bit in range(8 * len(content)):
        spoiled = bytearray(content)
        spoiled[bit // 8] ^= 1 << bit % 8
        assert restore(library, bytes(spoiled)) == CORRUPT
    for length in range(len(content)):
        assert restore(library, content[:length]) == CORRUPT
    assert save(library) == (OK, content)


def with_word(content, at, word):
    at %= len(content) // 4
    body = content[: 4 * at] + word + content[4 * at + 4 : -4]
    return body + struct.pack("<I", zlib.crc32(body))


@pytest.mark.parametrize(
    ("at", "word", "status"),
    [
        (0, struct.pack("<I", 1), ABI),
        (1, struct.pack("<I", 7), ARGUMENT),
        (2, struct.pack("<f", -1.0), CORRUPT),
        (2, struct.pack("<f", float("nan")), CORRUPT),
        (3, struct.pack("<f", float("inf")), CORRUPT),
        (3, struct.pack("<f", 1.0000001e7), CORRUPT),
        (3, struct.pack("<f", -1e7), OK),
        (4, struct.pack("<f", 0.0), CORRUPT),
        (4, struct.pack("<f", 1e12), OK),
        (-2, struct.pack("<I", 40), OK),
        (-2, struct.pack("<I", 41), CORRUPT),
    ],
)
def test_what_cannot_have_been_learned_is_refused(builds, at, word, status):
    tiny = Tiny()
    library = builds(tiny)
    learned(library, tiny)
    _, content = save(library)
    assert restore(library, with_word(content, at, word)) == status
    if status != OK:
        assert save(library) == (OK, content)


def test_another_model_or_detector_is_refused(builds):
    learned(builds(Tiny()), Tiny())
    _, content = save(builds(Tiny()))
    other = builds(Tiny(sha=0x5A))
    assert other.shim_start(3) == 0
    assert restore(other, content) == ARGUMENT
    library, config = builds(Tiny()), Tiny().config()
    for changes, status in ({"alarm": np.float32(61)}, OK), ({"peak": np.float32(9)}, ARGUMENT):
        kept = c_config(replace(config, detector=replace(config.detector, **changes)))
        assert library.shim_start_with(ctypes.byref(kept)) == 0
        assert restore(library, content) == status
