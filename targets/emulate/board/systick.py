"""SysTick: DDI 0403E section B3.3. Counts the core's cycles; a reference clock is not modelled."""

from collections.abc import Callable

from targets.emulate.board.peripheral.bus import Peripheral, Register

_ENABLE, _TICKINT, _CLKSOURCE, _COUNTFLAG = 0, 1, 2, 16
_MAX = 0xFFFFFF


class SysTick(Peripheral):
    """A counter from the reload value down to 0."""

    name = "SYST"
    registers = (
        Register(0x10, "CSR", 0x10007, read_only=0x10000),
        Register(0x14, "RVR", _MAX),
        Register(0x18, "CVR", 0xFFFFFFFF),
        Register(0x1C, "CALIB", 0xFFFFFFFF, reset=0x80000000, read_only=0xFFFFFFFF),
    )

    def __init__(self, base: int, cycles: Callable[[], int]) -> None:
        """Count by `cycles()`, the core's cycles since the board was switched on."""
        self._cycles = cycles
        super().__init__(base)

    def reset(self) -> None:
        """Stop the counter."""
        super().reset()
        self._zero_at: int | None = None
        """Cycle at which it reaches 0; None while it stands."""

    @property
    def next_interrupt(self) -> int | None:
        """Cycle of the next interrupt, None when none will come."""
        return self._zero_at if self.bit("CSR", _TICKINT) else None

    def _start(self) -> None:
        """Reload with the next cycle and count down from there."""
        reload = self.value["RVR"]
        running = self.bit("CSR", _ENABLE) and reload
        self._zero_at = self._cycles() + reload + 1 if running else None

    def expire(self) -> bool:
        """Let the counter pass 0 when it is time; return whether an interrupt is due."""
        now = self._cycles()
        if self._zero_at is None or now < self._zero_at:
            return False
        period = self.value["RVR"] + 1
        # Several periods at once make one interrupt, as one pending bit does.
        self._zero_at += period * ((now - self._zero_at) // period + 1)
        self.assign("CSR", 1 << _COUNTFLAG, on=True)
        return self.bit("CSR", _TICKINT)

    def read(self, name: str) -> int:
        """Return a register; reading CSR clears COUNTFLAG."""
        if name == "CVR":
            return 0 if self._zero_at is None else max(0, self._zero_at - self._cycles()) & _MAX
        value = self.value[name]
        if name == "CSR":
            self.assign("CSR", 1 << _COUNTFLAG, on=False)
        return value

    def write(self, name: str, value: int) -> None:
        """Take a register; any write to CVR clears it, so that it reloads."""
        was = self.bit("CSR", _ENABLE)
        super().write(name, value)
        if name == "CVR":
            self.assign("CSR", 1 << _COUNTFLAG, on=False)
            self._start()
        elif name == "CSR" and self.bit("CSR", _ENABLE) != was:
            if not self.bit("CSR", _CLKSOURCE) and self.bit("CSR", _ENABLE):
                self.complain("SYST_CSR: the reference clock is not modelled, counting cycles")
            self._start()
