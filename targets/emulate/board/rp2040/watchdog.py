"""Watchdog: RP2040 Datasheet, chapter "Watchdog". It loses two a tick (erratum RP2040-E1)."""

from collections.abc import Callable

from targets.emulate.board.peripheral.bus import Peripheral, Register

_ENABLE, _TICK_ENABLE, _TIMER = 30, 9, 1
_PER_TICK = 2


class Watchdog(Peripheral):
    """Watchdog that resets the chip unless the program loads it in time."""

    name = "WATCHDOG"
    registers = (
        Register(0x00, "CTRL", 0xC7FFFFFF, 0x07000000, read_only=0x00FFFFFF),
        Register(0x04, "LOAD", 0x00FFFFFF),
        Register(0x08, "REASON", 0x3, read_only=0x3),
        Register(0x2C, "TICK", 0x000FFFFF, 0x00000200, read_only=0x000FFC00),
    )

    def __init__(
        self,
        base: int,
        cycles: Callable[[], int],
        hz: Callable[[], int],
        reference_hz: Callable[[], int],
    ) -> None:
        """Count by `cycles()` of a core at `hz()`, ticks of clk_ref at `reference_hz()`."""
        self._cycles = cycles
        self._hz = hz
        self._reference_hz = reference_hz
        self._cause = 0
        super().__init__(base)

    def reset(self) -> None:
        """Stop the watchdog, and tell why."""
        super().reset()
        self.value["REASON"], self._cause = self._cause, 0
        self._fed_at = self._cycles()

    def blame(self) -> None:
        """Let the next reset say that the timer caused it."""
        self._cause = _TIMER

    def write(self, name: str, value: int) -> None:
        """Apply a write to a register; LOAD starts the period anew."""
        super().write(name, value)
        if name == "LOAD":
            self._fed_at = self._cycles()
        if name == "CTRL" and value >> 31:
            self.complain("WATCHDOG_CTRL: TRIGGER is not modelled")

    def is_expired(self) -> bool:
        """Return whether it is on, counts, and was not fed in time."""
        cycles = self.field("TICK", 0, 9)
        if not self.bit("CTRL", _ENABLE) or not self.bit("TICK", _TICK_ENABLE) or not cycles:
            return False
        tick = cycles / self._reference_hz()
        period = self.value["LOAD"] / _PER_TICK * tick
        return self._cycles() - self._fed_at > period * self._hz()
