"""General-purpose I/O: user manual, chapter GPIO. Four bits a pin; what pins do is checked."""

from collections.abc import Callable

from targets.emulate.board.peripheral.bus import Peripheral, Register

CONNECTED = 0
"""What `function` returns for a pin that the USART can use."""
_ANALOG = 0


class Port(Peripheral):
    """A GPIO port."""

    registers = (
        Register(0x00, "CTL0", 0xFFFFFFFF, 0x44444444),
        Register(0x04, "CTL1", 0xFFFFFFFF, 0x44444444),
        Register(0x08, "ISTAT", 0x0000FFFF, read_only=0xFFFF),
        Register(0x0C, "OCTL", 0x0000FFFF),
        Register(0x10, "BOP", 0xFFFFFFFF),
        Register(0x14, "BC", 0x0000FFFF),
        Register(0x18, "LOCK", 0x0001FFFF, modelled=False),
    )

    def __init__(
        self, base: int, port: str, clocked: Callable[[], bool], outputs: tuple[int, ...] = ()
    ) -> None:
        """Make port `port` ("A"); `outputs` are the pins that a peripheral drives."""
        self.name = f"GPIO{port}"
        self._outputs = outputs
        super().__init__(base, clocked)

    def read(self, name: str) -> int:
        """Return a register; BOP and BC read 0."""
        return 0 if name in ("BOP", "BC") else super().read(name)

    def write(self, name: str, value: int) -> None:
        """Take a register; BOP and BC change OCTL."""
        if name == "BOP":
            self.value["OCTL"] = self.value["OCTL"] & ~(value >> 16) | value & 0xFFFF
        elif name == "BC":
            self.value["OCTL"] &= ~value
        else:
            super().write(name, value)

    def function(self, pin: int) -> int | None:
        """Return CONNECTED for an alternate output, or an input, where a peripheral wants one."""
        register, at = ("CTL0", 4 * pin) if pin < 8 else ("CTL1", 4 * (pin - 8))
        mode, kind = self.field(register, at, 2), self.field(register, at + 2, 2)
        if pin in self._outputs:
            return CONNECTED if mode and kind >= 2 else None
        return CONNECTED if not mode and kind != _ANALOG else None
