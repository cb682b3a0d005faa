"""USART: RM0090 section 30.6 (STM32F405), RM0390 section 25.6 (STM32F446).

A byte is sent in no time, so TC is always set when TXE is. Errors of the line do not happen.
"""

from targets.emulate.board.peripheral.bus import Register
from targets.emulate.board.peripheral.uart import TC, TXE, Uart

_TE, _OVER8, _UE = 3, 15, 13


class Usart(Uart):
    """A USART of the STM32F4."""

    name = "USART"
    status = "SR"
    receiver = transmitter = "DR"
    registers = (
        Register(0x00, "SR", 0x3FF, TXE | TC, read_only=0x09F),
        Register(0x04, "DR", 0x1FF),
        Register(0x08, "BRR", 0xFFFF),
        Register(0x0C, "CR1", 0xBFFF),
        Register(0x10, "CR2", 0x7F6F),
        Register(0x14, "CR3", 0x0FFF),
        Register(0x18, "GTPR", 0xFFFF),
    )

    def is_enabled(self, direction: int) -> bool:
        """Return whether RE (2) or TE (3) and UE are set."""
        return self.bit("CR1", direction) and self.bit("CR1", _UE)

    def divider(self) -> int:
        """Return BRR: mantissa and sixteenths are one number with 16-fold oversampling."""
        if self.bit("CR1", _OVER8):
            self.complain(f"{self.name}: 8-fold oversampling is not modelled")
        return self.value["BRR"]

    def read(self, name: str) -> int:
        """Return a register; reading DR clears RXNE."""
        if name == "SR":
            return self.flags()
        return self.receive() if name == "DR" else self.value[name]

    def write(self, name: str, value: int) -> None:
        """Take a register; RXNE is cleared by writing 0."""
        if name == "DR":
            self.transmit(value, _TE)
        elif name == "SR":
            self.value["SR"] &= value | ~(1 << 5)
        else:
            super().write(name, value)
        self.update()
