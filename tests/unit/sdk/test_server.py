"""The command server in C, fed byte by byte through the shim: no port, no process."""

import ctypes
import struct

import numpy as np
import pytest

from host_tools.detection import replay
from host_tools.device import protocol
from host_tools.device.frame import Frame, Receiver, encode
from host_tools.formats.record import Event, State
from targets.build import runtime_version
from tests.unit.sdk.tiny import Tiny, samples

TYPES = {message.name: int(message) for message in protocol.Message}
STATUS = {status.name: int(status) for status in protocol.Status}
WIDE = Tiny(window=40, channels=16, horizon=33)


class Server:
    """The C server behind a perfect line."""

    def __init__(self, library, features=3):
        self.library = library
        library.shim_feed.restype = ctypes.c_size_t
        library.shim_idle.restype = ctypes.c_size_t
        assert library.shim_start(features) == 0
        self.seq = 0

    def raw(self, data):
        out = (ctypes.c_uint8 * 4096)()
        length = self.library.shim_feed(
            data, ctypes.c_size_t(len(data)), out, ctypes.c_size_t(4096)
        )
        receiver = Receiver()
        frames = receiver.feed(bytes(out[:length]))
        assert receiver.damaged == 0
        return frames

    def ask(self, name, payload=b"", *, seq=None):
        """Send one request; return its reply's payload, or the status of an error reply."""
        if seq is None:
            self.seq = seq = (self.seq + 1) % 256
        kind = name if isinstance(name, int) else TYPES[name]
        (reply,) = self.raw(encode(Frame(kind, seq, 0, payload)))
        assert reply.seq == seq
        assert reply.flags == 0
        if reply.type == TYPES["ERROR"] | protocol.REPLY:
            status, answers = protocol.parse_error(reply.payload)
            assert answers == kind
            return status
        assert reply.type == kind | protocol.REPLY
        return reply.payload

    def hello(self, session=77):
        return protocol.parse_hello(self.ask("HELLO", protocol.u32(session)))

    def set(self, name, value):
        kind = ctypes.c_bool if name.startswith(("shim_has", "shim_is")) else ctypes.c_uint32
        kind.in_dll(self.library, name).value = value


@pytest.fixture
def server(builds):
    return Server(builds())


def upload(server, token, data, step=504):
    for start in range(0, len(data), step):
        reply = server.ask("WINDOW", protocol.chunk(token, start, data[start : start + step]))
        assert struct.unpack("<II", reply) == (token, min(start + step, len(data)))


def test_hello_tells_model_and_session(server):
    info = server.hello(7)
    assert (info.protocol, info.abi, info.session, info.previous_session) == (5, 3, 7, 0)
    assert (info.model, info.version, info.model_sha256) == (
        "tiny",
        runtime_version(),
        Tiny().sha256,
    )
    assert (info.channels, info.window, info.horizon) == (3, 4, 2)
    assert (info.input_bytes, info.output_bytes, info.arena_bytes) == (12, 6, 12)
    assert (info.period_us, info.stale_ms, info.day_samples) == (250_000, 1000, 0)
    assert (info.max_payload, info.status, info.clock_hz) == (512, 0x12, 168_000_000)
    offered = protocol.FEATURE_WINDOW | protocol.FEATURE_STREAM
    assert info.features == offered | protocol.FEATURE_BAUD
    assert server.hello(8).previous_session == 7


def test_hello_wants_a_session(server):
    assert server.ask("HELLO", protocol.u32(0)) == STATUS["ARGUMENT"]
    assert server.ask("HELLO", b"123") == STATUS["PAYLOAD_LENGTH"]


@pytest.mark.parametrize("name", ["WINDOW", "INFER", "RESULT", "TIMING", "STREAM_RESET", "SAMPLE"])
def test_needs_session_then_length(server, name):
    assert server.ask(name) == STATUS["NO_SESSION"]
    server.hello()
    if name != "TIMING":
        assert server.ask(name) == STATUS["PAYLOAD_LENGTH"]
    assert server.ask(name, b"xyz") == STATUS["PAYLOAD_LENGTH"]


def test_ping_stats_reset_unknown(server):
    for payload in (b"", b"\0", bytes(range(256)) * 2):
        assert server.ask("PING", payload) == payload
    for kind in (0, 0x06, 0x7F, 0x81, 0xFF):
        assert server.ask(kind) == STATUS["UNKNOWN_MESSAGE"]
    stats = protocol.parse_stats(server.ask("STATS"))
    assert (stats.stack_bytes, stats.status, stats.frames, stats.frame_errors) == (777, 0x12, 9, 0)


def test_features_not_offered(builds):
    server = Server(builds(), features=protocol.FEATURE_STREAM)
    server.hello()
    assert server.ask("WINDOW", protocol.chunk(1, 0, b"x")) == STATUS["UNSUPPORTED"]
    server = Server(builds(), features=protocol.FEATURE_WINDOW)
    server.hello()
    assert server.ask("SAMPLE", bytes(20)) == STATUS["UNSUPPORTED"]


@pytest.mark.parametrize("tiny", [Tiny(), WIDE], ids=["small", "several chunks"])
@pytest.mark.parametrize("step", [504, 100])
def test_window_to_result(builds, tiny, step):
    server = Server(builds(tiny))
    info = server.hello()
    windows = np.random.default_rng(3).integers(
        -128, 128, (5, tiny.window, tiny.channels), dtype=np.int8
    )
    expected = tiny.run(windows)
    for token, window in enumerate(windows):
        upload(server, token, window.tobytes(), step)
        protocol.parse_infer(server.ask("INFER", protocol.u32(token)))
        output = b""
        while len(output) < info.output_bytes:
            length = min(step, info.output_bytes - len(output))
            reply = server.ask("RESULT", protocol.result_request(token, len(output), length))
            output += reply[8:]
        assert output == expected[token].tobytes()


def test_upload_out_of_order(builds):
    server = Server(builds(WIDE))
    server.hello()
    order = STATUS["CHUNK_ORDER"]
    size = 640
    assert server.ask("WINDOW", protocol.chunk(5, 100, bytes(10))) == order
    upload(server, 5, bytes(200), 100)
    assert server.ask("WINDOW", protocol.chunk(5, 100, bytes(10))) == order  # overlap
    assert server.ask("WINDOW", protocol.chunk(5, 300, bytes(10))) == order  # hole
    assert server.ask("WINDOW", protocol.chunk(6, 200, bytes(10))) == order  # other token
    assert server.ask("WINDOW", protocol.chunk(5, 200, bytes(size - 199))) == order  # past the end
    assert server.ask("WINDOW", protocol.chunk(5, 0xFFFFFFFF, bytes(9))) == order
    assert server.ask("INFER", protocol.u32(5)) == STATUS["NOT_READY"]
    upload(server, 5, bytes(size), 320)  # start 0 begins anew
    assert server.ask("INFER", protocol.u32(6)) == STATUS["NOT_READY"]
    assert server.ask("RESULT", protocol.result_request(5, 0, 1)) == STATUS["NOT_READY"]
    assert not isinstance(server.ask("INFER", protocol.u32(5)), int)
    argument = STATUS["ARGUMENT"]
    output = 16 * 33
    assert server.ask("RESULT", protocol.result_request(5, 0, 505)) == argument
    assert server.ask("RESULT", protocol.result_request(5, output, 1)) == argument
    assert server.ask("RESULT", protocol.result_request(5, output + 1, 0)) == argument
    assert len(server.ask("RESULT", protocol.result_request(5, output - 1, 1))) == 9
    assert server.ask("WINDOW", protocol.chunk(5, size, b"x")) == order  # all was there


def test_repeated_request_runs_once(server):
    server.hello()
    upload(server, 1, bytes(range(12)))
    payload = protocol.u32(1)
    first = server.ask("INFER", payload, seq=200)
    assert server.ask("INFER", payload, seq=200) == first  # a repeat: from memory
    assert server.ask("INFER", payload, seq=201) == first  # a new question: the same result
    assert protocol.parse_timing(server.ask("TIMING")).inferences == 1
    assert protocol.parse_stats(server.ask("STATS")).repeats == 1


def test_repeated_sample_counts_once(server):
    server.hello()
    server.ask("STREAM_RESET", protocol.stream_reset(9))
    request = protocol.chunk(9, 0, np.ones(3, "<f4").tobytes())
    first = server.ask("SAMPLE", request, seq=5)
    assert server.ask("SAMPLE", request, seq=5) == first
    assert server.ask("SAMPLE", request, seq=6) == STATUS["SAMPLE_ORDER"]
    following = protocol.chunk(9, 1, np.ones(3, "<f4").tobytes())
    assert protocol.parse_records(server.ask("SAMPLE", following)[8:], 1)["index"] == 1


def test_error_replies_are_repeated_too(server):
    server.hello()
    bad = protocol.chunk(1, 5, b"x")
    assert server.ask("WINDOW", bad, seq=9) == STATUS["CHUNK_ORDER"]
    assert server.ask("WINDOW", bad, seq=9) == STATUS["CHUNK_ORDER"]


@pytest.mark.parametrize("tiny", [Tiny(), Tiny(window=7, channels=16, horizon=5), WIDE])
def test_stream_equals_specification(builds, tiny):
    server = Server(builds(tiny))
    info = server.hello()
    data = samples(tiny, 300, seed=4)
    server.ask("STREAM_RESET", protocol.stream_reset(3))
    step = info.max_samples
    parts = []
    for start in range(0, len(data), step):
        part = data[start : start + step]
        reply = server.ask("SAMPLE", protocol.chunk(3, start, part.tobytes()))
        assert struct.unpack("<II", reply[:8]) == (3, start)
        parts.append(protocol.parse_records(reply[8:], len(part)))
    expected = replay.run_chain(tiny.config(), data, tiny.run)
    assert np.concatenate(parts).tobytes() == expected.tobytes()


def test_stream_order(server):
    server.hello()
    sample = np.ones(3, "<f4").tobytes()
    order = STATUS["SAMPLE_ORDER"]
    assert server.ask("SAMPLE", protocol.chunk(1, 0, sample)) == order  # no stream open
    server.ask("STREAM_RESET", protocol.stream_reset(1))
    assert server.ask("SAMPLE", protocol.chunk(2, 0, sample)) == order
    assert server.ask("SAMPLE", protocol.chunk(1, 2**31, sample)) == order
    length = STATUS["PAYLOAD_LENGTH"]
    assert server.ask("SAMPLE", protocol.chunk(1, 0, sample[:-1])) == length
    assert server.ask("SAMPLE", protocol.chunk(1, 0, sample * 10)) == length  # 9 records fit
    assert len(server.ask("SAMPLE", protocol.chunk(1, 0, sample * 9))) == 8 + 9 * 56


@pytest.mark.parametrize("lost", [1, 3, 4, 2**31 - 1])
def test_a_sample_counter_that_jumps_tells_what_was_lost(builds, lost):
    """Samples that never came are to the detector as many without a value."""
    server = Server(builds())
    data = samples(Tiny(), 140, seed=11)
    server.hello()
    server.ask("STREAM_RESET", protocol.stream_reset(3))
    parts = []
    for start in range(0, len(data), 7):
        index = start + (lost if start >= 70 else 0)
        reply = server.ask("SAMPLE", protocol.chunk(3, index, data[start : start + 7].tobytes()))
        parts.append(protocol.parse_records(reply[8:], 7))
    missing = np.full((min(lost, 5), 3), np.nan, np.float32)
    whole = np.concatenate([data[:70], missing, data[70:]])
    expected = replay.run_chain(Tiny().config(), whole, Tiny().run)
    there = np.r_[0:70, 70 + len(missing) : len(whole)]
    assert np.concatenate(parts).tobytes() == expected[there].tobytes()


def test_relearn_in_mid_stream_equals_a_reset(builds):
    tiny = Tiny()
    server = Server(builds(tiny))
    data = samples(tiny, 120, seed=6)
    server.hello()
    assert server.ask("RELEARN", protocol.relearn(3, 0)) == STATUS["SAMPLE_ORDER"]  # no stream open
    server.ask("STREAM_RESET", protocol.stream_reset(3))
    parts = []
    for start in range(0, len(data), 7):
        if start == 70:
            state = int(parts[-1]["state"][-1])
            assert server.ask("RELEARN", protocol.relearn(4, state)) == STATUS["SAMPLE_ORDER"]
            for wrong in (state - 1, state + 1):
                assert server.ask("RELEARN", protocol.relearn(3, wrong)) == STATUS["ARGUMENT"]
            assert server.ask("RELEARN", b"") == STATUS["PAYLOAD_LENGTH"]
            reply = server.ask("RELEARN", protocol.relearn(3, state))
            assert struct.unpack("<II", reply) == (3, 70)
        part = data[start : start + 7]
        reply = server.ask("SAMPLE", protocol.chunk(3, start, part.tobytes()))
        parts.append(protocol.parse_records(reply[8:], len(part)))
    expected = replay.run_chain(tiny.config(), data, tiny.run, resets=(70,))
    expected["event"][70] |= Event.FORGOTTEN
    assert np.concatenate(parts).tobytes() == expected.tobytes()
    assert expected.tobytes() != replay.run_chain(tiny.config(), data, tiny.run).tobytes()


def test_a_resumed_stream_keeps_the_baseline(builds):
    tiny = Tiny()
    server = Server(builds(tiny))
    data = samples(tiny, 140, seed=6)
    server.hello()
    server.ask("STREAM_RESET", protocol.stream_reset(3))
    records = take(server, 3, data[:70])
    assert int(Event.LEARNED) in records["event"]
    assert len(server.ask("STREAM_RESUME", protocol.stream_reset(4))) == 4
    records = take(server, 4, data[70:])
    assert records["index"][0] == 0
    assert records["state"][0] == State.WARMUP
    assert State.LEARN not in records["state"]
    server.ask("STREAM_RESET", protocol.stream_reset(5))
    assert State.LEARN in take(server, 5, data[70:])["state"]


def take(server, token, data, start=0):
    parts = []
    for first in range(0, len(data), 7):
        part = data[first : first + 7]
        reply = server.ask("SAMPLE", protocol.chunk(token, start + first, part.tobytes()))
        parts.append(protocol.parse_records(reply[8:], len(part)))
    return np.concatenate(parts)


def test_hello_closes_upload_and_stream(server):
    server.hello(1)
    upload(server, 1, bytes(12))
    server.ask("STREAM_RESET", protocol.stream_reset(1))
    server.hello(2)
    assert server.ask("INFER", protocol.u32(1)) == STATUS["NOT_READY"]
    sample = np.ones(3, "<f4").tobytes()
    assert server.ask("SAMPLE", protocol.chunk(1, 0, sample)) == STATUS["SAMPLE_ORDER"]


def test_sample_takes_the_arena_from_the_window(server):
    server.hello()
    server.ask("STREAM_RESET", protocol.stream_reset(1))
    upload(server, 1, bytes(12))
    server.ask("SAMPLE", protocol.chunk(1, 0, np.ones(3, "<f4").tobytes()))
    assert server.ask("INFER", protocol.u32(1)) == STATUS["NOT_READY"]


def test_cycles_and_time(server):
    server.set("shim_has_cycles", value=True)
    server.set("shim_cycles", 0xFFFFFE00)  # wraps between the two readings
    try:
        assert server.library.shim_start(3) == 0
        assert server.hello().features & protocol.FEATURE_CYCLES
        assert not server.hello().counts_instructions
        server.set("shim_is_approximate", value=True)
        assert server.library.shim_start(3) == 0
        assert server.hello().counts_instructions
        server.set("shim_cycles", 0xFFFFFE00)
        upload(server, 1, bytes(12))
        inference = protocol.parse_infer(server.ask("INFER", protocol.u32(1)))
        assert inference.cycles == 1000
        timing = protocol.parse_timing(server.ask("TIMING"))
        assert (timing.min_cycles, timing.max_cycles) == (1000, 1000)
    finally:
        server.set("shim_has_cycles", value=False)
        server.set("shim_is_approximate", value=False)
    server.hello()
    upload(server, 2, bytes(12))
    assert protocol.parse_infer(server.ask("INFER", protocol.u32(2))).cycles is None
    timing = protocol.parse_timing(server.ask("TIMING"))
    assert (timing.inferences, timing.min_cycles) == (1, None)


def test_damage_is_told_without_touching_the_last_reply(server):
    server.hello()
    upload(server, 1, bytes(12))
    first = server.ask("INFER", protocol.u32(1), seq=9)
    line = bytearray(encode(Frame(TYPES["INFER"], 9, 0, protocol.u32(1))))
    line[4] ^= 1
    (notice,) = server.raw(bytes(line))
    assert (notice.type, notice.seq) == (0xFF, 0)
    assert protocol.parse_error(notice.payload) == (STATUS["FRAME_CRC"], 0)
    assert server.ask("INFER", protocol.u32(1), seq=9) == first
    assert protocol.parse_timing(server.ask("TIMING")).inferences == 1


def test_cut_frame_is_told_after_silence(server):
    out = (ctypes.c_uint8 * 64)()
    server.hello()
    server.set("shim_now_ms", 1000)
    assert server.raw(encode(Frame(2, 1, 0, b"hello"))[:-4]) == []
    server.set("shim_now_ms", 1499)
    assert server.library.shim_idle(out) == 0
    server.set("shim_now_ms", 1500)
    length = server.library.shim_idle(out)
    (notice,) = Receiver().feed(bytes(out[:length]))
    assert protocol.parse_error(notice.payload) == (STATUS["TIMEOUT"], 0)
    server.set("shim_now_ms", 0)
