"""Flash interface: RM0444 chapter FLASH: read access latency, and erasing and programming of the
pages of the store, in bank 2 while the image runs from bank 1.

A double word is programmed once after an erase, by two words in ascending order. One whose
programming was cut reads with two wrong bits, which raises an NMI. Times: DS13560, "Flash memory
characteristics", typical.
"""

from collections.abc import Callable

from targets.emulate.board.peripheral.bus import Peripheral, Register
from targets.emulate.board.peripheral.programming import Lock, StoreMemory, Timing

_MOST_MHZ = (24, 48, 64)
"""Most megahertz of HCLK by the number of wait states, in voltage range 1."""
_FIRST_PAGE = 256
"""Number of the first page of bank 2."""
_ORIGIN, _PAGE_BYTES, _DOUBLE_BYTES = 0x08000000, 0x800, 8
_PG, _PER, _BKER, _STRT, _LOCK = 0, 1, 13, 16, 31
_PROGERR, _PGAERR, _SIZERR, _PGSERR = 1 << 3, 1 << 5, 1 << 6, 1 << 7
_ERRORS = 0x3FA
_BSY, _CFGBSY = 1 << 17, 1 << 18
_ECCD = 1 << 31
_LOOKS = 32
"""Number of polls after which a program sees an operation end; each takes its part of the
operation's time. One poll for every few instructions would be most of what the board does."""
_PAGE_SECONDS, _DOUBLE_SECONDS = 22e-3, 85e-6


class Flash(Peripheral):
    """Flash interface: wait states, and programming of the store."""

    name = "FLASH"
    registers = (
        Register(0x00, "ACR", 0x00050B07, reset=0x00040600),
        Register(0x08, "KEYR", 0xFFFFFFFF),
        Register(0x10, "SR", 0x0007C3FB, read_only=0x00070000),
        Register(0x14, "CR", 0xFF07BFFF, reset=0xC0000000),
        Register(0x1C, "ECC2R", 0xC1103FFF, read_only=0x00103FFF),
    )

    def __init__(
        self,
        base: int,
        store: StoreMemory | None,
        timing: Timing,
        raise_nmi: Callable[[], None],
    ) -> None:
        """Make the flash interface over `store`, if the target has one."""
        self._store = store
        self._timing = timing
        self._raise_nmi = raise_nmi
        super().__init__(base)

    def reset(self) -> None:
        """Lock the flash and end any operation."""
        super().reset()
        self._lock = Lock()
        self._ready_at = 0
        self._look = 0
        self._double: list[int] = []
        self._double_at = 0

    @property
    def max_hz(self) -> int:
        """Fastest core clock with these wait states; PWR_CR1 is left in range 1."""
        return 1_000_000 * _MOST_MHZ[min(self.field("ACR", 0, 3), len(_MOST_MHZ) - 1)]

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
        if name == "SR":
            if self._is_busy:
                self._timing.stall(self._look)
            value |= (_BSY if self._is_busy else 0) | (_CFGBSY if self._double else 0)
        return value

    def write(self, name: str, value: int) -> None:
        """Apply a write to a register."""
        if name == "KEYR":
            if not self._lock.key(value):
                self.complain("FLASH_KEYR: a wrong key, or the registers are not locked")
            self.assign("CR", 1 << _LOCK, on=not self._lock.is_open)
        elif name == "SR":
            self.value["SR"] &= ~(value & (_ERRORS | 1))
        elif name == "ECC2R":
            self.value["ECC2R"] &= ~(value & (_ECCD | 1 << 30))
        elif name == "CR":
            self._control(value)
        else:
            super().write(name, value)

    def _control(self, value: int) -> None:
        if not self._lock.is_open or self._is_busy:
            self.complain("write to FLASH_CR while it is locked or busy")
            return
        if value >> _LOCK & 1:
            self._lock.close()
        self.value["CR"] = value & ~(1 << _STRT)
        if not value >> _STRT & 1:
            return
        if not value >> _PER & 1 or not value >> _BKER & 1 or value >> _PG & 1:
            self.complain("FLASH_CR: STRT is modelled for the erasure of a page of bank 2 only")
            return
        page = self.field("CR", 3, 10)
        # The store ends where flash ends, and each half of flash is a bank.
        end = _ORIGIN if self._store is None else self._store.end
        start = _ORIGIN + (end - _ORIGIN) // 2 + (page - _FIRST_PAGE) * _PAGE_BYTES
        if self._store is None or not self._store.covers(start, _PAGE_BYTES):
            self.complain(f"FLASH_CR: erases page {page} of bank 2, which is not of the store")
            return
        self._store.erase(start, _PAGE_BYTES)
        self._work(_PAGE_SECONDS)

    def program(self, address: int, width: int, value: int) -> None:
        """Take a write to the store: a word of a double word."""
        assert self._store is not None
        if not self._lock.is_open or not self.bit("CR", _PG) or self._is_busy:
            self._refuse(_PGSERR, f"write of flash at {address:#010x} without PG, or while busy")
            return
        if width != 4:
            self._refuse(_SIZERR, f"write of {width} bytes of flash, not a word")
            return
        expected = self._double_at + 4 * len(self._double) if self._double else address
        if address != expected or (not self._double and address % _DOUBLE_BYTES):
            self._refuse(_PGAERR, f"write of flash at {address:#010x}, out of order")
            return
        if not self._double:
            self._double_at = address
        self._double.append(value)
        if len(self._double) < 2:
            return
        data = b"".join(word.to_bytes(4, "little") for word in self._double)
        self._double = []
        if not self._store.is_erased(self._double_at, _DOUBLE_BYTES) and any(data):
            self._refuse(_PROGERR, f"double word at {self._double_at:#010x} is not erased")
            return
        self._store.program(self._double_at, data, unit=_DOUBLE_BYTES)
        self._work(_DOUBLE_SECONDS)

    def _refuse(self, error: int, text: str) -> None:
        self._double = []
        self.value["SR"] |= error
        self.complain(text)

    def read_store(self, address: int, width: int) -> int:
        """Return what the core reads of the store; a torn double word raises an NMI."""
        assert self._store is not None
        if (address - self._store.origin) // _DOUBLE_BYTES in self._store.torn:
            self.value["ECC2R"] |= _ECCD
            self._raise_nmi()
        return self._store.word(address, width)
