"""A scripted port, and a clock that moves only while somebody waits: exact times."""

from collections.abc import Callable

from host_tools.device.frame import Frame, Receiver, encode
from host_tools.device.link import Link
from host_tools.device.protocol import Message
from host_tools.errors import PortNotFoundError

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
        self.piece = 4096
        self._coming = b""

    def send(self, data: bytes) -> None:
        (frame,) = Receiver().feed(data)
        self.sent.append((self.now, frame))
        self._coming += self.answer(frame)

    def receive(self) -> bytes:
        came, self._coming = self._coming[: self.piece], self._coming[self.piece :]
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


def counters(link: Link) -> dict[str, int]:
    """The counters that are not 0."""
    return {name: count for name, count in vars(link.counters).items() if count}
