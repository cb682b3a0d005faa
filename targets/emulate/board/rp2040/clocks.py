"""Clocks and resets: RP2040 Datasheet, chapters "Clocks", XOSC, PLL, "Subsystem Resets" and
"Power-On State Machine".

Oscillator and PLL are ready as soon as they are on; the ring oscillator runs at its nominal rate.
"""

from collections.abc import Callable

from targets.emulate.board.peripheral.bus import Peripheral, Register
from targets.emulate.board.peripheral.clock import MHZ, Speed

XOSC_HZ, ROSC_HZ = 12 * MHZ, 6_500_000
MAX_HZ = 133 * MHZ
_ALL_RESETS = 0x01FFFFFF
_VCO = range(750 * MHZ, 1600 * MHZ + 1)
_ENABLE, _STABLE, _LOCK = 0xFAB, 1 << 31, 1 << 31
_PD, _POSTDIVPD, _VCOPD = 0, 3, 5
_XOSC, _PERI_ENABLE = 2, 11


class Resets(Peripheral):
    """Switches that hold peripherals in reset."""

    name = "RESETS"
    registers = (
        Register(0x0, "RESET", _ALL_RESETS, _ALL_RESETS),
        Register(0x4, "WDSEL", _ALL_RESETS),
        Register(0x8, "DONE", _ALL_RESETS, read_only=_ALL_RESETS),
    )

    def read(self, name: str) -> int:
        """Return a register; a peripheral that is released is done at once."""
        return _ALL_RESETS & ~self.value["RESET"] if name == "DONE" else super().read(name)

    def released(self, position: int) -> bool:
        """Return whether a peripheral is out of reset."""
        return not self.bit("RESET", position)


class Psm(Peripheral):
    """Power-on state machine: what the watchdog resets."""

    name = "PSM"
    registers = (
        Register(0x0, "FRCE_ON", 0x1FFFF, modelled=False),
        Register(0x4, "FRCE_OFF", 0x1FFFF, modelled=False),
        Register(0x8, "WDSEL", 0x1FFFF),
        Register(0xC, "DONE", 0x1FFFF, 0x1FFFF, read_only=0x1FFFF),
    )


class Xosc(Peripheral):
    """Crystal oscillator."""

    name = "XOSC"
    registers = (
        Register(0x0, "CTRL", 0x00FFFFFF),
        Register(0x4, "STATUS", 0x81001003, read_only=0x80001003),
        Register(0x8, "DORMANT", 0xFFFFFFFF, modelled=False),
        Register(0xC, "STARTUP", 0x00103FFF, 0x000000C4),
    )

    @property
    def is_stable(self) -> bool:
        """Whether it is on."""
        return self.field("CTRL", 12, 12) == _ENABLE

    def read(self, name: str) -> int:
        """Return a register."""
        return _STABLE | 1 << 12 if name == "STATUS" and self.is_stable else super().read(name)


class Pll(Peripheral):
    """System PLL of the crystal's clock."""

    name = "PLL_SYS"
    registers = (
        Register(0x0, "CS", 0x8000013F, 1, read_only=_LOCK),
        Register(0x4, "PWR", 0x2D, 0x2D),
        Register(0x8, "FBDIV", 0xFFF),
        Register(0xC, "PRIM", 0x00077000, 0x00077000),
    )

    def __init__(self, base: int, clocked: Callable[[], bool], xosc: Xosc) -> None:
        """Make the PLL behind `xosc`."""
        self._xosc = xosc
        super().__init__(base, clocked)

    @property
    def is_locked(self) -> bool:
        """Whether its oscillator runs."""
        off = self.bit("PWR", _PD) or self.bit("PWR", _VCOPD)
        return self.clocked() and self._xosc.is_stable and not off and self.value["FBDIV"] > 0

    @property
    def hz(self) -> int:
        """Frequency behind both dividers, 0 while they or the oscillator are off."""
        if not self.is_locked or self.bit("PWR", _POSTDIVPD):
            return 0
        divider = max(1, self.field("PRIM", 16, 3)) * max(1, self.field("PRIM", 12, 3))
        return self._vco_hz // divider

    @property
    def _vco_hz(self) -> int:
        return XOSC_HZ // max(1, self.field("CS", 0, 6)) * self.value["FBDIV"]

    def read(self, name: str) -> int:
        """Return a register."""
        lock = _LOCK if name == "CS" and self.is_locked else 0
        return super().read(name) | lock

    def write(self, name: str, value: int) -> None:
        """Apply a write to a register."""
        super().write(name, value)
        if name == "PWR" and self.is_locked and self._vco_hz not in _VCO:
            self.complain(f"PLL_SYS: its oscillator would run at {self._vco_hz} Hz")


class Clocks(Peripheral):
    """Clock generators."""

    name = "CLOCKS"
    registers = (
        Register(0x30, "REF_CTRL", 0x63),
        Register(0x34, "REF_DIV", 0x300, 0x100, modelled=False),
        Register(0x38, "REF_SELECTED", 0xFFFFFFFF, 1, read_only=0xFFFFFFFF),
        Register(0x3C, "SYS_CTRL", 0xE1),
        Register(0x40, "SYS_DIV", 0xFFFFFFFF, 0x100, modelled=False),
        Register(0x44, "SYS_SELECTED", 0xFFFFFFFF, 1, read_only=0xFFFFFFFF),
        Register(0x48, "PERI_CTRL", 0xCE0),
        Register(0x50, "PERI_SELECTED", 0xFFFFFFFF, 1, read_only=0xFFFFFFFF),
    )

    def __init__(self, base: int, xosc: Xosc, pll: Pll) -> None:
        """Make the generators behind crystal and PLL."""
        self._xosc = xosc
        self._pll = pll
        self.blame_watchdog: Callable[[], None] = lambda: None
        """Notes that the watchdog causes the next reset."""
        super().__init__(base)

    @property
    def reference_hz(self) -> int:
        """Frequency of clk_ref."""
        return XOSC_HZ if self.field("REF_CTRL", 0, 2) == _XOSC else ROSC_HZ

    @property
    def peripheral_hz(self) -> int:
        """Frequency of clk_peri, 0 while it is off."""
        return self.speed().core if self.bit("PERI_CTRL", _PERI_ENABLE) else 0

    def speed(self) -> Speed:
        """Return the core's clock, which is the buses', too."""
        hz = self._pll.hz if self.bit("SYS_CTRL", 0) else self.reference_hz
        return Speed(hz or ROSC_HZ, hz, hz)

    def write(self, name: str, value: int) -> None:
        """Apply a write to a register; a multiplexer follows at once."""
        super().write(name, value)
        if name == "REF_CTRL":
            if value & 3 == _XOSC and not self._xosc.is_stable:
                self.complain("CLK_REF_CTRL: the crystal oscillator is not stable")
            self.value["REF_SELECTED"] = 1 << (value & 3)
        elif name == "SYS_CTRL":
            self.value["SYS_SELECTED"] = 1 << (value & 1)
            if value & 1 and (value & 0xE0 or not self._pll.hz):
                self.complain("CLK_SYS_CTRL: the auxiliary source is not the running system PLL")
            if self.speed().core > MAX_HZ:
                self.complain(f"the core runs at {self.speed().core} Hz, at most {MAX_HZ} Hz")
        elif name == "PERI_CTRL" and value & 0xE0:
            self.complain("CLK_PERI_CTRL: only clk_sys is modelled")
