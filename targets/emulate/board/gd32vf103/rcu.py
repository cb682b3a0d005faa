"""Reset and clock unit: user manual, chapter RCU.

IRC8M and the PLL are ready as soon as they are on; the crystal never is, as none is modelled.
"""

from collections.abc import Callable

from targets.emulate.board.peripheral.bus import Peripheral, Register
from targets.emulate.board.peripheral.clock import MHZ, Speed, divider_of_ahb, divider_of_apb

IRC8M_HZ = 8 * MHZ
_LIMITS = {"core": 108 * MHZ, "APB1": 54 * MHZ, "APB2": 108 * MHZ}
_WATCHDOG, _SOFTWARE, _POWER, _PIN = 1 << 29, 1 << 28, 1 << 27, 1 << 26
_FLAGS = 0xFC000000
_RSTFC = 1 << 24
_PLLEN, _PLLSTB = 24, 25
_PLL = 2


class Rcu(Peripheral):
    """Clock tree and the switches of the peripherals."""

    name = "RCU"
    registers = (
        Register(0x00, "CTL", 0x3F0FFFFB, 0x00000083, read_only=0x2A02FF02),
        Register(0x04, "CFG0", 0x3FFFFFFF, read_only=0xC),
        Register(0x08, "INT", 0x00FF7FFF, read_only=0xFF, modelled=False),
        Register(0x0C, "APB2RST", 0x00005E7D, modelled=False),
        Register(0x10, "APB1RST", 0x3E7EC83F, modelled=False),
        Register(0x14, "AHBEN", 0x00001157, 0x00000014),
        Register(0x18, "APB2EN", 0x00005E7D),
        Register(0x1C, "APB1EN", 0x3E7EC83F),
        Register(0x24, "RSTSCK", 0xFD000003, 0x0C000000, read_only=0xFC000002),
        Register(0x2C, "CFG1", 0x0007FFFF, modelled=False),
    )

    def __init__(self, base: int, switched: Callable[[Speed], None]) -> None:
        """Call `switched` with the new clocks when the core's clock changes."""
        self._switched = switched
        self._cause = _SOFTWARE
        super().__init__(base)

    def reset(self) -> None:
        """Take the values after reset; the flags of the cause stay until they are cleared."""
        flags = self.value.get("RSTSCK", _POWER | _PIN) & _FLAGS
        again = bool(self.value)
        super().reset()
        cause, self._cause = self._cause, _SOFTWARE
        self.value["RSTSCK"] = flags | (cause | _PIN if again else 0)

    def blame_watchdog(self) -> None:
        """Let the next reset say that the free watchdog timer caused it."""
        self._cause = _WATCHDOG

    @property
    def pll_hz(self) -> int:
        """Frequency of the PLL: half of IRC8M, multiplied; 0 from the crystal, which has none."""
        if self.bit("CFG0", 16) or not self.bit("CTL", 0):
            return 0
        field = self.field("CFG0", 18, 4)
        if self.bit("CFG0", 29):
            factor = 17.0 + field
        else:
            factor = 6.5 if field == 13 else 16.0 if field >= 14 else field + 2.0
        return int(IRC8M_HZ / 2 * factor)

    def speed(self) -> Speed:
        """Return the clocks that the registers mean."""
        source = self.pll_hz if self.field("CFG0", 2, 2) == _PLL else IRC8M_HZ
        core = source // divider_of_ahb(self.field("CFG0", 4, 4))
        apb1, apb2 = (core // divider_of_apb(self.field("CFG0", at, 3)) for at in (8, 11))
        return Speed(core, apb1, apb2)

    def write(self, name: str, value: int) -> None:
        """Apply a write to a register."""
        changed = value ^ self.value[name]
        if name == "CFG0" and self.bit("CTL", _PLLEN) and changed & 0x203F0000:
            self.complain("write to RCU_CFG0 that changes the PLL while it is on")
            return
        if name == "RSTSCK" and value & _RSTFC:
            value &= ~_FLAGS
        super().write(name, value)
        if name == "CTL":
            self._start_pll()
        elif name == "CFG0":
            self._switch(value & 3)

    def _start_pll(self) -> None:
        on = self.bit("CTL", _PLLEN)
        if on and not self.pll_hz:
            self.complain("RCU_CTL: the PLL is switched on without a source that runs")
        self.assign("CTL", 1 << _PLLSTB, on=on and self.pll_hz > 0)

    def _switch(self, source: int) -> None:
        """Let SCSS follow SCS when the source is ready, and check the new clocks."""
        if source not in (0, _PLL) or (source == _PLL and not self.bit("CTL", _PLLSTB)):
            self.complain(f"RCU_CFG0: source {source} of the system clock is not ready")
            return
        self.value["CFG0"] = self.value["CFG0"] & ~0xC | source << 2
        speed = self.speed()
        found = {"core": speed.core, "APB1": speed.apb1, "APB2": speed.apb2}
        for what, most in _LIMITS.items():
            if found[what] > most:
                self.complain(f"RCU_CFG0: {what} runs at {found[what]} Hz, at most {most} Hz")
        self._switched(speed)
