"""Reset and clock control: RM0456 chapter RCC.

MSI, HSI and PLL1 are ready as soon as they are on; the HSE never is, as no crystal is modelled.
PLL2, PLL3 and the registers of peripherals that are not modelled are not declared.
"""

from collections.abc import Mapping

from targets.emulate.board.peripheral.bus import Register
from targets.emulate.board.peripheral.clock import MHZ, Speed, divider_of_ahb, divider_of_apb
from targets.emulate.board.peripheral.rcc import ClockControl

HSI_HZ = 16 * MHZ
_MSI_HZ = {0: 48 * MHZ, 1: 24 * MHZ, 2: 16 * MHZ, 3: 12 * MHZ, 4: 4 * MHZ}
"""Frequency of the MSI by range; the slower ranges (5 to 15) cannot feed PLL1."""
_READY = {0: 2, 4: 5, 8: 10, 12: 13, 24: 25}
"""Position of the ready flag of each switch in CR: MSIS, MSIK, HSI, HSI48, PLL1."""
_PLL1 = 3


class Rcc(ClockControl):
    """Clock tree and the switches of the peripherals."""

    def table(self, bits: Mapping[str, int]) -> tuple[Register, ...]:
        """Return the registers of a part."""
        return (
            Register(0x00, "CR", 0x3F1FF7FF, 0x00000035, read_only=0x2A022424),
            Register(0x08, "ICSCR1", 0xFFCFFFFF, 0x44000000, read_only=0x000FFFFF),
            Register(0x1C, "CFGR1", 0x7F00003F, read_only=0xC),
            Register(0x20, "CFGR2", bits["CFGR2"]),
            Register(0x24, "CFGR3", 0x00030070),
            Register(0x28, "PLL1CFGR", 0x0007FF1F),
            Register(0x34, "PLL1DIVR", 0x7F7FFFFF, 0x01010280),
            Register(0x38, "PLL1FRACR", 0x0000FFF8),
            Register(0x88, "AHB1ENR", bits["AHB1ENR"], 0xD0000100),
            Register(0x8C, "AHB2ENR1", bits["AHB2ENR1"], 0xC0000000 & bits["AHB2ENR1"]),
            Register(0x94, "AHB3ENR", 0x80001665, 0x80000000),
            Register(0x9C, "APB1ENR1", bits["APB1ENR1"]),
            Register(0xA0, "APB1ENR2", bits["APB1ENR2"]),
            Register(0xA4, "APB2ENR", bits["APB2ENR"]),
            Register(0xE0, "CCIPR1", bits["CCIPR1"]),
            Register(0xF4, "CSR", 0xFE80FF00, 0x0C004400, read_only=0xFE000000),
        )

    @property
    def msi_hz(self) -> int:
        """Frequency of MSIS: range 4 unless MSIRGSEL chooses the one of ICSCR1."""
        return _MSI_HZ.get(self.field("ICSCR1", 28, 4) if self.bit("ICSCR1", 23) else 4, 0)

    @property
    def pll_source_hz(self) -> int:
        """Frequency of the source of PLL1, 0 when none is chosen or it is off."""
        source = self.field("PLL1CFGR", 0, 2)
        if source == 1 and self.bit("CR", 2):
            return self.msi_hz
        return HSI_HZ if source == 2 and self.bit("CR", 10) else 0

    @property
    def pll_hz(self) -> int:
        """Frequency of output R of PLL1: source / M * N / R, 0 while R is not enabled."""
        if not self.bit("PLL1CFGR", 18):
            return 0
        m, n, r = (
            self.field("PLL1CFGR", 8, 4) + 1,
            self.field("PLL1DIVR", 0, 9) + 1,
            self.field("PLL1DIVR", 24, 7) + 1,
        )
        return self.pll_source_hz // m * n // r

    def speed(self) -> Speed:
        """Return the clocks that the registers mean."""
        source = {0: self.msi_hz, 1: HSI_HZ, _PLL1: self.pll_hz}.get(self.field("CFGR1", 2, 2), 0)
        core = source // divider_of_ahb(self.field("CFGR2", 0, 4))
        apb1, apb2 = (core // divider_of_apb(self.field("CFGR2", at, 3)) for at in (4, 8))
        return Speed(core, apb1, apb2)

    def write(self, name: str, value: int) -> None:
        """Apply a write to a register."""
        if name == "PLL1DIVR" and self.bit("CR", 24):
            self.complain("write to RCC_PLL1DIVR while PLL1 is on")
            return
        super().write(name, self.cleared(name, value))
        if name == "CR":
            if value >> 24 & 1 and not self.pll_source_hz:
                self.complain("RCC_CR: PLL1 is switched on without a source that runs")
            for switch, ready in _READY.items():
                runs = switch != 24 or self.pll_source_hz
                self.assign("CR", 1 << ready, on=bool(value >> switch & 1 and runs))
        if name == "CFGR1":
            self._switch(value & 3)

    def _switch(self, source: int) -> None:
        """Let SWS follow SW when the source is ready, and tell the new clocks."""
        ready = {0: 2, 1: 10, 2: 17, _PLL1: 25}[source]
        if not self.bit("CR", ready) or (source == _PLL1 and not self.pll_hz):
            self.complain(f"RCC_CFGR1: source {source} of the system clock is not ready")
            return
        self.value["CFGR1"] = self.value["CFGR1"] & ~0xC | source << 2
        self._switched(self.speed())
