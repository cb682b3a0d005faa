"""The independent watchdog of the STM32: RM0090 section 21, RM0456 chapter IWDG.

It counts the LSI, here exactly 32 kHz, by the core's cycles. The registers take their values at
once; the status bits that say otherwise are never seen set. The window is not modelled.
"""

from collections.abc import Callable

from targets.emulate.board.peripheral.bus import Peripheral, Register

LSI_HZ = 32_000
_RELOAD, _UNLOCK, _START = 0xAAAA, 0x5555, 0xCCCC


class Watchdog(Peripheral):
    """Watchdog that resets the chip unless the program reloads it in time."""

    name = "IWDG"
    registers = (
        Register(0x00, "KR", 0x0000FFFF),
        Register(0x04, "PR", 0x00000007),
        Register(0x08, "RLR", 0x00000FFF, reset=0xFFF),
        Register(0x0C, "SR", 0x00000003, read_only=0x3),
    )

    def __init__(
        self,
        base: int,
        cycles: Callable[[], int],
        hz: Callable[[], int],
        oscillator_hz: int | None = None,
    ) -> None:
        """Count by `cycles()` of a core at `hz()`; without a rate, the oscillator is an LSI."""
        self._oscillator_hz = LSI_HZ if oscillator_hz is None else oscillator_hz
        self._cycles = cycles
        self._hz = hz
        super().__init__(base)

    def reset(self) -> None:
        """Stop the watchdog, as every reset of the chip does."""
        super().reset()
        self._is_open = False
        self._fed_at: int | None = None

    def read(self, name: str) -> int:
        """Return a register; the key register reads 0."""
        return 0 if name == "KR" else super().read(name)

    def write(self, name: str, value: int) -> None:
        """Apply a write to a register."""
        if name != "KR":
            if self._is_open:
                super().write(name, value)
            else:
                self.complain(f"write to IWDG_{name} without the key")
            return
        self._is_open = value == _UNLOCK
        if value == _START or (value == _RELOAD and self._fed_at is not None):
            self._fed_at = self._cycles()

    def is_expired(self) -> bool:
        """Return whether it was started and not fed in time."""
        if self._fed_at is None:
            return False
        period = self.value["RLR"] * (4 << min(self.value["PR"], 6)) / self._oscillator_hz
        return self._cycles() - self._fed_at > period * self._hz()
