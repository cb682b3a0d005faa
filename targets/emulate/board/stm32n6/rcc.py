"""Reset and clock control: RM0486 chapter RCC.

The HSI and PLL1 are ready as soon as they are on; the HSE never is, as no crystal is modelled. Of a
register of switches there are the value and two others that set or clear its bits. The registers of
peripherals that are not modelled are not declared.
"""

from collections.abc import Mapping

from targets.emulate.board.peripheral.bus import Register
from targets.emulate.board.peripheral.clock import MHZ, Speed
from targets.emulate.board.peripheral.rcc import ClockControl

HSI_HZ = 64 * MHZ
MOST_HZ = 600 * MHZ
"""Fastest core clock without a raised voltage."""
_MOST_BUS_HZ = 400 * MHZ
_HSI, _PLL1 = 3, 8
_SETS, _CLEARS = 0x800, 0x1000
_SWITCHES = {"CR": 0x000, "DIVENR": 0x240, "AHB4ENR": 0x25C, "APB2ENR": 0x26C}
"""Offset of each register of switches."""
_SHORT = {"CR": "CSR", "DIVENR": "DIVENSR", "AHB4ENR": "AHB4ENSR", "APB2ENR": "APB2ENSR"}
_IC1, _BUSES = 0, (1, 5, 10)
"""Bits of DIVENR of the divider of the core, and of those that the buses need together."""


class Rcc(ClockControl):
    """Clock tree and the switches of the peripherals."""

    causes_in = "RSR"
    causes = 0x55E20000
    kept = causes
    at_power_on = 1 << 23 | 1 << 22
    clears = 1 << 16
    pin, software, watchdog = 1 << 22, 1 << 24, 1 << 26

    def table(self, bits: Mapping[str, int]) -> tuple[Register, ...]:
        """Return the registers of a part."""
        exist = {"CR": 0x00000F1F, "DIVENR": 0x000FFFFF, **bits}
        start = {"CR": 1 << _HSI}
        switches = [
            register
            for name, offset in _SWITCHES.items()
            for register in (
                Register(offset, name, exist[name], start.get(name, 0)),
                Register(offset + _SETS, _SHORT[name], exist[name]),
                Register(offset + _CLEARS, _SHORT[name][:-2] + "CR", exist[name]),
            )
        ]
        dividers = {"IC1CFGR": 0xC4, "IC2CFGR": 0xC8, "IC6CFGR": 0xD8, "IC11CFGR": 0xEC}
        return (
            *switches,
            Register(0x04, "SR", 0x00000F1F, 1 << _HSI, read_only=0x00000F1F),
            Register(0x20, "CFGR1", 0x33330001, read_only=0x30300000),
            Register(0x24, "CFGR2", 0x03777077),
            Register(0x34, "RSR", 0x55E30000, read_only=self.causes),
            Register(0x48, "HSICFGR", 0xFFFF0180, read_only=0xFF800000),
            Register(0x80, "PLL1CFGR1", 0x7BFFFF00, 0x08202500),
            Register(0x84, "PLL1CFGR2", 0x00FFFFFF, 0x00800000),
            Register(0x88, "PLL1CFGR3", 0x7F1F0F1F, 0x4900000D),
            *(Register(offset, name, 0x30FF0000) for name, offset in dividers.items()),
            Register(0x174, "CCIPR13", 0x77777777),
        )

    @property
    def pll_hz(self) -> int:
        """Frequency of PLL1: source / M * N / PDIV1 / PDIV2, 0 while it or its output is off."""
        if not self.bit("SR", _PLL1) or not self.bit("PLL1CFGR3", 30):
            return 0
        m, n = self.field("PLL1CFGR1", 20, 6), self.field("PLL1CFGR1", 8, 12)
        p1, p2 = self.field("PLL1CFGR3", 27, 3), self.field("PLL1CFGR3", 24, 3)
        return HSI_HZ // m * n // p1 // p2

    def _divided(self, name: str) -> int:
        """Return the frequency of a divider IC; only PLL1 is modelled as a source."""
        return 0 if self.field(name, 28, 2) else self.pll_hz // (self.field(name, 16, 8) + 1)

    def speed(self) -> Speed:
        """Return the clocks that the registers mean; the AHB's divider is one of the APBs', too."""
        core = self._divided("IC1CFGR") if self.field("CFGR1", 20, 2) else HSI_HZ
        bus = self._divided("IC2CFGR") if self.field("CFGR1", 28, 2) else HSI_HZ
        ahb = bus >> self.field("CFGR2", 20, 3)
        return Speed(core, ahb >> self.field("CFGR2", 0, 3), ahb >> self.field("CFGR2", 4, 3))

    def write(self, name: str, value: int) -> None:
        """Apply a write to a register."""
        for target, setter in _SHORT.items():
            if name == setter:
                self.write(target, self.value[target] | value)
                return
            if name == setter[:-2] + "CR":
                self.write(target, self.value[target] & ~value)
                return
        if name in ("PLL1CFGR1", "PLL1CFGR2") and self.bit("CR", _PLL1):
            self.complain(f"write to RCC_{name} while PLL1 is on")
            return
        super().write(name, self.cleared(name, value))
        if name == "CR":
            self._start(value)
        if name == "CFGR1":
            self._switch(value)

    def _start(self, switches: int) -> None:
        """Let the ready flags follow the switches of HSI and PLL1."""
        runs = bool(switches >> _HSI & 1)
        if switches >> _PLL1 & 1 and not self.bit("SR", _PLL1):
            reference = HSI_HZ // max(self.field("PLL1CFGR1", 20, 6), 1)
            oscillator = reference * self.field("PLL1CFGR1", 8, 12)
            runs = runs and not self.field("PLL1CFGR1", 28, 3)
            if not runs:
                self.complain("RCC_CR: PLL1 is switched on without a source that runs")
            if not 800 * MHZ <= oscillator <= 3200 * MHZ:
                self.complain(f"RCC_PLL1CFGR1: its oscillator would run at {oscillator} Hz")
        self.assign("SR", 1 << _HSI, on=bool(switches >> _HSI & 1))
        self.assign("SR", 1 << _PLL1, on=bool(switches >> _PLL1 & 1 and runs))

    def _switch(self, value: int) -> None:
        """Let the states follow the switches of core and buses, and tell the new clocks."""
        core, buses = value >> 16 & 3, value >> 24 & 3
        off = [bit for bit in (_IC1, *_BUSES) if not self.bit("DIVENR", bit)]
        for chosen, dividers, what in ((core, (_IC1,), "core"), (buses, _BUSES, "buses")):
            ready = chosen == 0 or (
                chosen == 3 and self.pll_hz and not any(bit in off for bit in dividers)
            )
            if not ready:
                self.complain(f"RCC_CFGR1: source {chosen} of the {what} is not ready")
                return
        self.value["CFGR1"] = self.value["CFGR1"] & ~0x30300000 | core << 20 | buses << 28
        speed = self.speed()
        bus_hz = max(speed.apb1, speed.apb2) << self.field("CFGR2", 20, 3)
        if bus_hz > _MOST_BUS_HZ:
            self.complain(f"the buses run at {bus_hz} Hz, at most {_MOST_BUS_HZ} Hz")
        self._switched(speed)
