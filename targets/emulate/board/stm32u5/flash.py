"""Flash interface: RM0456 chapter FLASH: read access latency, and erasing and programming of the
pages of the store, in bank 2 while the image runs from bank 1.

A quad-word is programmed once after an erase, by four words in ascending order. One whose
programming was cut reads with two wrong bits, which raises an NMI. Times: DS13737, "Flash memory
characteristics", typical.
"""

from collections.abc import Callable

from targets.emulate.board.peripheral.bus import Peripheral, Register
from targets.emulate.board.peripheral.programming import Lock, StoreMemory, Timing

_MHZ_PER_STATE = {3: 32, 2: 30, 1: 24, 0: 8}
"""Megahertz of HCLK that each wait state, and the first access, allow: by voltage range
(PWR_VOSR.VOS)."""
_ORIGIN, _PAGE_BYTES, _QUAD_BYTES = 0x08000000, 0x2000, 16
_PG, _PER, _BKER, _STRT, _LOCK = 0, 1, 11, 16, 31
_PROGERR, _PGAERR, _SIZERR, _PGSERR = 1 << 3, 1 << 5, 1 << 6, 1 << 7
_ERRORS = 0x20FA
_BSY, _WDW = 1 << 16, 1 << 17
_ECCD = 1 << 31
_LOOKS = 32
"""Number of polls after which a program sees an operation end; each takes its part of the
operation's time. One poll for every few instructions would be most of what the board does."""
_PAGE_SECONDS, _QUAD_SECONDS = 1.5e-3, 118e-6


class Flash(Peripheral):
    """Flash interface: wait states, and programming of the store."""

    name = "FLASH"
    registers = (
        Register(0x00, "ACR", 0x0000790F, reset=0x1),
        Register(0x08, "NSKEYR", 0xFFFFFFFF),
        Register(0x20, "NSSR", 0x003F20FB, read_only=0x003F0000),
        Register(0x28, "NSCR", 0xCB03CBFF, reset=0xC0000000),
        Register(0x30, "ECCR", 0xC17FFFFF, read_only=0x007FFFFF),
    )

    def __init__(
        self,
        base: int,
        voltage: Callable[[], int],
        store: StoreMemory | None,
        timing: Timing,
        raise_nmi: Callable[[], None],
    ) -> None:
        """Make the flash interface; `voltage()` returns the field PWR_VOSR.VOS."""
        self._voltage = voltage
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
        self._quad: list[int] = []
        self._quad_at = 0

    @property
    def max_hz(self) -> int:
        """Fastest core clock with these wait states in the present range."""
        return 1_000_000 * _MHZ_PER_STATE[self._voltage()] * (self.field("ACR", 0, 4) + 1)

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
        if name == "NSSR":
            if self._is_busy:
                self._timing.stall(self._look)
            value |= (_BSY if self._is_busy else 0) | (_WDW if self._quad else 0)
        return value

    def write(self, name: str, value: int) -> None:
        """Apply a write to a register."""
        if name == "NSKEYR":
            if not self._lock.key(value):
                self.complain("FLASH_NSKEYR: a wrong key, or the registers are not locked")
            self.assign("NSCR", 1 << _LOCK, on=not self._lock.is_open)
        elif name == "NSSR":
            self.value["NSSR"] &= ~(value & (_ERRORS | 1))
        elif name == "ECCR":
            self.value["ECCR"] &= ~(value & (_ECCD | 1 << 30))
        elif name == "NSCR":
            self._control(value)
        else:
            super().write(name, value)

    def _control(self, value: int) -> None:
        if not self._lock.is_open or self._is_busy:
            self.complain("write to FLASH_NSCR while it is locked or busy")
            return
        if value >> _LOCK & 1:
            self._lock.close()
        self.value["NSCR"] = value & ~(1 << _STRT)
        if not value >> _STRT & 1:
            return
        if not value >> _PER & 1 or not value >> _BKER & 1 or value >> _PG & 1:
            self.complain("FLASH_NSCR: STRT is modelled for the erasure of a page of bank 2 only")
            return
        page = self.field("NSCR", 3, 7)
        # The store ends where flash ends, and each half of flash is a bank.
        end = _ORIGIN if self._store is None else self._store.end
        start = _ORIGIN + (end - _ORIGIN) // 2 + page * _PAGE_BYTES
        if self._store is None or not self._store.covers(start, _PAGE_BYTES):
            self.complain(f"FLASH_NSCR: erases page {page} of bank 2, which is not of the store")
            return
        self._store.erase(start, _PAGE_BYTES)
        self._work(_PAGE_SECONDS)

    def program(self, address: int, width: int, value: int) -> None:
        """Take a write to the store: a word of a quad-word."""
        assert self._store is not None
        if not self._lock.is_open or not self.bit("NSCR", _PG) or self._is_busy:
            self._refuse(_PGSERR, f"write of flash at {address:#010x} without PG, or while busy")
            return
        if width != 4:
            self._refuse(_SIZERR, f"write of {width} bytes of flash, not a word")
            return
        expected = self._quad_at + 4 * len(self._quad) if self._quad else address
        if address != expected or (not self._quad and address % _QUAD_BYTES):
            self._refuse(_PGAERR, f"write of flash at {address:#010x}, out of order")
            return
        if not self._quad:
            self._quad_at = address
        self._quad.append(value)
        if len(self._quad) < 4:
            return
        data = b"".join(word.to_bytes(4, "little") for word in self._quad)
        self._quad = []
        if not self._store.is_erased(self._quad_at, _QUAD_BYTES) and any(data):
            self._refuse(_PROGERR, f"quad-word at {self._quad_at:#010x} is not erased")
            return
        self._store.program(self._quad_at, data, unit=_QUAD_BYTES)
        self._work(_QUAD_SECONDS)

    def _refuse(self, error: int, text: str) -> None:
        self._quad = []
        self.value["NSSR"] |= error
        self.complain(text)

    def read_store(self, address: int, width: int) -> int:
        """Return what the core reads of the store; a torn quad-word raises an NMI."""
        assert self._store is not None
        if (address - self._store.origin) // _QUAD_BYTES in self._store.torn:
            self.value["ECCR"] |= _ECCD
            self._raise_nmi()
        return self._store.word(address, width)
