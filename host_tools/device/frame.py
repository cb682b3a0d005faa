"""Frames on the serial line: `00 | COBS(type, seq, flags, payload, crc32 le) | 00`.

The Python side of `sdk/src/frame.c`; both follow PROTOCOL.md. Every 00 ends a span. A span that
decodes with a right CRC is a frame; another one is text when it stands outside of a frame, and
damage when it stands inside.
"""

import zlib
from dataclasses import dataclass, field

HEADER_BYTES = 3
CRC_BYTES = 4
MAX_SPAN = 70_000
"""Length of the longest span that is kept: a frame with the largest payload that 16 bits can
announce."""
MAX_TEXT = 65_536
"""Number of bytes of text kept for messages; older text is dropped."""


class FrameError(ValueError):
    """Raised when a span is no frame."""


@dataclass(frozen=True)
class Frame:
    """One frame: `type`, `seq` and `flags` are bytes (0 to 255)."""

    type: int
    seq: int
    flags: int
    payload: bytes


def cobs_encode(data: bytes) -> bytes:
    """Return `data` without zero bytes: each group is its length plus one, then the bytes."""
    out = bytearray()
    groups = data.split(b"\0")
    for number, group in enumerate(groups):
        while len(group) > 254 or (len(group) == 254 and number < len(groups) - 1):
            out += b"\xff" + group[:254]
            group = group[254:]  # noqa: PLW2901
        if len(group) == 254:  # The end of the data: a full group implies no zero.
            out += b"\xff" + group
        else:
            out += bytes([len(group) + 1]) + group
    return bytes(out)


def cobs_decode(span: bytes) -> bytes:
    """Return the data of `span`; FrameError when a length points past its end or it holds 0."""
    if 0 in span:
        raise FrameError("not valid COBS")
    out = bytearray()
    at = 0
    while at < len(span):
        code = span[at]
        if at + code > len(span):
            raise FrameError("not valid COBS")
        out += span[at + 1 : at + code]
        at += code
        if code < 0xFF and at < len(span):
            out.append(0)
    return bytes(out)


def encode(frame: Frame) -> bytes:
    """Return the bytes of `frame` on the line, both delimiters included."""
    body = bytes([frame.type, frame.seq, frame.flags]) + frame.payload
    return b"\0" + cobs_encode(body + zlib.crc32(body).to_bytes(4, "little")) + b"\0"


def decode(span: bytes) -> Frame:
    """Return the frame in `span` (no delimiters); FrameError when it is none."""
    data = cobs_decode(span)
    if len(data) < HEADER_BYTES + CRC_BYTES:
        raise FrameError("too short")
    body, crc = data[:-CRC_BYTES], data[-CRC_BYTES:]
    if zlib.crc32(body) != int.from_bytes(crc, "little"):
        raise FrameError("checksum differs")
    return Frame(body[0], body[1], body[2], body[HEADER_BYTES:])


@dataclass
class Receiver:
    """Takes a byte stream apart.

    Attributes:
        received: Bytes so far.
        frames: Frames so far.
        text_bytes: Bytes of text so far.
        damaged: Spans so far that were no frame though delimiters stood around them.
    """

    received: int = 0
    frames: int = 0
    damaged: int = 0
    text_bytes: int = 0
    _span: bytearray = field(default_factory=bytearray)
    _in_frame: bool = False
    _text: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that `data` completes."""
        self.received += len(data)
        found: list[Frame] = []
        *ended, rest = data.split(b"\0")
        for part in ended:
            self._span += part
            frame = self._end_span()
            if frame is not None:
                found.append(frame)
        self._span += rest
        del self._span[MAX_SPAN + 1 :]
        return found

    def _end_span(self) -> Frame | None:
        span = bytes(self._span)
        self._span.clear()
        was_in_frame, self._in_frame = self._in_frame, True
        if not span:
            return None
        try:
            frame = decode(span) if len(span) <= MAX_SPAN else None
        except FrameError:
            frame = None
        if frame is not None:
            self._in_frame = False
            self.frames += 1
        elif was_in_frame:
            self.damaged += 1
        if frame is None:
            self._text += span
            self.text_bytes += len(span)
            del self._text[:-MAX_TEXT]
        return frame

    def give_up(self) -> bool:
        """Forget a frame that was cut, as damage; False when none is under way."""
        if not (self._in_frame and self._span):
            return False
        self.damaged += 1
        self.clear()
        return True

    @property
    def remains(self) -> bytes:
        """Received bytes that are no frame: text, damaged spans, and the span under way."""
        return bytes(self._text + self._span)

    def text(self, since: int) -> bytes:
        """Return the text behind the first `since` bytes of it, what is kept of that."""
        count = min(self.text_bytes - since, len(self._text))
        return bytes(self._text[len(self._text) - count :])

    def clear(self) -> None:
        """Forget a span under way, as after the port was opened anew."""
        self._span.clear()
        self._in_frame = False
