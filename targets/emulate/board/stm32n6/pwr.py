"""Power control: RM0486 chapter PWR. The voltage is that after a reset, and ready at once."""

from targets.emulate.board.peripheral.bus import Peripheral, Register

_READY = 1 << 1 | 1 << 17


class Pwr(Peripheral):
    """Voltage of the core; raising it is not modelled."""

    name = "PWR"
    registers = (Register(0x20, "VOSCR", 0x00030003, _READY, read_only=0x00030002, modelled=False),)
