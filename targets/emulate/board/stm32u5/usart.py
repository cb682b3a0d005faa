"""USART: RM0456 chapter USART, with the FIFO off.

A byte is sent in no time, so TC is always set when TXE is. Errors of the line do not happen.
"""

from targets.emulate.board.peripheral.bus import Register
from targets.emulate.board.peripheral.uart import TC, TXE, Uart

_UE, _TE, _OVER8, _FIFO = 0, 3, 15, 29
_ALL = 0xFFFFFFFF


class Usart(Uart):
    """A USART of the STM32U5."""

    name = "USART"
    status = "ISR"
    receiver = "RDR"
    transmitter = "TDR"
    registers = (
        Register(0x00, "CR1", _ALL),
        Register(0x04, "CR2", 0xFFFFFF79),
        Register(0x08, "CR3", 0xFF8EFFFF),
        Register(0x0C, "BRR", 0xFFFF),
        Register(0x10, "GTPR", 0xFFFF),
        Register(0x14, "RTOR", _ALL),
        Register(0x18, "RQR", 0x1F),
        Register(0x1C, "ISR", 0x0FEFFFFF, TXE | TC, read_only=_ALL),
        Register(0x20, "ICR", 0x00023BFF),
        Register(0x24, "RDR", 0x1FF, read_only=0x1FF),
        Register(0x28, "TDR", 0x1FF),
        Register(0x2C, "PRESC", 0xF),
        Register(0x30, "AUTOCR", 0x007FFFFF),
    )

    def is_enabled(self, direction: int) -> bool:
        """Return whether RE (2) or TE (3) and UE are set."""
        return self.bit("CR1", direction) and self.bit("CR1", _UE)

    def divider(self) -> int:
        """Return BRR times the prescaler."""
        if self.bit("CR1", _OVER8) or self.bit("CR1", _FIFO):
            self.complain(f"{self.name}: 8-fold oversampling and the FIFO are not modelled")
        table = (1, 2, 4, 6, 8, 10, 12, 16, 32, 64, 128, 256)
        return self.value["BRR"] * table[min(self.value["PRESC"], len(table) - 1)]

    def _acknowledged(self) -> int:
        """Return TEACK and REACK, which follow TE and RE."""
        return self.is_enabled(3) << 21 | self.is_enabled(2) << 22

    def answer(self) -> int:
        """Return ISR, nothing being held up."""
        return super().answer() | self._acknowledged()

    def read(self, name: str) -> int:
        """Return a register; reading RDR clears RXNE."""
        if name == "ISR":
            return self.flags() | self._acknowledged()
        return self.receive() if name == "RDR" else self.value[name]

    def write(self, name: str, value: int) -> None:
        """Take a register; ICR clears flags, of which none is ever set here."""
        if name == "BRR" and self.bit("CR1", _UE):
            self.complain(f"{self.name}_BRR is written while UE is set: it keeps its value")
        elif name == "TDR":
            self.transmit(value, _TE)
        elif name not in ("ICR", "RQR"):
            super().write(name, value)
        self.update()
