"""Quantiles of a stream in bounded memory, with a bound on the error that holds for sure.

Deterministic merging of equal buffers after Munro and Paterson (1980) and Manku, Rajagopalan and
Lindsay (SIGMOD 1998): `size` sorted values form a buffer of weight 1; two buffers of one weight
are merged, every second value is kept, and the weight doubles. Keeping the odd values one time
and the even ones the next lets the rank of any value move by at most half a weight per merge on
average, so the bound is Σ over levels of ⌈merges / 2⌉ · weight. While no buffer was merged the
result is exact.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Sketch:
    """Sketch from which the quantiles of one channel are read."""

    def __init__(self, size: int) -> None:
        """Prepare for buffers of `size` values; memory is about size · 8 bytes per doubling."""
        self._size = size
        self._pending: list[Array] = []
        self._waiting = 0
        self._levels: list[Array | None] = []
        self._merges: list[int] = []
        self.count = 0

    def add(self, values: Array) -> None:
        """Take float64 [n] without NaN."""
        self.count += len(values)
        self._pending.append(values.copy())
        self._waiting += len(values)
        if self._waiting < self._size:
            return
        joined = np.concatenate(self._pending)
        whole = len(joined) // self._size * self._size
        for first in range(0, whole, self._size):
            self._carry(np.sort(joined[first : first + self._size]))
        self._pending, self._waiting = [joined[whole:].copy()], len(joined) - whole

    def _carry(self, buffer: Array) -> None:
        level = 0
        while True:
            if level == len(self._levels):
                self._levels.append(None)
                self._merges.append(0)
            held = self._levels[level]
            if held is None:
                self._levels[level] = buffer
                return
            first = self._merges[level] % 2
            # A copy: a view would keep both buffers alive.
            buffer = np.sort(np.concatenate((held, buffer)), kind="stable")[first::2].copy()
            self._levels[level] = None
            self._merges[level] += 1
            level += 1

    @property
    def rank_error(self) -> float:
        """Bound on the error of a value's rank as a part of all values; 0 is exact."""
        moved = sum((n + 1) // 2 * 2**level for level, n in enumerate(self._merges))
        return float(moved) / max(1, self.count)

    def weighted(self) -> tuple[Array, Array]:
        """Return the kept values in ascending order and their weights, float64 [kept]."""
        parts = [(np.concatenate(self._pending), 1.0)] if self._pending else []
        parts += [(b, 2.0**level) for level, b in enumerate(self._levels) if b is not None]
        if not parts:
            return np.empty(0), np.empty(0)
        values = np.concatenate([part for part, _ in parts])
        weights = np.concatenate([np.full(len(part), weight) for part, weight in parts])
        order = np.argsort(values, kind="stable")
        return values[order], weights[order]

    def quantiles(self, parts: Array) -> Array:
        """Return the quantiles of the values at `parts` in 0 … 1; NaN without values.

        While the result is exact it is the linear interpolation of `numpy.quantile`.
        """
        values, weights = self.weighted()
        if not len(values):
            return np.full(len(parts), np.nan)
        # A value of weight w stands for w values in a row; its rank is in their middle.
        rank = np.cumsum(weights) - (weights + 1) / 2
        return np.interp(parts * (self.count - 1), rank, values)


def share_beyond(values: Array, weights: Array, mean: float, limit: float) -> float:
    """Return the part of weighted values further than `limit` from `mean`."""
    total = float(weights.sum())
    return float(weights[np.abs(values - mean) > limit].sum()) / total if total else 0.0
