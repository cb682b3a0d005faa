"""Flash interface: RM0090 section 3.9 (STM32F405), RM0390 section 3.8 (STM32F446).

Access control only: programming and erasing are not modelled, and their registers not declared.
"""

from targets.emulate.board.peripheral.bus import Peripheral, Register
from targets.emulate.board.peripheral.clock import MHZ
from targets.emulate.board.stm32f4.variants import F4


class Flash(Peripheral):
    """Wait states and caches."""

    name = "FLASH"
    registers: tuple[Register, ...] = ()

    def __init__(self, base: int, variant: F4) -> None:
        """Make the one of a part."""
        self._steps = variant.wait_states_mhz
        self.registers = (Register(0x00, "ACR", 0x00001F00 | variant.latency_bits),)
        super().__init__(base)

    @property
    def max_hz(self) -> int:
        """Fastest core clock with these wait states at 2.7 to 3.6 V: RM0090 section 3.5.1."""
        return MHZ * self._steps[min(self.field("ACR", 0, 4), len(self._steps) - 1)]
