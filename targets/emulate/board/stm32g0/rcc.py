"""Reset and clock control: RM0444 chapter RCC.

HSI16 and the PLL are ready as soon as they are on; the HSE never is, as no crystal is modelled.
The registers of peripherals that are not modelled are not declared.
"""

from collections.abc import Mapping

from targets.emulate.board.peripheral.bus import Register
from targets.emulate.board.peripheral.clock import MHZ, Speed, divider_of_ahb, divider_of_apb
from targets.emulate.board.peripheral.rcc import ClockControl

HSI_HZ = 16 * MHZ
_READY = {8: 10, 22: 23, 24: 25}
"""Position of the ready flag of each switch in CR: HSI16, HSI48, PLL."""
_PLL = 2


class Rcc(ClockControl):
    """Clock tree and the switches of the peripherals."""

    def table(self, bits: Mapping[str, int]) -> tuple[Register, ...]:
        """Return the registers of a part."""
        return (
            Register(0x00, "CR", 0x03CF3F00, 0x00000500, read_only=0x02820400),
            Register(0x04, "ICSCR", 0x00007FFF, 0x00004000, read_only=0x000000FF),
            Register(0x08, "CFGR", 0xFFFF7F3F, read_only=0x38),
            Register(0x0C, "PLLCFGR", 0xFF3F7F73, 0x00001000),
            Register(0x34, "IOPENR", bits["IOPENR"]),
            Register(0x38, "AHBENR", bits["AHBENR"], 0x00000100),
            Register(0x3C, "APBENR1", bits["APBENR1"]),
            Register(0x40, "APBENR2", bits["APBENR2"]),
            Register(0x54, "CCIPR", 0xFFFFFFFF),
            Register(0x60, "CSR", 0xFE800003, read_only=0xFE000002),
        )

    @property
    def pll_hz(self) -> int:
        """Frequency of output R: HSI16 / M * N / R, 0 without source or while R is not enabled."""
        if (
            self.field("PLLCFGR", 0, 2) != 2
            or not self.bit("CR", 10)
            or not self.bit("PLLCFGR", 28)
        ):
            return 0
        m, r = self.field("PLLCFGR", 4, 3) + 1, self.field("PLLCFGR", 29, 3) + 1
        return HSI_HZ // m * self.field("PLLCFGR", 8, 7) // r

    def speed(self) -> Speed:
        """Return the clocks that the registers mean; the family has one APB."""
        is_pll = self.field("CFGR", 3, 3) == _PLL
        source = self.pll_hz if is_pll else HSI_HZ >> self.field("CR", 11, 3)
        core = source // divider_of_ahb(self.field("CFGR", 8, 4))
        bus = core // divider_of_apb(self.field("CFGR", 12, 3))
        return Speed(core, bus, bus)

    def write(self, name: str, value: int) -> None:
        """Apply a write to a register."""
        changed = value ^ self.value[name]
        if name == "PLLCFGR" and self.bit("CR", 24) and changed & ~(1 << 28 | 1 << 24 | 1 << 16):
            self.complain("write to RCC_PLLCFGR while the PLL is on")
            return
        super().write(name, self.cleared(name, value))
        if name == "CR":
            has_source = self.field("PLLCFGR", 0, 2) == 2 and value >> 8 & 1
            if value >> 24 & 1 and not has_source:
                self.complain("RCC_CR: the PLL is switched on without a source that runs")
            for switch, ready in _READY.items():
                runs = switch != 24 or has_source
                self.assign("CR", 1 << ready, on=bool(value >> switch & 1 and runs))
        if name == "CFGR":
            self._switch(value & 7)

    def _switch(self, source: int) -> None:
        """Let SWS follow SW when the source is ready, and tell the new clocks."""
        ready = {0: 10, 1: 17, _PLL: 25}.get(source)
        if ready is None or not self.bit("CR", ready) or (source == _PLL and not self.pll_hz):
            self.complain(f"RCC_CFGR: source {source} of the system clock is not ready")
            return
        self.value["CFGR"] = self.value["CFGR"] & ~0x38 | source << 3
        self._switched(self.speed())
