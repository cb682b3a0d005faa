"""Rows of a value along the window, and how an operator makes rows of its output from others.

A streamed value is `length` rows, outermost in memory. When the window moves on by one sample,
row t becomes row t − 1, but not at the borders: a row that saw padding must be computed anew.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Rows:
    """A streamed value: its time axis, its rows, and how many at each end are not simply moved."""

    axis: int
    length: int
    before: int = 0
    after: int = 0

    @property
    def inside(self) -> int:
        """Rows that move: the newest of them is computed, the others are kept."""
        return self.length - self.before - self.after


@dataclass(frozen=True)
class RowRule:
    """How one operator makes the rows of its output from rows of its inputs."""

    rows: Rows
    taps: int = 1
    """Number of input rows, from the first to the last, that one output row sees."""
    pad: int = 0
    """Number of padding rows that the first output row sees."""
    pad_after: int = 0
    options: Callable[[int, int], Mapping[str, Any]] | None = None
    """Function that returns the operator's options for some of the rows, given the padding before
    and behind them. None: the options stay as they are."""

    def head_rows(self) -> int:
        """Return the input rows that the border before is made from: the first ones."""
        return self.rows.before + self.taps - 1 - self.pad

    def delay(self, source: Rows) -> int:
        """Return how many rows of an input are newer than those of the newest row that moves."""
        last = self.rows.length - self.rows.after - self.pad + self.taps - 1
        return source.length - source.after - last

    def tail_rows(self) -> int:
        """Return the input rows that the border behind is made from: the last ones."""
        return self.rows.after + self.taps - 1 - self.pad_after


Known = Mapping[int, Rows]
