"""Flash interface of the families with two banks: erasing and programming of the pages of store
and slots, in bank 2 while the image runs from bank 1; chapter FLASH of RM0444 and RM0456.

A unit is programmed once after an erase, by its words in ascending order. One whose programming was
cut reads with two wrong bits, which raises an NMI.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from targets.emulate.board.peripheral.bus import Peripheral
from targets.emulate.board.peripheral.programming import Lock, StoreMemory, Timing, kept_at

_ORIGIN = 0x08000000
_PG, _PER, _STRT, _LOCK = 0, 1, 16, 31
_PROGERR, _PGAERR, _SIZERR, _PGSERR = 1 << 3, 1 << 5, 1 << 6, 1 << 7
_ECCD, _ECCC = 1 << 31, 1 << 30
_LOOKS = 32
"""Number of polls after which a program sees an operation end; each takes its part of the
operation's time. One poll for every few instructions would be most of what the board does."""


@dataclass(frozen=True)
class Bank:
    """Names and numbers in which the families differ."""

    key: str
    status: str
    control: str
    ecc: str
    errors: int
    """Bits of the status register that a write of 1 clears."""
    busy: int
    """Bit of the status register that an operation sets."""
    incomplete: int
    """Bit of the status register that a unit sets until its last word."""
    bank_bit: int
    """Position of the bit of the control register that chooses bank 2."""
    page_bits: int
    """Width of the page's number in the control register."""
    first_page: int
    """Number of the first page of bank 2."""
    page_bytes: int
    unit_bytes: int
    unit: str
    """Name of what is programmed at once."""
    page_seconds: float
    unit_seconds: float


class BankFlash(Peripheral):
    """Flash interface of a family, which sets `bank`: programming of store and slots."""

    name = "FLASH"
    bank: Bank

    def __init__(
        self,
        base: int,
        kept: Sequence[StoreMemory],
        timing: Timing,
        raise_nmi: Callable[[], None],
    ) -> None:
        """Make the flash interface over what is kept in flash: store, slots."""
        self._kept = kept
        self._timing = timing
        self._raise_nmi = raise_nmi
        super().__init__(base)

    def reset(self) -> None:
        """Lock the flash and end any operation."""
        super().reset()
        self._lock = Lock()
        self._ready_at = 0
        self._look = 0
        self._unit: list[int] = []
        self._unit_at = 0

    @property
    def _is_busy(self) -> bool:
        return self._timing.cycles() < self._ready_at

    def _work(self, seconds: float) -> None:
        cycles = int(seconds * self._timing.hz())
        self._ready_at = self._timing.cycles() + cycles
        self._look = cycles // _LOOKS

    def read(self, name: str) -> int:
        """Return a register."""
        value = super().read(name)
        if name == self.bank.status:
            if self._is_busy:
                self._timing.stall(self._look)
            value |= (self.bank.busy if self._is_busy else 0) | (
                self.bank.incomplete if self._unit else 0
            )
        return value

    def write(self, name: str, value: int) -> None:
        """Apply a write to a register."""
        if name == self.bank.key:
            if not self._lock.key(value):
                self.complain(
                    f"FLASH_{self.bank.key}: a wrong key, or the registers are not locked"
                )
            self.assign(self.bank.control, 1 << _LOCK, on=not self._lock.is_open)
        elif name == self.bank.status:
            self.value[self.bank.status] &= ~(value & (self.bank.errors | 1))
        elif name == self.bank.ecc:
            self.value[self.bank.ecc] &= ~(value & (_ECCD | _ECCC))
        elif name == self.bank.control:
            self._control(value)
        else:
            super().write(name, value)

    def _control(self, value: int) -> None:
        bank = self.bank
        if not self._lock.is_open or self._is_busy:
            self.complain(f"write to FLASH_{self.bank.control} while it is locked or busy")
            return
        if value >> _LOCK & 1:
            self._lock.close()
        self.value[self.bank.control] = value & ~(1 << _STRT)
        if not value >> _STRT & 1:
            return
        if not value >> _PER & 1 or not value >> bank.bank_bit & 1 or value >> _PG & 1:
            self.complain(
                f"FLASH_{self.bank.control}: only the erasure of a page of bank 2 is modelled"
            )
            return
        page = self.field(bank.control, 3, bank.page_bits)
        # What is kept ends where flash ends, and each half of flash is a bank.
        end = max((memory.end for memory in self._kept), default=_ORIGIN)
        start = _ORIGIN + (end - _ORIGIN) // 2 + (page - bank.first_page) * bank.page_bytes
        memory = kept_at(self._kept, start, bank.page_bytes)
        if memory is None:
            self.complain(
                f"FLASH_{bank.control}: erases page {page} of bank 2, no part of store or slots"
            )
            return
        memory.erase(start, bank.page_bytes)
        self._work(bank.page_seconds)

    def program(self, address: int, width: int, value: int) -> None:
        """Take a write to store or slots: a word of a unit."""
        if not self._lock.is_open or not self.bit(self.bank.control, _PG) or self._is_busy:
            self._refuse(_PGSERR, f"write of flash at {address:#010x} without PG, or while busy")
            return
        if width != 4:
            self._refuse(_SIZERR, f"write of {width} bytes of flash, not a word")
            return
        expected = self._unit_at + 4 * len(self._unit) if self._unit else address
        if address != expected or (not self._unit and address % self.bank.unit_bytes):
            self._refuse(_PGAERR, f"write of flash at {address:#010x}, out of order")
            return
        if not self._unit:
            self._unit_at = address
        self._unit.append(value)
        if len(self._unit) < self.bank.unit_bytes // 4:
            return
        data = b"".join(word.to_bytes(4, "little") for word in self._unit)
        self._unit = []
        memory = kept_at(self._kept, self._unit_at, self.bank.unit_bytes)
        assert memory is not None
        if not memory.is_erased(self._unit_at, self.bank.unit_bytes) and any(data):
            self._refuse(_PROGERR, f"{self.bank.unit} at {self._unit_at:#010x} is not erased")
            return
        memory.program(self._unit_at, data, tears=True)
        self._work(self.bank.unit_seconds)

    def _refuse(self, error: int, text: str) -> None:
        self._unit = []
        self.value[self.bank.status] |= error
        self.complain(text)

    def read_kept(self, address: int, width: int) -> int:
        """Return what the core reads of store or slots; a torn unit raises an NMI."""
        memory = kept_at(self._kept, address, width)
        assert memory is not None
        if memory.is_torn(address, width):
            self.value[self.bank.ecc] |= _ECCD
            self._raise_nmi()
        return memory.word(address, width)
