"""History of a device in bounded memory: rows, and their least and largest values over many rows.

The newest rows are kept as they came. What is older than their ring holds survives in coarser
tiers, as the least and the largest value of so many rows, so that a spike of one row stays visible
over hours. What is asked for comes from the finest tier that reaches back far enough.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]
COARSENING = (1, 128, 128 * 128)
"""Rows in an entry of each tier."""
SHARES = (0.45, 0.45, 0.1)
"""Shares of the memory that the tiers take: 12 MB of 27 hold eight hours of 64 channels at 100 rows
a second in the second tier."""
BUDGET_BYTES = 27_000_000
"""Memory of one history, unless it is shared by several."""
LEAST_ENTRIES = 128
"""The newest tier holds all rows that wait to be merged into the coarser ones."""
MOST_GAPS = 10_000


@dataclass(frozen=True, eq=False)
class View:
    """A part of the history.

    Attributes:
        stamps: float64 [n], seconds since 1970, ascending.
        low: float32 [n, columns], the least value of the rows that an entry stands for.
        high: float32 [n, columns], the largest.
        rows: Rows that an entry stands for; 1: they are the rows themselves.
    """

    stamps: F64
    low: F32
    high: F32
    rows: int

    def __len__(self) -> int:
        return len(self.stamps)


class _Tier:
    """A ring of entries."""

    def __init__(self, rows: int, entries: int, width: int) -> None:
        self.rows = rows
        self.stamps = np.zeros(entries)
        self.low = np.zeros((entries, width), np.float32)
        self.high = self.low if rows == 1 else np.zeros((entries, width), np.float32)
        self.count = 0
        self.open = 0
        """Rows in the entry under way."""

    @property
    def held(self) -> int:
        return min(self.count, len(self.stamps))

    @property
    def oldest(self) -> float:
        if not self.count:
            return np.inf
        return float(self.stamps[(self.count - self.held) % len(self.stamps)])

    def add(self, stamp: float, values: F32) -> None:
        """Take a row as an entry of its own."""
        at = self.count % len(self.stamps)
        self.stamps[at] = stamp
        self.low[at] = values
        self.count += 1

    def merge(self, stamps: F64, values: F32) -> None:
        """Take rows [n] into the entry under way, and begin the next ones."""
        first = 0
        while first < len(stamps):
            is_open = 0 < self.open < self.rows
            end = first + (self.rows - self.open if is_open else self.rows)
            low = np.fmin.reduce(values[first:end], axis=0)
            high = np.fmax.reduce(values[first:end], axis=0)
            if is_open:
                at = (self.count - 1) % len(self.stamps)
                np.fmin(self.low[at], low, out=self.low[at])
                np.fmax(self.high[at], high, out=self.high[at])
            else:
                at = self.count % len(self.stamps)
                self.stamps[at], self.low[at], self.high[at] = stamps[first], low, high
                self.count += 1
                self.open = 0
            self.open += min(end, len(stamps)) - first
            first = end

    def newest(self, count: int) -> tuple[F64, F32]:
        """Return stamps and values of the last `count` rows, which are held."""
        at = np.arange(self.count - count, self.count) % len(self.stamps)
        return self.stamps[at], self.low[at]

    def close(self) -> None:
        """End the entry under way: a gap comes."""
        self.open = self.rows

    def part(self, first: float, last: float) -> tuple[F64, F32, F32]:
        """Return the entries from the last one at or before `first` to the first one after `last`:
        a line reaches the edges of a plot.
        """
        size = len(self.stamps)
        order = np.arange(self.count - self.held, self.count) % size
        stamps = self.stamps[order]
        begin = max(0, int(np.searchsorted(stamps, first, "right")) - 1)
        end = int(np.searchsorted(stamps, last, "right")) + 1
        order = order[begin:end]
        return self.stamps[order], self.low[order], self.high[order]


class History:
    """Rows of one device."""

    def __init__(self, width: int, budget: int = BUDGET_BYTES) -> None:
        """Make room for rows of `width` values within `budget` bytes."""
        self.width = width
        self._gaps: deque[float] = deque(maxlen=MOST_GAPS)
        self._waiting = 0
        self._tiers = []
        for rows, share in zip(COARSENING, SHARES, strict=True):
            size = 8 + 4 * width * (1 if rows == 1 else 2)
            entries = max(LEAST_ENTRIES, int(share * budget) // size)
            self._tiers.append(_Tier(rows, entries, width))

    @property
    def count(self) -> int:
        """Rows so far."""
        return self._tiers[0].count

    @property
    def newest(self) -> float:
        """Stamp of the last row; −infinity without one."""
        tier = self._tiers[0]
        return float(tier.stamps[(tier.count - 1) % len(tier.stamps)]) if tier.count else -np.inf

    @property
    def oldest(self) -> float:
        """Stamp of the oldest entry of any tier; infinity without one."""
        return min(tier.oldest for tier in self._tiers)

    def add(self, stamp: float, values: F32) -> None:
        """Take a row; one that is not later than the last is moved behind it.

        Args:
            stamp: Seconds since 1970.
            values: float32 [width]; NaN where there is none.
        """
        stamp = max(stamp, float(np.nextafter(self.newest, np.inf)))
        self._tiers[0].add(stamp, values)
        self._waiting += 1
        if self._waiting == COARSENING[1]:
            self._merge()

    def _merge(self) -> None:
        """Take the rows that came since the last time into the coarser tiers."""
        if self._waiting:
            stamps, values = self._tiers[0].newest(self._waiting)
            self._waiting = 0
            for tier in self._tiers[1:]:
                tier.merge(stamps, values)

    def gap(self) -> None:
        """Note that rows are missing behind the last one: no line goes over them."""
        if self.count:
            self._gaps.append(self.newest)
            self._merge()
            for tier in self._tiers:
                tier.close()

    def gaps(self, first: float, last: float) -> list[float]:
        """Return the stamps of the rows in this time that gaps follow."""
        return [stamp for stamp in self._gaps if first <= stamp <= last]

    def view(self, first: float, last: float) -> View:
        """Return what is known of the time from `first` to `last`, as fine as it is kept."""
        self._merge()
        for tier in self._tiers:
            if tier.oldest <= first or tier.count == tier.held:
                break
        else:
            tier = min(self._tiers, key=lambda tier: tier.oldest)
        return View(*tier.part(first, last), tier.rows)


def decimate(view: View, most: int, gaps: Sequence[float] = ()) -> tuple[F64, F32]:
    """Return a line of at most about `2 · most` points: of each group of rows the least and the
    largest value, so that no extreme is lost.

    A gap is a row of NaN. Returns stamps [n] and values [n, columns].
    """
    count = len(view)
    if not count:
        return view.stamps, view.low
    if count <= 2 * most and view.rows == 1:
        stamps, values = view.stamps, view.low
    else:
        starts = np.unique(np.linspace(0, count, min(most, count), endpoint=False).astype(np.intp))
        low = np.fmin.reduceat(view.low, starts, axis=0)
        high = np.fmax.reduceat(view.high, starts, axis=0)
        stamps = np.repeat(view.stamps[starts], 2)
        values = np.empty((2 * len(starts), view.low.shape[1]), np.float32)
        values[0::2], values[1::2] = low, high
    at = np.searchsorted(stamps, np.asarray(gaps, np.float64), "right")
    at = np.unique(at[(at > 0) & (at < len(stamps))])
    if len(at):
        empty = np.full((len(at), values.shape[1]), np.nan, np.float32)
        values = np.insert(values, at, empty, axis=0)
        stamps = np.insert(stamps, at, stamps[at - 1])
    return stamps, values
