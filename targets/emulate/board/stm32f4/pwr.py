"""Power control: RM0090 section 5.4 (STM32F405), RM0390 section 5.4 (STM32F446)."""

from collections.abc import Callable

from targets.emulate.board.bus import Peripheral, Register

_ODEN, _ODSWEN = 16, 17


class Pwr(Peripheral):
    """Voltage scale, and over-drive where the chip has it."""

    name = "PWR"
    registers: tuple[Register, ...] = ()

    def __init__(self, base: int, clocked: Callable[[], bool], *, overdrive: bool) -> None:
        """Make the one of a chip with or without over-drive."""
        self.has_overdrive = overdrive
        if overdrive:
            control = Register(0x00, "CR", 0x003FEFFF, reset=0xC000)
            status = Register(0x04, "CSR", 0x000F438F, reset=0x4000, read_only=0x0003400F)
        else:
            control = Register(0x00, "CR", 0x000043FF, reset=0x4000)
            status = Register(0x04, "CSR", 0x0000430F, reset=0x4000, read_only=0x0000400F)
        self.registers = (control, status)
        super().__init__(base, clocked)

    def write(self, name: str, value: int) -> None:
        """Take a register; the ready flags of over-drive follow its switches."""
        super().write(name, value)
        if name == "CR" and self.has_overdrive:
            on, switched = self.bit("CR", _ODEN), self.bit("CR", _ODSWEN)
            if switched and not on:
                self.complain("PWR_CR: ODSWEN without ODEN (RM0390 section 5.1.4)")
            self.assign("CSR", 1 << _ODEN, on=on)
            self.assign("CSR", 1 << _ODSWEN, on=on and switched)

    @property
    def max_hz(self) -> int:
        """Fastest core clock that the voltage allows: RM0090 5.1.3, RM0390 5.1.4 (2.7 to 3.6 V)."""
        if not self.has_overdrive:
            return 168_000_000 if self.bit("CR", 14) else 144_000_000
        scale_1 = self.field("CR", 14, 2) == 3
        if not scale_1:
            return 144_000_000 if self.field("CR", 14, 2) == 2 else 120_000_000
        return 180_000_000 if self.bit("CSR", _ODSWEN) else 168_000_000
