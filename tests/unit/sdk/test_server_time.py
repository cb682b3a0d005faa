"""What a stream says of time: its pace, its time of day, silence, and samples that were lost."""

import numpy as np
import pytest

from host_tools.detection import replay
from host_tools.device import protocol
from host_tools.formats.record import Event, State
from tests.unit.sdk.test_server import STATUS, Server, take
from tests.unit.sdk.tiny import Tiny, samples


@pytest.fixture
def server(builds):
    return Server(builds())


def test_stream_reset_takes_the_time_of_day(server):
    """The tiny detector knows no hours: any time is refused, none is not."""
    server.hello()
    assert server.ask("STREAM_RESET", protocol.stream_reset(3, 0)) == STATUS["ARGUMENT"]
    assert server.ask("STREAM_RESET", protocol.u32(3)) == STATUS["PAYLOAD_LENGTH"]
    assert not isinstance(server.ask("STREAM_RESET", protocol.stream_reset(3)), int)


def test_stream_reset_takes_the_pace(server):
    server.hello()
    for message in ("STREAM_RESET", "STREAM_RESUME"):
        wrong = server.ask(message, protocol.stream_reset(3, pace=2))
        assert wrong == STATUS["ARGUMENT"]
        for pace in (protocol.PACE_PLANT, protocol.PACE_REPLAY):
            assert len(server.ask(message, protocol.stream_reset(3, pace=pace))) == 4


STALE_MS = 1000
"""Four samples of the tiny detector, 250 ms each."""


@pytest.mark.parametrize("waited", [STALE_MS - 1, STALE_MS, 2**31 - 1])
def test_silence_is_told_by_the_clock_and_in_the_next_record(builds, waited):
    """Boundary: silence is `stale_ms` without a sample, and no millisecond less."""
    tiny = Tiny()
    server = Server(builds(tiny))
    data = samples(tiny, 140, seed=6)
    server.set("shim_now_ms", 2**32 - 500)  # the clock wraps meanwhile
    server.hello()
    server.ask("STREAM_RESET", protocol.stream_reset(3, pace=protocol.PACE_PLANT))
    before = take(server, 3, data[:70])
    told = server.library.shim_watch((2**32 - 500 + waited) % 2**32)
    is_stale = waited >= STALE_MS
    assert told == is_stale
    assert server.library.shim_watch((2**32 - 500 + waited + 10**6) % 2**32) == (not is_stale)
    expected = replay.run_chain(tiny.config(), data, tiny.run, stales=(70,))
    after = take(server, 3, data[70:], start=70)
    assert np.concatenate([before, after]).tobytes() == expected.tobytes()
    assert expected["event"][70] == Event.SILENCE
    assert (expected["state"][70:73] == State.WARMUP).all()


def test_who_replays_a_log_is_never_stale(server):
    server.hello()
    server.ask("STREAM_RESET", protocol.stream_reset(3))
    assert not server.library.shim_watch(10**9)


def test_a_clock_that_was_read_before_the_sample_came_is_not_silence(server):
    server.set("shim_now_ms", 5000)
    server.hello()
    server.ask("STREAM_RESET", protocol.stream_reset(3, pace=protocol.PACE_PLANT))
    assert not server.library.shim_watch(4999)


def test_silence_after_the_end_of_a_stream_is_told(server):
    """A host that went away, and one that came back without a stream, leave the same silence."""
    server.set("shim_now_ms", 0)
    server.hello()
    server.ask("STREAM_RESET", protocol.stream_reset(3, pace=protocol.PACE_PLANT))
    server.hello()
    assert server.library.shim_watch(STALE_MS)
    server.ask("STREAM_RESUME", protocol.stream_reset(4))
    assert take(server, 4, samples(Tiny(), 7))["event"][0] == 0
