"""The steps between rows, in one pass and bounded memory: period, gaps, repeats, set-backs."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.data.reading import sampling

Array = NDArray[np.float64]
Lines = NDArray[np.int64]

GAP_FACTOR = 2.5
"""A step above this many median steps is a gap. Not 1.5: stamps in whole seconds of a logger
whose period is a little above one second step by 2 s now and then without a lost row (5.9% of
the steps of the Skoltech benchmark), and cutting there leaves no window of 40 rows."""

MOST_KEPT = 1000
"""Longest steps, and backward steps, that are kept one by one."""
_MOST_DIFFERENT = 1 << 16
_MANTISSA_BITS = 13
_REGULAR = 1.0 / 64
"""Steps within this part of the commonest are as regular as a clock can be."""
MONTHS = (27.9 * 86_400, 31.1 * 86_400)


class StepCounts:
    """Positive steps counted by value: exactly, or to one part in 2^13 once there are many."""

    def __init__(self) -> None:
        """Start empty."""
        self.counts: Counter[float] = Counter()
        self._coarse = False

    def add(self, steps: Array) -> None:
        """Take positive steps."""
        if self._coarse:
            steps = _coarse(steps)
        values, counts = np.unique(steps, return_counts=True)
        for value, count in zip(values.tolist(), counts.tolist(), strict=True):
            self.counts[value] += count
        if len(self.counts) > _MOST_DIFFERENT and not self._coarse:
            self._coarse = True
            keys = _coarse(np.array(list(self.counts)))
            old, self.counts = self.counts, Counter()
            for key, count in zip(keys.tolist(), old.values(), strict=True):
                self.counts[key] += count

    def sorted(self) -> tuple[Array, NDArray[np.int64]]:
        """Return the step values in ascending order, and how often each occurs."""
        keys = sorted(self.counts)
        return np.array(keys), np.array([self.counts[k] for k in keys], dtype=np.int64)


def _coarse(steps: Array) -> Array:
    bits = steps.view(np.int64) >> (52 - _MANTISSA_BITS)
    return (bits << (52 - _MANTISSA_BITS)).view(np.float64)


def weighted_median(values: Array, counts: NDArray[np.int64]) -> float:
    """Return the median of values that occur `counts` times; ascending order."""
    return float(values[np.searchsorted(np.cumsum(counts), (counts.sum() + 1) // 2)])


@dataclass(frozen=True)
class Jump:
    """A step that stands out: the row after it, and its length."""

    file: str
    line: int
    seconds: float
    after: int
    """Line of the row before it."""


@dataclass
class Steps:
    """Collects the steps of one reading of the time, in its own unit.

    `sign` is -1 where the rows run from the newest to the oldest: steps are counted forward.
    """

    sign: int = 1
    counts: StepCounts = field(default_factory=StepCounts)
    local: StepCounts = field(default_factory=StepCounts)
    longest: list[Jump] = field(default_factory=list)
    backward: list[Jump] = field(default_factory=list)
    repeats: list[Jump] = field(default_factory=list)
    local_first: dict[float, int] = field(default_factory=dict)
    runs: Counter[int] = field(default_factory=Counter)
    rows: int = 0
    positive: int = 0
    zero: int = 0
    negative: int = 0
    wrong: int = 0
    first_wrong: tuple[str, int, str] | None = None
    low: float = np.inf
    high: float = -np.inf
    starts: list[float] = field(default_factory=list)
    _last: dict[str, tuple[float, int]] = field(default_factory=dict)
    _run: int = 0

    def begin_file(self) -> None:
        """Forget the last stamp: files need not follow each other in time."""
        self._last = {}
        self._end_run()
        self.starts.append(np.nan)

    def _end_run(self) -> None:
        if self._run:
            self.runs[self._run + 1] += 1
        self._run = 0

    def add(self, file: str, values: NDArray[Any], lines: Lines, group: str = "") -> None:
        """Take the stamps of a block, or of one group in it.

        Args:
            file: Name of the file.
            values: float64 or int64 [rows]; NaN (or the least integer) is missing.
            lines: int64 [rows].
            group: Whose rows they are; steps stay within a group.
        """
        good = values != np.iinfo(np.int64).min if values.dtype.kind == "i" else np.isfinite(values)
        if not good.all():
            values, lines = values[good], lines[good]
        if not len(values):
            return
        if self.starts and np.isnan(self.starts[-1]):
            self.starts[-1] = float(values[0])
        self.rows += len(values)
        low, high = values.min().item(), values.max().item()
        self.low, self.high = min(self.low, low), max(self.high, high)
        before, lines_before, after, lines_after = values[:-1], lines[:-1], values[1:], lines[1:]
        if group in self._last:
            last, line = self._last[group]
            before = np.concatenate((np.array([last], dtype=values.dtype), before))
            lines_before = np.concatenate(([line], lines_before))
            after, lines_after = values, lines
        self._last[group] = (values[-1].item(), int(lines[-1]))
        steps = (after - before).astype(np.float64)
        self._count(file, self.sign * steps, lines_before, lines_after)

    def _count(self, file: str, steps: Array, before: Lines, after: Lines) -> None:
        zero, negative = steps == 0, steps < 0
        self.zero += int(zero.sum())
        self.negative += int(negative.sum())
        for kept, found in ((self.repeats, zero), (self.backward, negative)):
            for at in np.flatnonzero(found)[: MOST_KEPT - len(kept)].tolist():
                kept.append(Jump(file, int(after[at]), float(steps[at]), int(before[at])))
        self._count_runs(zero)
        positive = steps > 0
        if positive.all():
            self._count_positive(file, steps, before, after)
        elif positive.any():
            self._count_positive(file, steps[positive], before[positive], after[positive])

    def _count_runs(self, zero: NDArray[np.bool_]) -> None:
        """Count how many rows share a stamp; a run goes on from block to block."""
        ends = np.flatnonzero(~zero)
        if not len(ends):
            self._run += len(zero)
            return
        self.runs[self._run + int(ends[0]) + 1] += 1
        lengths, counts = np.unique(np.diff(ends), return_counts=True)
        for length, count in zip(lengths.tolist(), counts.tolist(), strict=True):
            self.runs[length] += count
        self._run = len(zero) - 1 - int(ends[-1])

    def _count_positive(self, file: str, steps: Array, before: Lines, after: Lines) -> None:
        if not len(steps):
            return
        self.positive += len(steps)
        self.counts.add(steps)
        periods = sampling.local_periods(steps)
        self.local.add(periods)
        if len(self.local_first) < MOST_KEPT:
            for group, period in enumerate(periods.tolist()):
                self.local_first.setdefault(period, int(before[group * sampling.GROUP_STEPS]))
        often = max(self.counts.counts.values())
        usual = next(v for v, c in self.counts.counts.items() if c == often)
        limit = 1.2 * usual
        if len(self.longest) == MOST_KEPT:
            limit = max(limit, self.longest[-1].seconds)
        long = np.flatnonzero(steps > limit)
        if len(long):
            long = long[np.argsort(-steps[long], kind="stable")][:MOST_KEPT]
            self.longest += [
                Jump(file, int(after[i]), float(steps[i]), int(before[i])) for i in long.tolist()
            ]
            self.longest.sort(key=lambda jump: -jump.seconds)
            del self.longest[MOST_KEPT:]

    @property
    def period(self) -> float | None:
        """The median positive step, None when there is none."""
        values, counts = self.counts.sorted()
        return weighted_median(values, counts) if len(values) else None

    @property
    def descending(self) -> bool:
        """Whether the rows run from the newest to the oldest."""
        return self.negative > 10 * self.positive and self.negative > 2

    def irregular(self, unit_seconds: float = 1e-9) -> float:
        """Return how many steps are neither near the commonest one nor zero.

        Steps of whole months all through count as regular: a calendar is.
        """
        values, counts = self.counts.sorted()
        if not len(values):
            return 0.0
        seconds = values * unit_seconds
        total = int(counts.sum())
        near = np.abs(values - values[np.argmax(counts)]) <= _REGULAR * values[np.argmax(counts)]
        monthly = int(counts[(seconds > MONTHS[0]) & (seconds < MONTHS[1])].sum())
        return 0.0 if monthly == total else total - int(counts[near].sum())

    def spread(self) -> tuple[int, float] | None:
        """Return rows per stamp and the resolution, when stamps are coarser than the rows.

        Evidence: most rows share their stamp with others, and nearly all runs of equal stamps
        have the same length, give or take one.
        """
        if not self.positive or self.zero < 0.3 * (self.positive + self.zero):
            return None
        lengths = np.array(sorted(self.runs))
        times = np.array([self.runs[n] for n in lengths.tolist()])
        usual = int(weighted_median(lengths.astype(np.float64), times))
        margin = max(1, round(0.15 * usual))
        if usual < 2 or times[np.abs(lengths - usual) <= margin].sum() < 0.8 * times.sum():
            return None
        period = self.period
        assert period is not None
        return usual, period

    def mixed(self) -> tuple[float, float, int] | None:
        """Return the other period of a log of two rates, its share, and the line of its first row.

        None for one rate.
        """
        period = self.period
        if period is None:
            return None
        local, groups = self.local.sorted()
        wrong = sampling.differing(local, period)
        if not sampling.is_mixed(int(groups[wrong].sum()), int(groups.sum())):
            return None
        other = weighted_median(local[wrong], groups[wrong])
        lines = [self.local_first[p] for p in local[wrong].tolist() if p in self.local_first]
        return other, float(groups[wrong].sum() / groups.sum()), min(lines, default=0)
