"""Pins 0 and 1: RP2040 Datasheet, chapter GPIO, user bank and its pads."""

from collections.abc import Callable

from targets.emulate.board.peripheral.bus import Peripheral, Register

UART = 2
"""Number of the function that connects pins 0 and 1 with UART0."""
_NONE, _INPUT, _OUTPUT_OFF = 31, 6, 7


class Pads(Peripheral):
    """Electrical side of the pins."""

    name = "PADS_BANK0"
    registers = (
        Register(0x0, "VOLTAGE", 0x1),
        Register(0x4, "GPIO0", 0xFF, 0x56),
        Register(0x8, "GPIO1", 0xFF, 0x56),
    )


class IoBank(Peripheral):
    """Functions of the pins."""

    name = "IO_BANK0"
    registers = (
        Register(0x0, "GPIO0_STATUS", 0x050A3300, read_only=0x050A3300),
        Register(0x4, "GPIO0_CTRL", 0x3003331F, _NONE),
        Register(0x8, "GPIO1_STATUS", 0x050A3300, read_only=0x050A3300),
        Register(0xC, "GPIO1_CTRL", 0x3003331F, _NONE),
    )

    def __init__(self, base: int, clocked: Callable[[], bool], pads: Pads) -> None:
        """Make the functions over `pads`."""
        self._pads = pads
        super().__init__(base, clocked)

    def function(self, pin: int) -> int | None:
        """Return the function of a pin, None where its pad lets nothing through."""
        pad = f"GPIO{pin}"
        if not self._pads.bit(pad, _INPUT) or self._pads.bit(pad, _OUTPUT_OFF):
            return None
        return self.field(f"GPIO{pin}_CTRL", 0, 5)
