"""Opening a session: attempts, what the reply must hold, and who else may be at the other end."""

import string
import struct

import pytest

from host_tools.device import link as link_module
from host_tools.device import protocol
from host_tools.device.frame import Frame, encode
from host_tools.device.protocol import Message
from host_tools.errors import (
    DeviceError,
    DeviceModelError,
    DeviceSilentError,
    DeviceUnknownError,
    DeviceVersionError,
    LinkLostError,
)
from tests.unit.host_tools.device.scripted import SLICE, Answer, reply, silent


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
    layout = "<HH10IHHHH32s16s32s3I"
    pace = (1_000_000, 30_000, 86_400)
    return struct.pack(layout, version, 3, session, 7, 50, 0, 1000, 15, *sizes, *texts, *pace)


def own_session(frame: Frame) -> int:
    return int.from_bytes(frame.payload, "little")


def test_a_session_is_opened(connect) -> None:
    link, port = connect(lambda frame: reply(frame, hello(own_session(frame))))
    info = link.connect()
    assert info.session == own_session(port.sent[0][1])
    assert (info.model, info.version, info.channels, info.window) == ("pump", "1.0", 16, 30)
    assert (info.period_us, info.stale_ms, info.day_samples) == (1_000_000, 30_000, 86_400)
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


def notice(_frame: Frame) -> bytes:
    return encode(Frame(Message["ERROR"] | 0x80, 0, 0, b"\x08\x00\x00\x00"))


def test_damage_is_no_reason_to_give_up_soon(connect) -> None:
    """Only waits that ran out count: a notice shows that a SAFE device is there."""
    link, port = connect(
        lambda frame: (
            reply(frame, hello(own_session(frame))) if len(port.sent) > 40 else notice(frame)
        )
    )
    assert link.connect().session == own_session(port.sent[40][1])
    assert port.now == 40 * SLICE
    assert link.chunk.has_shrunk


DAMAGED = r"damages frames \(\d+ of \d+\)"
LATE = "delays frames for too long"


@pytest.mark.parametrize(
    ("own", "why"),
    [
        (notice, DAMAGED),
        # The answer to an attempt that was given up: nothing is damaged, the line is slow.
        (lambda frame: reply(Frame(1, frame.seq - 1 & 255, 0, b""), b"\x05\0"), LATE),
    ],
)
def test_frames_of_safe_are_never_another_device(connect, own, why) -> None:
    link, _ = connect(own, timeout=0.01)
    with pytest.raises(LinkLostError, match=f"{why}: a SAFE device is there"):
        link.connect()


def test_a_device_that_only_starts_is_told(connect) -> None:
    link, _ = connect(
        lambda _: b"\r\nsafe 1.2.0 bench model=pump sha256=0x1 status=0x0\r\n", timeout=0.01
    )
    with pytest.raises(LinkLostError, match="says that it starts, but answers nothing"):
        link.connect()


def test_frames_without_a_reply_are_told(connect) -> None:
    link, _ = connect(lambda frame: encode(Frame(0x55, frame.seq, 0, b"")), timeout=0.01)
    with pytest.raises(DeviceUnknownError, match=r"50 bytes .* hold frames but no reply to HELLO"):
        link.connect()


def test_a_reason_that_the_device_gives_is_told(connect) -> None:
    said = [b"noise safe error: model: a safe error: b\r\nsafe error: c\r\n"]
    link, _ = connect(lambda _: said.pop() if said else b"", timeout=0.01)
    with pytest.raises(DeviceError, match=r"on scripted refuses: model: a safe error: b$"):
        link.connect()


def test_another_model_is_named(connect) -> None:
    link, _ = connect(reply)
    info = type("Info", (), {"model": "m", "model_sha256": "ab"})()
    link.require_model(info, "ab")
    with pytest.raises(DeviceModelError, match='"m" ab, the host compares with cd'):
        link.require_model(info, "cd")
