"""Reset and clock control of the STM32 families: the causes of a reset."""

from collections.abc import Callable, Mapping

from targets.emulate.board.peripheral.bus import Peripheral, Register
from targets.emulate.board.peripheral.clock import Speed

PIN, POWER = 1 << 26, 1 << 27
CAUSES = 0xFE000000
"""Flags that tell why the chip was reset, of those families that have them in RCC_CSR."""


class ClockControl(Peripheral):
    """Clock tree and the switches of the peripherals."""

    name = "RCC"
    registers: tuple[Register, ...] = ()
    causes_in = "CSR"
    """Name of the register with the causes of a reset."""
    causes = CAUSES
    kept = CAUSES
    """Bits of that register that a reset leaves as they are."""
    at_power_on = POWER | PIN
    """Flags of the causes after power-on."""
    pin, software, watchdog = PIN, 1 << 28, 1 << 29
    """Flags after a reset: the pin, which every cause drives, the program, the watchdog."""
    clears = 1 << 23
    """Bit of that register that clears the causes, RMVF."""

    def __init__(
        self, base: int, switched: Callable[[Speed], None], bits: Mapping[str, int]
    ) -> None:
        """Call `switched` with the new clocks when the core's clock changes.

        `bits` are those that exist, by register: the parts have other peripherals each.
        """
        self._switched = switched
        self._cause = self.software
        self.registers = self.table(bits)
        super().__init__(base)

    def table(self, bits: Mapping[str, int]) -> tuple[Register, ...]:
        """Return the registers of a part; `bits` are those that depend on its peripherals."""
        raise NotImplementedError

    def reset(self) -> None:
        """Take the values after reset; the flags of the cause stay until they are cleared."""
        name = self.causes_in
        flags = self.value.get(name, self.at_power_on) & self.kept
        again = bool(self.value)
        super().reset()
        cause, self._cause = self._cause, self.software
        self.value[name] &= ~self.kept
        self.value[name] |= flags | (cause | self.pin if again else 0)

    def blame_watchdog(self) -> None:
        """Let the next reset say that the independent watchdog caused it."""
        self._cause = self.watchdog

    def cleared(self, name: str, value: int) -> int:
        """Return a value on its way to a register, without the causes that it clears."""
        is_clear = name == self.causes_in and value & self.clears
        return value & ~(self.causes | self.clears) if is_clear else value
