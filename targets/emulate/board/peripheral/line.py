"""State that the native code of `line.c` works on: the wire's two buffers, and what the model of
the command USART lends it for a slice.
"""

import ctypes
from dataclasses import dataclass
from pathlib import Path

from targets import native

SOURCE = Path(__file__).with_name("line.c")
MOST_KEPT = 65536
"""Largest number of bytes that wait for a client that does not read, and that are taken from one at
a time."""
_SPARE = 65536
"""Room for a program that sends although the transmitter is held up; bytes beyond it are lost."""


class Line(ctypes.Structure):
    """Structure `safe_line_t` of line.c."""

    _fields_ = (
        *((name, ctypes.c_uint64) for name in ("status_at", "receive_at", "transmit_at", "armed")),
        *((name, ctypes.c_uint64) for name in ("status", "held", "rose")),
        *((name, ctypes.c_uint64) for name in ("input_next", "input_count")),
        *((name, ctypes.c_uint64) for name in ("output_count", "output_most")),
        *((name, ctypes.c_void_p) for name in ("input", "output", "read", "write")),
        *((name, ctypes.c_uint64) for name in ("chain", "vector", "exception", "chained")),
        ("lr_bits", ctypes.c_uint64),
        *((name, ctypes.c_void_p) for name in ("instructions", "limit")),
        *((name, ctypes.c_void_p) for name in ("read_register", "write_register", "stop")),
        *((name, ctypes.c_int32) for name in ("lr", "pc", "xpsr")),
        ("priority", ctypes.c_int32 * 3),
        ("raised", ctypes.c_uint64),
    )
    armed: int
    status: int
    held: int
    rose: int
    input_next: int
    input_count: int
    output_count: int
    chain: int
    chained: int
    raised: int


class Buffers:
    """A line with memory for both directions."""

    def __init__(self) -> None:
        """Begin with nothing received and nothing kept."""
        self.line = Line()
        self.received = (ctypes.c_uint8 * MOST_KEPT)()
        self.kept = (ctypes.c_uint8 * (MOST_KEPT + _SPARE))()
        self.line.input = ctypes.addressof(self.received)
        self.line.output = ctypes.addressof(self.kept)
        self.line.output_most = MOST_KEPT


@dataclass(frozen=True)
class Functions:
    """Addresses of the native functions."""

    read: int
    write: int
    interrupt: int


def load(folder: Path) -> Functions:
    """Compile line.c into `folder` unless it is there; BuildError when that fails."""
    library = ctypes.CDLL(str(native.build(SOURCE, folder, "the soft board")))
    names = ("safe_line_read", "safe_line_write", "safe_line_interrupt")
    found = (ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0 for name in names)
    return Functions(*found)
