"""The link against a scripted port: every wait, retry and return to the first rate, exactly."""

import pytest

from host_tools.device.chunk import LEAST
from host_tools.device.frame import Frame, encode
from host_tools.device.link import CUT_SECONDS, ChunkDamagedError, DeviceRestartedError, StatusError
from host_tools.device.protocol import CHUNK_HEADER_BYTES, Message
from host_tools.device.serial_port import PortLostError
from host_tools.errors import LinkLostError
from tests.unit.host_tools.device.scripted import (
    ERROR,
    PING,
    SLICE,
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


BAD = b"\0\x05bad\0"


def test_damage_is_answered_when_the_line_is_quiet_but_not_for_ever(connect) -> None:
    link, port = connect(lambda _: BAD)
    words = (
        r"the line on scripted damages frames \(128 of 128\): no answer to PING after 128 attempts"
    )
    with pytest.raises(LinkLostError, match=words):
        link.request("PING")
    assert port.times == [SLICE * sending for sending in range(128)]
    assert counters(link) == {"damaged_replies": 128, "retries": 127}


def test_a_frame_that_falls_into_many_is_asked_for_once(connect) -> None:
    link, port = connect(after(1, lambda _: BAD + 5 * BAD[1:]))
    port.piece = len(BAD)
    assert link.request("PING") == b"pong"
    assert (len(port.sent), port.now) == (2, SLICE)
    assert counters(link) == {"requests": 1, "damaged_replies": 6, "retries": 1}


def test_the_answer_to_a_repeat_that_comes_after_damage_is_taken(connect) -> None:
    link, port = connect(lambda frame: BAD + reply(frame))
    port.piece = len(BAD)
    assert link.request("PING") == b"pong"
    assert len(port.sent) == 1


def test_frames_begin_small_and_grow_while_the_line_is_good(connect) -> None:
    link, _ = connect(lambda frame: reply(frame, frame.payload))
    sizes = []
    for _ in range(6):
        sizes.append(link.chunk.within(504))
        link.request("PING", bytes(sizes[-1]))
        link.request("PING")  # a short request says nothing about a long one
    assert sizes == [64, 128, 256, 504, 504, 504]


def test_damage_shrinks_frames_and_quiet_lets_them_grow_slowly(connect) -> None:
    bad = [1, 2]

    def answer(frame: Frame) -> bytes:
        if len(port.sent) in bad:
            return BAD
        return reply(frame, frame.payload)

    link, port = connect(answer)
    link.chunk.size = 400
    assert link.request("PING", bytes(400)) == bytes(400)
    assert link.chunk.within(504) == 200
    sizes = [link.chunk.size for _ in range(64) if link.request("PING", bytes(link.chunk.size))]
    assert [sizes.count(size) for size in (200, 250)] == [31, 32]
    assert link.chunk.size == 312
    bad[:] = [len(port.sent) + 1]  # once only: no smaller, but the quiet begins anew
    link.request("PING", bytes(312))
    assert link.chunk.size == 312


def test_a_chunk_that_can_be_smaller_is_given_up_soon(connect) -> None:
    link, port = connect(lambda _: BAD)
    sizes = []
    for _ in range(2):
        with pytest.raises(ChunkDamagedError, match=r"damages frames \(\d of \d\)$"):
            link.request("WINDOW", bytes(64), is_chunk=True)
        sizes.append((len(port.sent), link.chunk.size))
        if link.chunk.size == LEAST:
            break
    assert sizes == [(4, LEAST)]
    with pytest.raises(LinkLostError, match="after 128 attempts"):
        link.request("WINDOW", bytes(32), is_chunk=True)


def test_a_reset_whose_reply_is_lost_runs_once(connect) -> None:
    """The device has restarted and knows the session no more: that is the answer."""
    link, port = connect(after(1, silent))
    link._session = 77
    port.answer = lambda frame: b"" if len(port.sent) == 1 else error(frame, 16, frame.type)
    link.reset()
    assert [(f.type, f.payload) for _, f in port.sent] == 2 * [(4, b"\x4d\0\0\0")]


def test_a_damaged_request_that_the_device_tells_of_is_sent_again(connect) -> None:
    link, port = connect(after(1, lambda frame: error(frame, 8, 0)))
    assert link.request("PING") == b"pong"
    assert port.now == SLICE
    assert counters(link) == {"requests": 1, "damaged_requests": 1, "retries": 1}


def test_waits_do_not_grow_by_damage(connect) -> None:
    """Damage, then silence: the first wait is the first one, not the second."""
    link, port = connect(lambda _: BAD if len(port.sent) == 1 else b"")
    with pytest.raises(LinkLostError, match=r"damages frames \(1 of 5\).* after 5 attempts"):
        link.request("PING")
    assert port.times == [0, *(SLICE + when for when in (0, 1, 3, 7))]


def test_a_reply_that_is_cut_is_damage_after_half_a_second(connect) -> None:
    link, port = connect(lambda frame: reply(frame)[: 5 if len(port.sent) == 1 else None])
    assert link.request("PING") == b"pong"
    assert port.times == [0, CUT_SECONDS + 2 * SLICE]
    assert counters(link) == {"requests": 1, "damaged_replies": 1, "retries": 1}


def test_waits_begin_anew_after_damage(connect) -> None:
    """Whoever tells of damage is there: four waits in a row end a request, not four in all."""
    link, port = connect(lambda _: BAD if len(port.sent) == 3 else b"")
    with pytest.raises(LinkLostError, match="after 7 attempts"):
        link.request("PING")
    assert port.times == [0, 1, 3, *(3 + SLICE + when for when in (0, 1, 3, 7))]


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


def test_a_port_that_is_lost_again_and_again(connect) -> None:
    link, port = connect(Cable(1000))
    with pytest.raises(LinkLostError, match="was lost 8 times during PING: check its plug"):
        link.request("PING")
    assert len(port.opened) == 8


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
    halved = lambda frame: cable(frame) if len(port.sent) > 1 else b"\0\x09half"  # noqa: E731
    link, port = connect(halved, timeout=CUT_SECONDS / 2)
    assert link.request("PING") == b"pong"
    assert counters(link) == {"requests": 1, "timeouts": 1, "reopened": 1, "retries": 2}
