"""Debug unit: the two registers by which the maker's firmware library resets the chip."""

from targets.emulate.board.peripheral.bus import Peripheral, Register

_KEY = 0x4B5A6978


class Dbg(Peripheral):
    """A reset behind a key."""

    name = "DBG"
    registers = (
        Register(0x00, "ID", 0xFFFFFFFF, read_only=0xFFFFFFFF),
        Register(0x08, "MCU2", 0x00000001),
        Register(0x0C, "MCU2EN", 0xFFFFFFFF),
    )

    def reset(self) -> None:
        """Forget that a reset was asked for."""
        super().reset()
        self.reset_requested = False

    def write(self, name: str, value: int) -> None:
        """Take a register; MCU2 resets when the key was given."""
        super().write(name, value)
        if name == "MCU2" and value & 1:
            if self.value["MCU2EN"] == _KEY:
                self.reset_requested = True
            else:
                self.complain("DBG_MCU2: a reset without the key")
