"""Cycle counter of the DWT (DDI 0403E section C1.8) and the switch that starts it (C1.6.5).

**Approximate**: the board counts one cycle for every instruction, none for one that an IT block
skips. A core takes more: loads, taken branches and divisions have several, flash has wait states.
"""

from collections.abc import Callable

from targets.emulate.board.peripheral.bus import Peripheral, Register

_TRCENA = 1 << 24


class Debug(Peripheral):
    """Register DEMCR, of which only TRCENA matters here."""

    name = "DCB"
    registers = (Register(0xDFC, "DEMCR", 0x011F07F1),)

    @property
    def tracing(self) -> bool:
        """Whether the DWT is on."""
        return bool(self.value["DEMCR"] & _TRCENA)


class Dwt(Peripheral):
    """Cycle counter CYCCNT and its switch."""

    name = "DWT"
    registers = (
        # NUMCOMP is 4; the other counters exist but are not modelled.
        Register(0x000, "CTRL", 0xFFFFFFFF, reset=0x40000000, read_only=0xFFFFFFFE),
        Register(0x004, "CYCCNT", 0xFFFFFFFF),
    )

    def __init__(self, base: int, cycles: Callable[[], int], debug: Debug) -> None:
        """Count by `cycles()` while `debug` says so."""
        self._cycles = cycles
        self._debug = debug
        super().__init__(base)

    def reset(self) -> None:
        """Stop the counter and set it to 0."""
        super().reset()
        self._start = 0

    def _runs(self) -> bool:
        return self._debug.tracing and self.bit("CTRL", 0)

    def read(self, name: str) -> int:
        """Return a register, CYCCNT as it is now."""
        if name == "CYCCNT" and self._runs():
            return (self.value["CYCCNT"] + self._cycles() - self._start) & 0xFFFFFFFF
        return self.value[name]

    def write(self, name: str, value: int) -> None:
        """Apply a write to a register."""
        count = self.read("CYCCNT")
        super().write(name, value)
        if name == "CTRL":
            self.value["CYCCNT"] = count
        self._start = self._cycles()
