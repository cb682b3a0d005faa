"""The core's timer, which counts each fourth cycle: Bumblebee Core Architecture Manual."""

from collections.abc import Callable

from targets.emulate.board.peripheral.bus import Peripheral, Register

DIVIDER = 4
_WORD = 0xFFFFFFFF


class Timer(Peripheral):
    """A counter of 64 bits and a comparator."""

    name = "TIMER"
    registers = (
        Register(0x000, "MTIME", _WORD, modelled=False),
        Register(0x004, "MTIMEH", _WORD, modelled=False),
        Register(0x008, "MTIMECMP", _WORD, reset=_WORD),
        Register(0x00C, "MTIMECMPH", _WORD, reset=_WORD),
        Register(0xFF8, "MSTOP", 0x1, modelled=False),
        Register(0xFFC, "MSIP", 0x1, modelled=False),
    )

    def __init__(self, base: int, cycles: Callable[[], int]) -> None:
        """Count by `cycles()`, the core's cycles since the board was switched on."""
        self._cycles = cycles
        super().__init__(base)

    def reset(self) -> None:
        """Start from 0 with the comparator as far as can be."""
        super().reset()
        self._start = self._cycles()

    @property
    def due(self) -> int:
        """Cycle at which the counter reaches the comparator."""
        ticks = self.value["MTIMECMP"] | self.value["MTIMECMPH"] << 32
        return self._start + DIVIDER * ticks

    @property
    def is_high(self) -> bool:
        """Whether the interrupt line is up."""
        return self._cycles() >= self.due

    def read(self, name: str) -> int:
        """Return a register."""
        now = (self._cycles() - self._start) // DIVIDER
        if name == "MTIME":
            return now & _WORD
        return now >> 32 & _WORD if name == "MTIMEH" else super().read(name)
