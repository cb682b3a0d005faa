"""Flash interface: RM0090 section 3.9 (STM32F405), RM0390 section 3.8 (STM32F446).

Access control, and erasing and programming of the sectors of the store. One bank: the core stands
still while it is busy. Times: DS8626, "Flash memory programming", typical, 32 bits at once.
"""

from collections.abc import Sequence

from targets.emulate.board.peripheral.bus import Peripheral, Register
from targets.emulate.board.peripheral.clock import MHZ
from targets.emulate.board.peripheral.programming import Lock, StoreMemory, Timing, kept_at
from targets.emulate.board.stm32f4.variants import F4

_ORIGIN, _KIB = 0x08000000, 1024
_SECTORS = (*(16 * _KIB,) * 4, 64 * _KIB, *(128 * _KIB,) * 7)
_PG, _SER, _MER, _STRT, _LOCK = 0, 1, 2, 16, 31
_PGPERR, _PGSERR, _WRPERR = 1 << 6, 1 << 7, 1 << 4
_ERRORS = 0xF2
_ERASE_SECONDS_PER_KIB = 1.0 / 128
_WORD_SECONDS = 16e-6


class Flash(Peripheral):
    """Flash interface: wait states, caches, and programming of the store and of slots."""

    name = "FLASH"
    registers: tuple[Register, ...] = ()

    def __init__(
        self,
        base: int,
        variant: F4,
        kept: Sequence[StoreMemory],
        timing: Timing,
    ) -> None:
        """Make the flash interface of a part over what is kept in flash: store, slots."""
        self._steps = variant.wait_states_mhz
        self._kept = kept
        self._timing = timing
        self.registers = (
            Register(0x00, "ACR", 0x00001F00 | variant.latency_bits),
            Register(0x04, "KEYR", 0xFFFFFFFF),
            Register(0x0C, "SR", 0x000100F3, read_only=1 << 16),
            Register(0x10, "CR", variant.flash_control_bits, 1 << _LOCK),
        )
        super().__init__(base)

    def reset(self) -> None:
        """Lock the flash."""
        super().reset()
        self._lock = Lock()

    @property
    def max_hz(self) -> int:
        """Fastest core clock with these wait states at 2.7 to 3.6 V: RM0090 section 3.5.1."""
        return MHZ * self._steps[min(self.field("ACR", 0, 4), len(self._steps) - 1)]

    def write(self, name: str, value: int) -> None:
        """Apply a write to a register."""
        if name == "KEYR":
            if not self._lock.key(value):
                self.complain("FLASH_KEYR: a wrong key, or the registers are not locked")
            self.assign("CR", 1 << _LOCK, on=not self._lock.is_open)
        elif name == "SR":
            self.value["SR"] &= ~(value & (_ERRORS | 1))
        elif name == "CR":
            self._control(value)
        else:
            if name == "ACR" and (value & 0x1800) >> 2 & value:
                self.complain("FLASH_ACR: a cache is reset while it is on")
            super().write(name, value)

    def _control(self, value: int) -> None:
        if not self._lock.is_open:
            self.complain("write to FLASH_CR while it is locked")
            return
        if value >> _LOCK & 1:
            self._lock.close()
        self.value["CR"] = value & ~(1 << _STRT)
        if not value >> _STRT & 1:
            return
        if not value >> _SER & 1 or value >> _MER & 1 or value >> _PG & 1:
            self.complain("FLASH_CR: STRT is modelled for the erasure of a sector only")
            return
        number = self.field("CR", 3, 4)
        start = _ORIGIN + sum(_SECTORS[:number])
        length = _SECTORS[number] if number < len(_SECTORS) else 0
        memory = kept_at(self._kept, start, length)
        if memory is None or not length:
            self.complain(f"FLASH_CR: erases sector {number}, which is not of the store or a slot")
            return
        memory.erase(start, length)
        self._stall(length / _KIB * _ERASE_SECONDS_PER_KIB)

    def program(self, address: int, width: int, value: int) -> None:
        """Take a write to the store, or to a slot."""
        memory = kept_at(self._kept, address, width)
        assert memory is not None
        if not self._lock.is_open or not self.bit("CR", _PG):
            self.value["SR"] |= _PGSERR
            self.complain(f"write of flash at {address:#010x} without FLASH_CR.PG")
        elif width != 1 << self.field("CR", 8, 2) or address % width:
            self.value["SR"] |= _PGPERR
            self.complain(f"write of {width} bytes of flash, FLASH_CR.PSIZE says otherwise")
        else:
            memory.program(address, value.to_bytes(width, "little"), tears=False)
            self._stall(_WORD_SECONDS)

    def read_kept(self, address: int, width: int) -> int:
        """Return what the core reads of the store."""
        memory = kept_at(self._kept, address, width)
        assert memory is not None
        return memory.word(address, width)

    def _stall(self, seconds: float) -> None:
        self._timing.stall(int(seconds * self._timing.hz()))
