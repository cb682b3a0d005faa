"""Power control: RM0456 chapter PWR, "Dynamic voltage scaling management"."""

from collections.abc import Callable, Mapping

from targets.emulate.board.peripheral.bus import Peripheral, Register

_BOOSTRDY, _VOSRDY, _VOS, _BOOSTEN = 14, 15, 16, 18


class Pwr(Peripheral):
    """Voltage range and the booster that the fastest range needs."""

    name = "PWR"
    registers: tuple[Register, ...] = ()

    def __init__(
        self,
        base: int,
        clocked: Callable[[], bool],
        booster_hz: Callable[[], int],
        bits: Mapping[str, int],
    ) -> None:
        """Run the booster from `booster_hz()`, the source of PLL1 behind its divider.

        `bits` are those that exist, by register: some parts have a USB booster, too.
        """
        self._booster_hz = booster_hz
        voltage = bits["PWR_VOSR"]
        self.registers = (
            Register(0x00, "CR1", bits["PWR_CR1"]),
            Register(0x08, "CR3", 0x00000006),
            Register(0x0C, "VOSR", voltage, reset=0x8000, read_only=0xE000 & voltage),
            Register(0x28, "DBPR", 0x00000001),
            Register(0x3C, "SVMSR", 0x0F038012, reset=0x8000, read_only=0x0F038012),
        )
        super().__init__(base, clocked)

    def write(self, name: str, value: int) -> None:
        """Take a register. The range is ready at once, the booster when it has a clock."""
        super().write(name, value)
        if name == "VOSR":
            boosted = self.bit("VOSR", _BOOSTEN) and 4_000_000 <= self._booster_hz() <= 16_000_000
            self.assign("VOSR", 1 << _BOOSTRDY, on=boosted)
            voltage = self.field("VOSR", _VOS, 2)
            self.value["SVMSR"] = self.value["SVMSR"] & ~(3 << _VOS) | voltage << _VOS

    @property
    def max_hz(self) -> int:
        """Fastest core clock that range and booster allow: RM0456 PWR_VOSR."""
        limit = (24, 55, 110, 160)[self.field("VOSR", _VOS, 2)] * 1_000_000
        return limit if self.bit("VOSR", _BOOSTRDY) else min(limit, 55_000_000)
