"""Flash interface: RM0456 chapter FLASH, "Read access latency".

Access control only: programming and erasing are not modelled, and their registers not declared.
"""

from collections.abc import Callable

from targets.emulate.board.peripheral.bus import Peripheral, Register

_MHZ_PER_STATE = {3: 32, 2: 30, 1: 24, 0: 8}
"""By voltage range (PWR_VOSR.VOS): HCLK for each wait state and one more."""


class Flash(Peripheral):
    """Wait states."""

    name = "FLASH"
    registers = (Register(0x00, "ACR", 0x0000790F, reset=0x1),)

    def __init__(self, base: int, voltage: Callable[[], int]) -> None:
        """Look at `voltage()`, the field PWR_VOSR.VOS."""
        self._voltage = voltage
        super().__init__(base)

    @property
    def max_hz(self) -> int:
        """Fastest core clock with these wait states in the present range."""
        return 1_000_000 * _MHZ_PER_STATE[self._voltage()] * (self.field("ACR", 0, 4) + 1)
