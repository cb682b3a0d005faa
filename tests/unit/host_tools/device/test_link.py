"""The link against a scripted port: every wait, retry and return to the first rate, exactly."""

import pytest

from host_tools.device.frame import Frame, encode
from host_tools.device.link import DeviceRestartedError, StatusError
from host_tools.device.protocol import CHUNK_HEADER_BYTES, Message
from host_tools.device.serial_port import PortLostError
from host_tools.errors import LinkLostError
from tests.unit.host_tools.device.scripted import (
    ERROR,
    PING,
    after,
    counters,
    error,
    reply,
    silent,
)


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
@pytest.mark.parametrize("piece", [7, 4096])
def test_only_the_reply_to_the_request_is_taken(
    connect, kind: int, step: int, payload: bytes, piece: int
) -> None:
    """Whatever comes before it is passed over, and costs nothing; in pieces, too."""

    def answer(frame: Frame) -> bytes:
        return encode(Frame(kind, (frame.seq + step) % 256, 0, payload)) + reply(frame)

    link, port = connect(answer)
    port.piece = piece
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
