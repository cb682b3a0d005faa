"""Interrupt controller: Bumblebee Core Architecture Manual, "ECLIC".

Its registers are bytes, four for each source. Sources are sensitive to the level of their line;
what a program sets otherwise is reported.
"""

from collections.abc import Callable
from dataclasses import dataclass

BASE, BYTES = 0xD2000000, 0x2000
SOURCES = 87
_CFG, _MTH, _FIRST = 0x0, 0xB, 0x1000
_PENDING, _ENABLE, _ATTRIBUTE, _CONTROL = range(4)
_VECTORED = 1
_CONTROL_BITS = 0xF0
"""Implemented bits of a source's level and priority; the others read as ones."""


@dataclass(frozen=True)
class Request:
    """An interrupt that waits."""

    level: int
    priority: int
    source: int
    is_vectored: bool


class Eclic:
    """Sources by number."""

    def __init__(self, report: Callable[[str], None]) -> None:
        """Say by `report` what is not modelled."""
        self._report = report
        self.reset()

    def reset(self) -> None:
        """Disable every source."""
        self._cfg = 0
        self._threshold = 0
        self._bytes = [[0, 0, 0, 0x0F] for _ in range(SOURCES)]
        self._high: set[int] = set()

    def set_line(self, source: int, on: bool) -> None:
        """Take the level of a peripheral's line."""
        if on:
            self._high.add(source)
        else:
            self._high.discard(source)

    def read(self, address: int, width: int) -> int:
        """Return what the core reads."""
        return sum(self._byte(address - BASE + i) << 8 * i for i in range(width))

    def _byte(self, at: int) -> int:
        source, which = divmod(at - _FIRST, 4)
        if at in (_CFG, _MTH):
            return self._cfg if at == _CFG else self._threshold
        if not 0 <= source < SOURCES:
            self._report(f"read of {BASE + at:#010x} (ECLIC+{at:#x}) is not declared")
            return 0
        if which == _PENDING:
            return int(source in self._high)
        return self._bytes[source][which]

    def write(self, address: int, width: int, value: int) -> None:
        """Take what the core writes."""
        for i in range(width):
            self._set(address - BASE + i, value >> 8 * i & 0xFF)

    def _set(self, at: int, value: int) -> None:
        source, which = divmod(at - _FIRST, 4)
        if at == _CFG:
            self._cfg = value & 0x1E
        elif at == _MTH:
            self._threshold = value
        elif not 0 <= source < SOURCES:
            self._report(f"write to {BASE + at:#010x} (ECLIC+{at:#x}) is not declared")
        elif which == _ATTRIBUTE and value & ~_VECTORED:
            self._report(f"ECLIC source {source}: edges are not modelled")
        elif which == _CONTROL:
            self._bytes[source][which] = value | 0xFF & ~_CONTROL_BITS
        elif which != _PENDING:  # of a source sensitive to its level it cannot be written
            self._bytes[source][which] = value & 1

    def best(self, running: int) -> Request | None:
        """Return the request that goes first, of a level above `running` and the threshold."""
        level_bits = min(self._cfg >> 1, 8)
        ones = (1 << 8 - level_bits) - 1
        waiting = []
        for source in self._high:
            _, enabled, attribute, control = self._bytes[source]
            if enabled:
                is_vectored = bool(attribute & _VECTORED)
                waiting.append(Request(control | ones, control & ones, source, is_vectored))
        found = max(waiting, key=lambda r: (r.level, r.priority, r.source), default=None)
        return found if found is not None and found.level > max(running, self._threshold) else None

    def is_waiting(self) -> bool:
        """Return whether an enabled source is high, so that WFI ends."""
        return any(self._bytes[source][_ENABLE] for source in self._high)
