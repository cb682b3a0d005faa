"""USART: user manual, chapter USART. Its registers are those of an STM32F4 under other names.

The names here are ST's: STAT is SR, DATA is DR, BAUD is BRR, CTL0 to CTL2 are CR1 to CR3.
"""

from targets.emulate.board.peripheral.bus import Register
from targets.emulate.board.peripheral.uart import TC, TXE
from targets.emulate.board.stm32f4.usart import Usart as F4Usart


class Usart(F4Usart):
    """A USART of the GD32VF103, which has no 8-fold oversampling."""

    registers = (
        Register(0x00, "SR", 0x3FF, TXE | TC, read_only=0x09F),
        Register(0x04, "DR", 0x1FF),
        Register(0x08, "BRR", 0xFFFF),
        Register(0x0C, "CR1", 0x3FFF),
        Register(0x10, "CR2", 0x7F6F),
        Register(0x14, "CR3", 0x07FF),
        Register(0x18, "GTPR", 0xFFFF),
    )
