"""Flash interface: RM0090 section 3.9 (STM32F405), RM0390 section 3.8 (STM32F446).

Access control only: programming and erasing are not modelled, and their registers not declared.
"""

from targets.emulate.board.bus import Peripheral, Register


class Flash(Peripheral):
    """Wait states and caches."""

    name = "FLASH"
    registers: tuple[Register, ...] = ()

    def __init__(self, base: int, *, f446: bool) -> None:
        """LATENCY has three bits on an STM32F405, four on an STM32F446."""
        self.registers = (Register(0x00, "ACR", 0x00001F0F if f446 else 0x00001F07),)
        super().__init__(base)

    @property
    def max_hz(self) -> int:
        """Fastest core clock with these wait states at 2.7 to 3.6 V: RM0090 section 3.5.1."""
        return 30_000_000 * (self.field("ACR", 0, 4) + 1)
