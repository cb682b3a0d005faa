"""The link against a scripted port and a clock that moves only while it waits: exact times."""

import string
import struct
from collections.abc import Callable

import pytest

from host_tools.device import link as link_module
from host_tools.device import protocol
from host_tools.device.frame import Frame, Receiver, encode
from host_tools.device.link import DeviceRestartedError, Link, StatusError
from host_tools.device.protocol import CHUNK_HEADER_BYTES, Message
from host_tools.device.serial_port import PortLostError
from host_tools.errors import (
    DeviceError,
    DeviceModelError,
    DeviceSilentError,
    DeviceUnknownError,
    DeviceVersionError,
    LinkLostError,
    PortNotFoundError,
)

PING, ERROR = Message["PING"], Message["ERROR"] | 0x80
SLICE = 2**-6
"""Seconds that one look at an empty line takes; sums of it are exact."""

Answer = Callable[[Frame], bytes]


class Port:
    """A port whose other end is a function from a request to the bytes that come back."""

    url, baud = "scripted", 115200

    def __init__(self, answer: Answer, wire: float = 0.0) -> None:
        self.answer, self.wire = answer, wire
        self.now = 0.0
        self.sent: list[tuple[float, Frame]] = []
        self.lengths: list[int] = []
        self.rates: list[int] = []
        self.absent_until: float | None = None
        self.opened: list[float] = []
        self._coming = b""

    def send(self, data: bytes) -> None:
        (frame,) = Receiver().feed(data)
        self.sent.append((self.now, frame))
        self._coming += self.answer(frame)

    def receive(self) -> bytes:
        came, self._coming = self._coming, b""
        if not came:
            self.now += SLICE
        return came

    def wire_seconds(self, length: int) -> float:
        self.lengths.append(length)
        return self.wire

    def set_baud(self, baud: int) -> bool:
        self.rates.append(baud)
        self.baud = baud
        return True

    def reopen(self, baud: int) -> None:
        self.opened.append(self.now)
        if self.absent_until is not None and self.now < self.absent_until:
            raise PortNotFoundError("gone")
        self.rates.append(baud)
        self.baud = baud
        self._coming = b""

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    @property
    def times(self) -> list[float]:
        return [when for when, _ in self.sent]


def reply(frame: Frame, payload: bytes = b"pong") -> bytes:
    return encode(Frame(frame.type | 0x80, frame.seq, 0, payload))


def error(frame: Frame, status: int, answers: int) -> bytes:
    return encode(Frame(ERROR, frame.seq, 0, bytes([status, 0, answers, 0])))


def silent(_frame: Frame) -> bytes:
    return b""


def after(count: int, instead: Answer) -> Answer:
    """Answer the first `count` requests otherwise, then as a device does."""
    seen = []

    def answer(frame: Frame) -> bytes:
        seen.append(frame)
        return instead(frame) if len(seen) <= count else reply(frame)

    return answer


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Link, Port]]:
    def make(answer: Answer, timeout: float | None = None, wire: float = 0.0) -> tuple[Link, Port]:
        port = Port(answer, wire)
        monkeypatch.setattr(link_module, "time", port)
        link = Link(port) if timeout is None else Link(port, timeout)  # type: ignore[arg-type]
        return link, port

    return make


def counters(link: Link) -> dict[str, int]:
    """The counters that are not 0."""
    return {name: count for name, count in vars(link.counters).items() if count}


def test_a_request_is_sent_once_when_it_is_answered(connect) -> None:
    link, port = connect(reply)
    assert link.request("PING", b"x") == b"pong"
    assert link.request("STATS") == b"pong"
    first, second = (frame for _, frame in port.sent)
    assert (first.type, first.flags, first.payload) == (PING, 0, b"x")
    assert second.seq == (first.seq + 1) % 256
    assert counters(link) == {"requests": 2}


def test_numbers_run_around(connect) -> None:
    link, port = connect(reply)
    for _ in range(300):
        link.request("PING")
    numbers = [frame.seq for _, frame in port.sent]
    assert numbers == [(numbers[0] + step) % 256 for step in range(300)]
    assert 0 in numbers
    assert 255 in numbers


def test_nobody_answers(connect) -> None:
    """Four waits, each twice the one before: 15 s; always the same frame."""
    link, port = connect(silent)
    with pytest.raises(LinkLostError, match="no answer to PING on scripted after 4 attempts"):
        link.request("PING", b"x")
    assert port.times == [0, 1, 3, 7]
    assert port.now == 15
    assert len({frame for _, frame in port.sent}) == 1
    assert counters(link) == {"timeouts": 4, "retries": 3}


def test_the_time_on_the_wire_is_waited_for_both_ways(connect) -> None:
    """Twice the longer of request and reply: a reply may be as long as a request and a header."""
    link, port = connect(silent, wire=0.25)
    with pytest.raises(LinkLostError):
        link.request("PING", b"four")
    assert port.times == [0, 1.5, 4, 8.5]
    line = len(encode(port.sent[0][1]))
    assert set(port.lengths) == {line + CHUNK_HEADER_BYTES + 4}


def test_a_late_answer_within_the_doubled_wait(connect) -> None:
    link, port = connect(after(2, silent))
    assert link.request("PING") == b"pong"
    assert port.times == [0, 1, 3]
    assert counters(link) == {"requests": 1, "timeouts": 2, "retries": 2}


def test_damage_is_answered_at_once_but_not_for_ever(connect) -> None:
    link, port = connect(lambda _: b"\0\x05bad\0")
    with pytest.raises(LinkLostError, match="after 16 attempts"):
        link.request("PING")
    assert port.now == 0
    assert len(port.sent) == 16
    assert counters(link) == {"damaged_replies": 16, "retries": 15}


def test_a_damaged_request_that_the_device_tells_of_is_sent_again(connect) -> None:
    link, port = connect(after(1, lambda frame: error(frame, 8, 0)))
    assert link.request("PING") == b"pong"
    assert port.now == 0
    assert counters(link) == {"requests": 1, "damaged_requests": 1, "retries": 1}


def test_waits_do_not_grow_by_damage(connect) -> None:
    """Damage, then silence: the first wait is the first one, not the second."""
    link, port = connect(lambda _: b"\0\x05bad\0" if len(port.sent) == 1 else b"")
    with pytest.raises(LinkLostError, match="after 5 attempts"):
        link.request("PING")
    assert port.times == [0, 0, 1, 3, 7]


@pytest.mark.parametrize(
    ("kind", "step", "payload"),
    [
        (PING | 0x80, 255, b"old"),  # the reply to the request before
        (PING | 0x80, 1, b"new"),
        (Message["STATS"] | 0x80, 0, b"other"),  # the right number, of another request
        (PING, 0, b"echo"),  # the request itself
        (ERROR, 0, bytes([15, 0, Message["STATS"], 0])),
        (ERROR, 255, bytes([15, 0, PING, 0])),
        (ERROR, 0, bytes([15, 0, PING])),  # cut
    ],
)
def test_only_the_reply_to_the_request_is_taken(
    connect, kind: int, step: int, payload: bytes
) -> None:
    """Whatever comes before it is passed over, and costs nothing."""

    def answer(frame: Frame) -> bytes:
        return encode(Frame(kind, (frame.seq + step) % 256, 0, payload)) + reply(frame)

    link, port = connect(answer)
    assert link.request("PING") == b"pong"
    assert port.now == 0
    assert counters(link) == {"requests": 1}


@pytest.mark.parametrize(("status", "kind"), [(16, DeviceRestartedError), (15, StatusError)])
def test_an_error_reply_is_the_answer(connect, status: int, kind: type[Exception]) -> None:
    link, _ = connect(lambda frame: error(frame, status, PING))
    with pytest.raises(kind):
        link.request("PING")


def test_a_silent_line_returns_to_its_first_rate(connect) -> None:
    link, port = connect(silent)
    link.set_baud(921600)
    with pytest.raises(LinkLostError):
        link.request("PING")
    assert port.rates == [921600, 115200]
    assert counters(link) == {"timeouts": 4, "retries": 3, "rate_drops": 1}


def test_one_wait_does_not_change_the_rate(connect) -> None:
    link, port = connect(after(1, silent))
    link.set_baud(921600)
    link.request("PING")
    assert port.baud == 921600
    two, port = connect(after(2, silent))
    two.set_baud(921600)
    two.request("PING")
    assert port.baud == 115200


def test_echo_is_sent_once(connect) -> None:
    link, port = connect(lambda frame: reply(frame, frame.payload))
    assert link.echo(b"abc", 0.5)
    numbers = [frame.seq for _, frame in port.sent]
    port.answer = lambda frame: reply(frame, b"abd")
    assert not link.echo(b"abc", 0.5)
    port.answer = silent
    assert not link.echo(b"abc", 0.5)
    assert port.now == 0.5
    assert len(port.sent) == 3
    assert (port.sent[1][1].seq - numbers[0]) % 256 == 1


class Cable:
    """Takes the line away when a request is sent, so often."""

    def __init__(self, times: int = 1) -> None:
        self.times = times

    def __call__(self, frame: Frame) -> bytes:
        self.times -= 1
        if self.times >= 0:
            raise PortLostError("port scripted was lost")
        return reply(frame)


def test_a_lost_port_is_opened_again_at_its_first_rate(connect) -> None:
    link, port = connect(Cable())
    link.set_baud(921600)
    port.absent_until = 2.0
    assert link.request("PING") == b"pong"
    assert port.rates == [921600, 115200]
    # Pauses of 0.05, 0.1, 0.2, 0.4, 0.8 and then 1 s.
    assert port.opened == pytest.approx([0.05, 0.15, 0.35, 0.75, 1.55, 2.55])
    assert counters(link) == {"requests": 1, "reopened": 1, "retries": 1}


def test_a_port_that_stays_away(connect) -> None:
    link, port = connect(Cable())
    port.absent_until = 1e9
    with pytest.raises(LinkLostError, match="was lost; it did not come back within 5 s"):
        link.request("PING")
    assert port.opened == pytest.approx([0.05, 0.15, 0.35, 0.75, 1.55, 2.55, 3.55, 4.55, 5.55])
    assert counters(link) == {}


def test_a_frame_under_way_is_forgotten_with_the_port(connect) -> None:
    """Half a frame before the cable came off must not damage the first one after."""
    cable = Cable()
    link, port = connect(lambda frame: cable(frame) if len(port.sent) > 1 else b"\0\x09half")
    assert link.request("PING") == b"pong"
    assert counters(link) == {"requests": 1, "timeouts": 1, "reopened": 1, "retries": 2}


def test_hello_is_repeated_with_waits_that_double(connect) -> None:
    """0.2 s and twice as long each time, five times, each in a session of its own."""
    link, port = connect(silent)
    with pytest.raises(DeviceSilentError, match="no bytes at all from scripted"):
        link.connect()
    gaps = [later - earlier for earlier, later in zip(port.times, port.times[1:], strict=False)]
    assert gaps == pytest.approx([0.2, 0.4, 0.8, 1.6], abs=SLICE)
    assert port.now == pytest.approx(6.2, abs=5 * SLICE)
    sessions = {frame.payload for _, frame in port.sent}
    assert len(sessions) == 5
    assert b"\0\0\0\0" not in sessions
    assert len({frame.seq for _, frame in port.sent}) == 5


@pytest.mark.parametrize(("is_largest", "session"), [(False, 1), (True, 2**32 - 1)])
def test_a_session_is_never_zero_and_has_four_bytes(
    connect, monkeypatch, is_largest: bool, session: int
) -> None:
    """A device takes 0 for none."""
    link, port = connect(silent, timeout=0.01)
    monkeypatch.setattr(link_module.secrets, "randbelow", lambda b: b - 1 if is_largest else 0)
    with pytest.raises(DeviceSilentError):
        link.connect()
    assert int.from_bytes(port.sent[0][1].payload, "little") == session


def _of_text(printable: int, other: int) -> Answer:
    text = [b"a" * printable + b"\x01" * other]
    return lambda _: text.pop() if text else b""


def test_nine_in_ten_printable_bytes_are_text(connect) -> None:
    link, _ = connect(_of_text(9, 1), timeout=0.01)
    with pytest.raises(DeviceUnknownError, match=r"sends text \('aaaaaaaaa.*never answers HELLO"):
        link.connect()
    link, _ = connect(_of_text(89, 11), timeout=0.01)
    with pytest.raises(DeviceSilentError, match=r"100 bytes .* no valid frame.*\(115200\)\?"):
        link.connect()


def test_what_is_text(connect) -> None:
    """ASCII from the space to the tilde, tabulators and ends of lines; nothing else."""
    texts = set(string.printable) - {"\v", "\f"}
    for byte in range(256):
        said = [bytes([byte]) * 10]
        link, _ = connect(lambda _, said=said: said.pop() if said else b"", timeout=0.01)
        kind = DeviceUnknownError if chr(byte) in texts else DeviceSilentError
        with pytest.raises(kind):
            link.connect()


def test_only_this_sessions_bytes_are_judged(connect) -> None:
    """What an earlier attempt has heard says nothing about the present one."""
    link, port = connect(_of_text(20, 0), timeout=0.01)
    with pytest.raises(DeviceUnknownError, match="sends text"):
        link.connect()
    with pytest.raises(DeviceSilentError, match="no bytes at all"):
        link.connect()
    port.answer = lambda _: b"\xff"
    with pytest.raises(DeviceSilentError, match="5 bytes from scripted but no valid frame"):
        link.connect()


def test_the_last_fault_is_told(connect) -> None:
    link, _ = connect(lambda _: b"safe fault: first\r\nsafe fault: second\r\n", timeout=0.01)
    assert link.fault == ""
    with pytest.raises(DeviceError, match=r"faults and restarts: safe fault: second$"):
        link.connect()
    assert link.fault == "safe fault: second"


def hello(session: int, version: int = protocol.PROTOCOL_VERSION) -> bytes:
    """A reply to HELLO of a model of 16 channels."""
    sizes = (100, 200, 480, 160, 512, 16, 30, 10)
    texts = (bytes(range(32)), b"1.0", b"pump")
    layout = "<HH10IHHHH32s16s32s"
    return struct.pack(layout, version, 3, session, 7, 50, 0, 1000, 15, *sizes, *texts)


def own_session(frame: Frame) -> int:
    return int.from_bytes(frame.payload, "little")


def test_a_session_is_opened(connect) -> None:
    link, port = connect(lambda frame: reply(frame, hello(own_session(frame))))
    info = link.connect()
    assert info.session == own_session(port.sent[0][1])
    assert (info.model, info.version, info.channels, info.window) == ("pump", "1.0", 16, 30)
    assert (info.model_sha256, info.max_payload) == (bytes(range(32)).hex(), 512)
    assert [frame.type for _, frame in port.sent] == [Message["HELLO"]]
    assert port.now == 0


def test_a_hello_of_another_session_is_none_of_ours(connect) -> None:
    link, _ = connect(lambda frame: reply(frame, hello(own_session(frame) ^ 1)))
    with pytest.raises(DeviceUnknownError, match="HELLO was not echoed"):
        link.connect()


@pytest.mark.parametrize("step", [-1, 1])
def test_another_version_is_named(connect, step: int) -> None:
    other = protocol.PROTOCOL_VERSION + step
    link, _ = connect(lambda frame: reply(frame, hello(own_session(frame), other)))
    with pytest.raises(DeviceVersionError, match=f"speaks protocol version {other}, this host"):
        link.connect()


def test_a_late_hello_is_that_of_the_last_attempt(connect) -> None:
    """The device starts while the first attempts are under way."""
    link, port = connect(
        lambda frame: reply(frame, hello(own_session(frame))) if len(port.sent) > 2 else b""
    )
    assert link.connect().session == own_session(port.sent[2][1])
    assert len(port.sent) == 3


def test_numbers_of_attempts_run_around(connect) -> None:
    link, port = connect(lambda frame: reply(frame, frame.payload))
    for _ in range(300):
        assert link.echo(b"x", 1.0)
    numbers = [frame.seq for _, frame in port.sent]
    assert numbers == [(numbers[0] + step) % 256 for step in range(300)]


def test_frames_without_a_reply_are_told(connect) -> None:
    link, _ = connect(lambda frame: encode(Frame(0x55, frame.seq, 0, b"")), timeout=0.01)
    with pytest.raises(DeviceUnknownError, match=r"50 bytes .* hold frames but no reply to HELLO"):
        link.connect()


def test_a_reason_that_the_device_gives_is_told(connect) -> None:
    link, _ = connect(lambda _: b"noise safe error: model: too old\r\n", timeout=0.01)
    with pytest.raises(DeviceError, match=r"on scripted refuses: model: too old$"):
        link.connect()


def test_another_model_is_named(connect) -> None:
    link, _ = connect(reply)
    info = type("Info", (), {"model": "m", "model_sha256": "ab"})()
    link.require_model(info, "ab")
    with pytest.raises(DeviceModelError, match='"m" ab, the host compares with cd'):
        link.require_model(info, "cd")
