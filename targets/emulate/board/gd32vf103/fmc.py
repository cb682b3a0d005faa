"""Flash memory controller: user manual, chapter FMC; erasing and programming of the store's pages.

One bank: the core stands still while it is busy. Times: data sheet, "Memory characteristics",
typical.
"""

from targets.emulate.board.peripheral.bus import Peripheral, Register
from targets.emulate.board.peripheral.programming import Lock, StoreMemory, Timing

_PAGE_BYTES = 1024
_PG, _PER, _START, _LK = 0, 1, 6, 7
_PGERR, _ENDF = 1 << 2, 1 << 5
_CLEARED_BY_ONE = 0x34
_PAGE_SECONDS, _WORD_SECONDS = 50e-3, 40e-6


class Fmc(Peripheral):
    """Flash interface: programming of the store."""

    name = "FMC"
    registers = (
        Register(0x00, "WS", 0x00000007),
        Register(0x04, "KEY0", 0xFFFFFFFF),
        Register(0x08, "OBKEY", 0xFFFFFFFF, modelled=False),
        Register(0x0C, "STAT0", 0x00000035, read_only=1),
        Register(0x10, "CTL0", 0x000016F7, 1 << _LK),
        Register(0x14, "ADDR0", 0xFFFFFFFF),
    )

    def __init__(self, base: int, store: StoreMemory | None, timing: Timing) -> None:
        """Make the flash interface over `store`, if the target has one."""
        self._store = store
        self._timing = timing
        super().__init__(base)

    def reset(self) -> None:
        """Lock the flash."""
        super().reset()
        self._lock = Lock()

    def write(self, name: str, value: int) -> None:
        """Apply a write to a register."""
        if name == "KEY0":
            if not self._lock.key(value):
                self.complain("FMC_KEY0: a wrong key, or the registers are not locked")
            self.assign("CTL0", 1 << _LK, on=not self._lock.is_open)
        elif name == "STAT0":
            self.value["STAT0"] &= ~(value & _CLEARED_BY_ONE)
        elif name == "CTL0":
            self._control(value)
        else:
            super().write(name, value)

    def _control(self, value: int) -> None:
        if not self._lock.is_open:
            self.complain("write to FMC_CTL0 while it is locked")
            return
        if value >> _LK & 1:
            self._lock.close()
        self.value["CTL0"] = value & ~(1 << _START)
        if not value >> _START & 1:
            return
        if not value >> _PER & 1 or value >> _PG & 1:
            self.complain("FMC_CTL0: START is modelled for the erasure of a page only")
            return
        start = self.value["ADDR0"] & ~(_PAGE_BYTES - 1)
        if self._store is None or not self._store.covers(start, _PAGE_BYTES):
            self.complain(f"FMC_CTL0: erases the page at {start:#010x}, which is not of the store")
            return
        self._store.erase(start, _PAGE_BYTES)
        self._end(_PAGE_SECONDS)

    def program(self, address: int, width: int, value: int) -> None:
        """Take a write to the store: a word or a halfword that is erased."""
        assert self._store is not None
        if not self._lock.is_open or not self.bit("CTL0", _PG):
            self.complain(f"write of flash at {address:#010x} without FMC_CTL0.PG")
        elif width not in (2, 4) or address % width:
            self.complain(f"write of {width} bytes of flash at {address:#010x}")
        elif self._store.word(address, width) != (1 << 8 * width) - 1:
            self.value["STAT0"] |= _PGERR
            self.complain(f"write of flash at {address:#010x}, which is not erased")
        else:
            self._store.program(address, value.to_bytes(width, "little"), tears=False)
            self._end(_WORD_SECONDS)

    def read_kept(self, address: int, width: int) -> int:
        """Return what the core reads of the store."""
        assert self._store is not None
        return self._store.word(address, width)

    def _end(self, seconds: float) -> None:
        self.value["STAT0"] |= _ENDF
        self._timing.stall(int(seconds * self._timing.hz()))
