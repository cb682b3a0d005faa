"""Instruction cache: RM0456 chapter ICACHE. It has no effect on anything but time, which is not
modelled; the invalidation after reset ends at the second look.
"""

from targets.emulate.board.peripheral.bus import Peripheral, Register

_BUSY, _BUSY_ENDED = 1 << 0, 1 << 1


class Icache(Peripheral):
    """Instruction cache: switch and status."""

    name = "ICACHE"
    registers = (
        Register(0x00, "CR", 0x000F0007, reset=0x4),
        Register(0x04, "SR", 0x00000007, reset=0x1, read_only=0x7),
        Register(0x08, "IER", 0x00000006),
        Register(0x0C, "FCR", 0x00000006),
        Register(0x10, "HMONR", 0xFFFFFFFF, read_only=0xFFFFFFFF),
        Register(0x14, "MMONR", 0x0000FFFF, read_only=0x0000FFFF),
    )

    def read(self, name: str) -> int:
        """Return a register; an invalidation that was seen running is over the next time."""
        value = self.value[name]
        if name == "SR" and value & _BUSY:
            self.value["SR"] = value & ~_BUSY | _BUSY_ENDED
        return value

    def write(self, name: str, value: int) -> None:
        """Take a register; CACHEINV starts an invalidation and reads 0."""
        if name == "FCR":
            self.value["SR"] &= ~value
            return
        if name == "CR" and value & 1 and self.value["SR"] & _BUSY:
            self.complain("ICACHE_CR: enabled while the invalidation runs (ICACHE_SR.BUSYF)")
        if name == "CR" and value & 2:
            self.value["SR"] |= _BUSY
            value &= ~2
        super().write(name, value)
