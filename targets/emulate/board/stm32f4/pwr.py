"""Power control: RM0090 section 5.4 (STM32F405), RM0390 section 5.4 (STM32F446), and the same
chapter of the other parts' manuals (variants.py).
"""

from collections.abc import Callable

from targets.emulate.board.peripheral.bus import Peripheral, Register
from targets.emulate.board.peripheral.clock import MHZ
from targets.emulate.board.stm32f4.variants import F4

_VOS, _ODEN, _ODSWEN = 14, 16, 17
_STATUS = 0x0003400F
"""Mask of the bits of CSR that only the chip writes."""


class Pwr(Peripheral):
    """Voltage scale, and over-drive where the chip has it."""

    name = "PWR"
    registers: tuple[Register, ...] = ()

    def __init__(self, base: int, clocked: Callable[[], bool], variant: F4) -> None:
        """Make the power control of a part."""
        self._variant = variant
        control, status = variant.bits["PWR_CR"], variant.bits["PWR_CSR"]
        two_bits = control >> 15 & 1
        scale = 3 if variant.has_overdrive else 1 + two_bits
        self.registers = (
            Register(0x00, "CR", control, reset=scale << _VOS),
            Register(0x04, "CSR", status, reset=0x4000, read_only=status & _STATUS),
        )
        super().__init__(base, clocked)

    def write(self, name: str, value: int) -> None:
        """Take a register; the ready flags of over-drive follow its switches."""
        super().write(name, value)
        if name == "CR" and self._variant.has_overdrive:
            on, switched = self.bit("CR", _ODEN), self.bit("CR", _ODSWEN)
            if switched and not on:
                self.complain("PWR_CR: ODSWEN without ODEN (RM0390 section 5.1.4)")
            self.assign("CSR", 1 << _ODEN, on=on)
            self.assign("CSR", 1 << _ODSWEN, on=on and switched)

    @property
    def max_hz(self) -> int:
        """Fastest core clock that the voltage allows: RM0090 5.1.3, RM0390 5.1.4 (2.7 to 3.6 V)."""
        driven = self._variant.has_overdrive and self.bit("CSR", _ODSWEN)
        limits = self._variant.overdrive_mhz if driven else self._variant.voltage_mhz
        return MHZ * limits[self.field("CR", _VOS, 2)]
