"""What the flash interfaces of the families share: the lock, the operation under way, the memory.

Only store and slots of the target's description can be erased and programmed; a program that would
touch its own image is reported.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

ERASED = 0xFF
KEYS = (0x45670123, 0xCDEF89AB)


@dataclass
class StoreMemory:
    """Flash of the store, or of slots: bytes that outlive a reset, and a power cut for a test."""

    origin: int
    contents: bytearray | memoryview
    cut_at: int | None = None
    """Number of the flash operation during which the power goes. None: never."""
    operations: int = 0
    torn: set[int] = field(default_factory=set)
    """Offsets of the bytes whose programming was cut: their error correction does not fit."""
    cut_after: int | None = None
    """Number of bytes programmed after which the power goes, an erasure counted as one byte. None:
    never."""
    programmed: int = 0

    @property
    def end(self) -> int:
        """First address after the store."""
        return self.origin + len(self.contents)

    def covers(self, address: int, length: int) -> bool:
        """Return whether a range lies in it."""
        return self.origin <= address and address + length <= self.end

    def word(self, address: int, width: int) -> int:
        """Return what lies at an address, little-endian."""
        at = address - self.origin
        return int.from_bytes(self.contents[at : at + width], "little")

    def load(self, path: Path) -> None:
        """Take what `keep` wrote; a file that is not there leaves all erased."""
        if path.is_file():
            data, size = path.read_bytes(), len(self.contents)
            self.contents[:] = data[:size]
            self.torn = {at for at, flag in enumerate(data[size:]) if flag}

    def keep(self, path: Path) -> None:
        """Write the contents, and a byte for each byte of them: 1 where it is torn."""
        flags = bytearray(len(self.contents))
        for at in self.torn:
            flags[at] = 1
        path.write_bytes(bytes(self.contents) + flags)

    def begin(self, length: int = 1) -> bool:
        """Count an operation on `length` bytes; return whether the power goes while it runs."""
        number, self.operations = self.operations, self.operations + 1
        before, self.programmed = self.programmed, self.programmed + length
        is_due = self.cut_after is not None and before <= self.cut_after < self.programmed
        return is_due or number == self.cut_at

    def erase(self, address: int, length: int) -> None:
        """Set a range to ones; a cut leaves its second half."""
        cut = self.begin()
        at = address - self.origin
        done = length // 2 if cut else length
        self.contents[at : at + done] = bytes([ERASED]) * done
        self.torn -= set(range(at, at + done))
        if cut:
            raise PowerCut

    def program(self, address: int, data: bytes, *, tears: bool) -> None:
        """Clear bits; a cut leaves the first half of `data`, and tears the unit that lies there."""
        cut = self.begin(len(data))
        at = address - self.origin
        for i, byte in enumerate(data[: len(data) // 2] if cut else data):
            self.contents[at + i] &= byte
        if cut:
            if tears:
                self.torn |= set(range(at, at + len(data)))
            raise PowerCut

    def is_erased(self, address: int, length: int) -> bool:
        """Return whether a range holds ones only, as far as its error correction knows."""
        at = address - self.origin
        return not self.is_torn(address, length) and all(
            b == ERASED for b in self.contents[at : at + length]
        )

    def is_torn(self, address: int, length: int) -> bool:
        """Return whether error correction fails somewhere in a range."""
        at = address - self.origin
        return not self.torn.isdisjoint(range(at, at + length))


def kept_at(memories: Iterable[StoreMemory], address: int, length: int = 1) -> StoreMemory | None:
    """Return what can be erased and programmed at an address; None where nothing can."""
    return next((memory for memory in memories if memory.covers(address, length)), None)


class PowerCut(Exception):  # noqa: N818 - an event, not an error
    """Raised when the power goes: what the core knew is lost, flash stays as it is."""


@dataclass(frozen=True)
class Timing:
    """Functions of the board by which a flash operation takes its time."""

    cycles: Callable[[], int]
    """Function that returns the core's cycles since power-on."""
    hz: Callable[[], int]
    """Function that returns the core's clock in hertz."""
    stall: Callable[[int], None]
    """Function that lets the core stand still for so many cycles, because it fetches from the busy
    bank."""


class Lock:
    """Lock of the flash: two keys open it, and any other value locks it until the next reset."""

    def __init__(self) -> None:
        """Start locked."""
        self.is_open = False
        self._given: list[int] = []
        self._is_blocked = False

    def key(self, value: int) -> bool:
        """Take a key; return False where it is wrong, which the caller answers with a fault."""
        if self._is_blocked or self.is_open:
            return False
        self._given.append(value)
        if tuple(self._given) == KEYS[: len(self._given)]:
            self.is_open = len(self._given) == len(KEYS)
            if self.is_open:
                self._given = []
            return True
        self._is_blocked = True
        return False

    def close(self) -> None:
        """Lock again."""
        self.is_open = False
