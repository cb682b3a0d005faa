"""Every way a serial line fails, between the host and a real device process.

Each test ends with the right answers, byte for byte, or with its own error.
"""

import socket
import threading
import time

import numpy as np
import pytest

from host_tools.detection import replay
from host_tools.device import link as link_module
from host_tools.device import protocol
from host_tools.device.bench import run_bench
from host_tools.device.frame import Frame, encode
from host_tools.device.link import Link
from host_tools.device.protocol import Message
from host_tools.device.serial_port import SerialPort
from host_tools.errors import (
    DeviceError,
    DeviceModelError,
    DeviceSilentError,
    DeviceUnknownError,
    DeviceVersionError,
    LinkLostError,
    PortNotFoundError,
)
from tests.unit.host_tools.device.faults import (
    TO_DEVICE,
    TO_HOST,
    Cut,
    Earlier,
    Every,
    Fault,
    Late,
    Resets,
    Trigger,
    Twice,
)
from tests.unit.sdk.tiny import Tiny, samples

TINY = Tiny(window=30, channels=16, horizon=10)


def bench_input(windows=24, rows=120):
    rng = np.random.default_rng(5)
    shape = (windows, TINY.window, TINY.channels)
    return rng.integers(-128, 128, shape, dtype=np.int8), samples(TINY, rows)


def check(link, windows, data):
    """Bench and compare; return the result."""
    result = run_bench(link, windows, data, sha256=TINY.sha256)
    assert result.outputs.tobytes() == TINY.run(windows).tobytes()
    assert result.records.tobytes() == replay.run_chain(TINY.config(), data, TINY.run).tobytes()
    assert result.timing is not None
    return result


def test_clean_line(linked):
    with linked(Fault(), 5.0, TINY) as (link, _):
        result = check(link, *bench_input())
        assert result.restarts == 0
        assert result.timing.inferences == 24
        assert vars(link.counters) | {"requests": 0} == vars(link_module.Counters())


@pytest.mark.parametrize("kind", ["drop", "flip", "insert", "zero"])
def test_damaged_bytes_are_recovered(linked, kind):
    fault = Every(kind, period=1500)
    with linked(fault, 0.3, TINY) as (link, _):
        result = check(link, *bench_input())
        assert fault.hits >= 10
        assert link.counters.retries >= 1
        assert result.restarts == 0
        # Nothing ran twice: a repeated INFER is answered from memory.
        assert result.timing.inferences == 24


@pytest.mark.parametrize("kind", ["drop", "zero"])
def test_one_byte_in_a_hundred_damaged(linked, kind):
    """Frames shrink to what comes through; still nothing runs twice."""
    fault = Every(kind, period=100)
    with linked(fault, 0.3, TINY) as (link, _):
        result = check(link, *bench_input(2, 10))
        assert fault.hits >= 50
        assert link.chunk.size < 100
        assert (result.restarts, result.timing.inferences) == (0, 2)


@pytest.mark.parametrize("direction", [TO_DEVICE, TO_HOST], ids=["request", "reply"])
def test_cut_frames_are_recovered(linked, direction):
    fault = Cut(15, direction)
    with linked(fault, 0.3, TINY) as (link, _):
        result = check(link, *bench_input())
        assert fault.hits >= 4
        assert link.counters.retries >= fault.hits
        assert result.timing.inferences == 24


@pytest.mark.parametrize("fault", [Twice, Earlier])
def test_a_reply_to_another_request_is_passed_over(linked, fault):
    """Doubled replies, and replies of the right number to another request: none is believed."""
    fault = fault()
    with linked(fault, 5.0, TINY) as (link, _):
        result = check(link, *bench_input())
        assert fault.hits >= 50
        assert vars(link.counters) | {"requests": 0} == vars(link_module.Counters())
        assert (result.restarts, result.timing.inferences) == (0, 24)


def test_a_late_reply_is_not_taken_for_the_next_one(linked):
    fault = Late(9)
    with linked(fault, 0.1, TINY) as (link, _):
        result = check(link, *bench_input())
        assert fault.hits >= 8
        assert link.counters.timeouts >= fault.hits  # a busy host may add some
        assert (result.restarts, result.timing.inferences) == (0, 24)


ERROR = Message["ERROR"] | 0x80


@pytest.mark.parametrize(
    ("kind", "seq", "payload"),
    [
        (ERROR, 0, b"\x0f\x00\x03\x00"),  # CORRUPT, answering STATS
        (ERROR, 1, b"\x0f\x00\x02\x00"),  # CORRUPT, answering PING, of another number
        (ERROR, 0, b"\x0f\x00\x02"),  # cut
        (Message["PING"], 0, b"four"),  # the request itself, as an echo returns it
    ],
)
def test_only_an_error_that_answers_the_request_ends_it(kind, seq, payload):
    """An error to another request is passed over, though it comes in time."""

    def answer(data):
        request = link_module.Receiver().feed(data)[0]
        stray = Frame(kind, (request.seq + seq) % 256, 0, payload)
        return encode(stray) + encode(Frame(request.type | 0x80, request.seq, 0, b"pong"))

    with Peer(answer) as peer, SerialPort(peer.url) as port:
        link = Link(port, 5.0)
        assert link.request("PING", b"four") == b"pong"
        assert link.counters.retries == 0


def test_an_error_that_answers_the_request_is_raised():
    def answer(data):
        return encode(Frame(ERROR, seq_of(data), 0, b"\x0f\x00\x02\x00"))

    with Peer(answer) as peer, SerialPort(peer.url) as port:
        with pytest.raises(link_module.StatusError, match="answered PING with CORRUPT") as caught:
            Link(port, 5.0).request("PING")
        assert caught.value.status == 15


@pytest.mark.parametrize("after", [200, 3000, 13000])
def test_reset_in_the_middle(linked, after):
    """A reset during HELLO, windows or samples: the bench ends with the right answers."""

    fault = Resets(after)
    with linked(fault, 0.3, TINY) as (link, _):
        result = check(link, *bench_input())
        assert fault.hits == 1
        assert result.restarts == 1


def test_reset_without_end_is_an_error(linked):
    with (
        linked(Resets(200, 60, 10**6), 0.3, TINY) as (link, _),
        pytest.raises(LinkLostError, match="gets no further: no fault was reported"),
    ):
        run_bench(link, *bench_input())


def test_connection_lost_and_back(linked):
    def hang_up(_data, proxy):
        proxy.client.shutdown(socket.SHUT_RDWR)
        return b""

    with linked(Trigger(4000, hang_up), 0.3, TINY) as (link, _):
        check(link, *bench_input())
        assert link.counters.reopened == 1


def test_connection_lost_for_good(linked, monkeypatch):
    monkeypatch.setattr(link_module, "REOPEN_SECONDS", 0.3)

    def hang_up(_data, proxy):
        proxy.refuse = True
        proxy.client.shutdown(socket.SHUT_RDWR)
        return b""

    with (
        linked(Trigger(4000, hang_up), 0.3, TINY) as (link, _),
        pytest.raises(LinkLostError, match="did not come back"),
    ):
        run_bench(link, *bench_input())


def test_silence_in_the_middle(linked):
    def mute(_data, _proxy):
        return b""

    with (
        linked(Trigger(4000, mute, 0, 10**6), 0.05, TINY) as (link, _),
        pytest.raises(LinkLostError, match="no answer to"),
    ):
        run_bench(link, *bench_input())


class Peer:
    """Something else at the other end of the line; `answer(received) → bytes`."""

    def __init__(self, answer, greeting=b""):
        self._answer, self._greeting = answer, greeting
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        connection, _ = self._listener.accept()
        with connection:
            time.sleep(0.05)  # pyserial empties the input when it opens
            connection.sendall(self._greeting)
            while data := connection.recv(4096):
                connection.sendall(self._answer(data))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()


def connect(answer, greeting=b""):
    with Peer(answer, greeting) as peer, SerialPort(peer.url) as port:
        return Link(port, 0.2).connect()


def hello_reply(payload):
    return lambda data: encode(Frame(0x81, seq_of(data), 0, payload))


def seq_of(data):
    return link_module.Receiver().feed(data)[0].seq


def test_silent_device():
    with pytest.raises(DeviceSilentError, match="no bytes at all"):
        connect(lambda _: b"")


def test_wrong_baud_rate():
    rng = np.random.default_rng(1)
    with pytest.raises(DeviceSilentError, match="no valid frame: wrong baud rate"):
        connect(lambda data: rng.integers(0, 256, 2 * len(data), dtype=np.uint8).tobytes())


def test_device_that_sends_text():
    with pytest.raises(DeviceUnknownError, match="Marlin"):
        connect(lambda _: b"echo:Unknown command\r\n", b"start\r\nMarlin 2.1\r\n")


def test_echo():
    with pytest.raises(DeviceUnknownError, match="echo"):
        connect(lambda data: data)


def test_other_protocol_version():
    with pytest.raises(DeviceVersionError, match="version 7, this host 5"):
        connect(hello_reply(b"\x07\x00 whatever"))


def test_device_that_faults_at_start():
    report = b"safe fault: exception=00000003 cfsr=00000082 pc=08001234"
    with pytest.raises(DeviceError, match=r"faults and restarts: safe fault: .* pc=08001234$"):
        connect(lambda _: b"", b"\r\n" + report + b"\r\n")


def test_device_that_takes_another_hello():
    reply = b"\x0a\x00\x01\x00"  # PAYLOAD_LENGTH, answering HELLO
    with pytest.raises(DeviceVersionError, match="PAYLOAD_LENGTH"):
        connect(lambda data: encode(Frame(0xFF, seq_of(data), 0, reply)))


def test_device_with_frames_of_its_own():
    with pytest.raises(DeviceUnknownError, match="frames but no reply to HELLO"):
        connect(lambda data: encode(Frame(0xFF, seq_of(data), 0, b"?")))


def test_short_result_is_an_error(device, monkeypatch):
    with device("bench", TINY) as emulator, SerialPort(emulator.url) as port:
        link = Link(port)
        honest = link.request

        def shorten(name, payload=b"", **how):
            return honest(name, payload, **how)[: 8 if name == "RESULT" else None]

        monkeypatch.setattr(link, "request", shorten)
        with pytest.raises(DeviceError, match="RESULT reply has 8 bytes for 160 asked"):
            run_bench(link, *bench_input())


VERSION = protocol.PROTOCOL_VERSION.to_bytes(2, "little")


@pytest.mark.parametrize("payload", [b"", VERSION, VERSION + bytes(130)])
def test_hello_that_is_none(payload):
    with pytest.raises(DeviceUnknownError, match="not a SAFE device"):
        connect(hello_reply(payload))


def test_image_that_refuses():
    with pytest.raises(DeviceError, match="model was generated for another"):
        connect(
            lambda _: b"", b"safe error: model: model was generated for another SAFE_MODEL_ABI\r\n"
        )


def test_wrong_model_names_both(device):
    other = Tiny(window=30, channels=16, horizon=10, sha=0x77)
    with device("bench", other) as emulator, SerialPort(emulator.url) as port:
        with pytest.raises(DeviceModelError) as caught:
            run_bench(Link(port), *bench_input(), sha256=TINY.sha256)
        assert TINY.sha256 in str(caught.value)
        assert other.sha256 in str(caught.value)


def test_no_port():
    with pytest.raises(PortNotFoundError, match="/dev/nothing"):
        SerialPort("/dev/nothing")
    with pytest.raises(PortNotFoundError, match=r"127\.0\.0\.1:1"):
        SerialPort("socket://127.0.0.1:1")
    with pytest.raises(PortNotFoundError, match="nonsense"):
        SerialPort("nonsense://x")


def test_each_error_has_its_own_exit_code():
    errors = (
        PortNotFoundError,
        DeviceSilentError,
        DeviceUnknownError,
        DeviceVersionError,
        DeviceModelError,
        LinkLostError,
        DeviceError,
    )
    assert len({error.exit_code for error in errors}) == len(errors)
