"""Memory system control of the Cortex-M55: its Technical Reference Manual (101051).

Caches change no result, so that the register only holds its value.
"""

from targets.emulate.board.peripheral.bus import Peripheral, Register


class MemorySystem(Peripheral):
    """Register MSCR: the caches are active after a reset."""

    name = "MEMSYSCTL"
    registers = (Register(0x00, "MSCR", 0x0003301E, 0x00003000),)
