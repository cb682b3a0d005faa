"""Reset and clock control: RM0090 section 7.3 (STM32F405), RM0390 section 6.3 (STM32F446);
the bits of each part are in variants.py.

Oscillators and the PLL are ready as soon as they are on; the HSE never is, as no crystal is fitted.
"""

from collections.abc import Mapping

from targets.emulate.board.peripheral.bus import Register
from targets.emulate.board.peripheral.clock import MHZ, Speed, divider_of_ahb, divider_of_apb
from targets.emulate.board.peripheral.rcc import PIN, POWER, ClockControl

HSI_HZ = 16 * MHZ
_READY = {0: 1, 24: 25, 26: 27, 28: 29}
"""Position of the ready flag of each switch in CR: HSI, PLL, PLLI2S, PLLSAI."""
_CCM = 1 << 20
"""Bit of the core-coupled memory's clock, on after reset; it reads 1 where there is none, too."""


class Rcc(ClockControl):
    """Clock tree and the switches of the peripherals."""

    kept = 0xFFFFFFFF
    at_power_on = POWER | PIN | 1 << 25
    clears = 1 << 24

    def table(self, bits: Mapping[str, int]) -> tuple[Register, ...]:
        """Return the registers of a part."""
        table = (
            Register(0x00, "CR", bits["CR"], 0x00000083, read_only=bits["CR"] & 0x2A02FF02),
            # A PLLR after reset that is not that of the other parts': RM0401 section 6.3.2.
            Register(
                0x04, "PLLCFGR", bits["PLLCFGR"], 0x24003010 if bits["AHB2ENR"] else 0x7F003010
            ),
            Register(0x08, "CFGR", bits["CFGR"], read_only=0xC),
            Register(0x10, "AHB1RSTR", bits["AHB1RSTR"]),
            Register(0x20, "APB1RSTR", bits["APB1RSTR"]),
            Register(0x24, "APB2RSTR", bits["APB2RSTR"]),
            Register(0x30, "AHB1ENR", bits["AHB1ENR"], _CCM),
            Register(0x34, "AHB2ENR", bits["AHB2ENR"]),
            Register(0x38, "AHB3ENR", bits["AHB3ENR"]),
            Register(0x40, "APB1ENR", bits["APB1ENR"]),
            Register(0x44, "APB2ENR", bits["APB2ENR"]),
            Register(0x70, "BDCR", bits["BDCR"], read_only=0x2),
            Register(0x74, "CSR", 0xFF000003, 0x0E000000, read_only=0xFE000002),
        )
        return tuple(register for register in table if register.bits)

    def speed(self) -> Speed:
        """Return the clocks that the registers mean."""
        source = self.field("CFGR", 2, 2)
        core = (self.pll_hz if source == 2 else HSI_HZ) // divider_of_ahb(self.field("CFGR", 4, 4))
        apb1, apb2 = (core // divider_of_apb(self.field("CFGR", at, 3)) for at in (10, 13))
        return Speed(core, apb1, apb2)

    @property
    def pll_hz(self) -> int:
        """Frequency of the PLL's output P: HSI / M * N / P."""
        m, n = max(1, self.field("PLLCFGR", 0, 6)), self.field("PLLCFGR", 6, 9)
        return HSI_HZ // m * n // (2 * self.field("PLLCFGR", 16, 2) + 2)

    def write(self, name: str, value: int) -> None:
        """Apply a write to a register."""
        if name == "PLLCFGR" and self.bit("CR", 24):
            self.complain("write to RCC_PLLCFGR while the PLL is on")
            return
        super().write(name, self.cleared(name, value))
        if name == "CR":
            for switch, ready in _READY.items():
                self.assign("CR", 1 << ready, on=bool(value >> switch & 1))
        if name == "CFGR":
            self._switch(value & 3)

    def _switch(self, source: int) -> None:
        """Let SWS follow SW when the source is ready, and tell the new clocks."""
        ready = {0: 1, 1: 17, 2: 25}.get(source)
        if ready is None or not self.bit("CR", ready):
            self.complain(f"RCC_CFGR: source {source} of the system clock is not ready")
            return
        self.value["CFGR"] = self.value["CFGR"] & ~0xC | source << 2
        self._switched(self.speed())
