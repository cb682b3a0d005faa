"""What a log's timestamps and its order tell, in one pass: steps, gaps, stuck stretches."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.data import sampling
from host_tools.data.csv import GAP_FACTOR

Array = NDArray[np.float64]
Lines = NDArray[np.int64]

_MANTISSA_BITS = 13
SHOWN_GAPS = 20
STUCK_ROWS = 60
"""Rows of exactly the same value that count as a stuck stretch: a minute at 1 Hz."""


class _StepCounts:
    """Positive steps counted by value, to one part in 2^13: bounded, whatever the jitter."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def add(self, steps: Array) -> None:
        keys = steps.view(np.int64) >> (52 - _MANTISSA_BITS)
        values, counts = np.unique(keys, return_counts=True)
        for value, count in zip(values.tolist(), counts.tolist(), strict=True):
            self._counts[value] += count

    def sorted(self) -> tuple[Array, NDArray[np.int64]]:
        """Return the step values (the middle of each bin) in ascending order, and counts."""
        keys = np.array(sorted(self._counts), dtype=np.int64)
        low = (keys << (52 - _MANTISSA_BITS)).view(np.float64)
        # A step that ends in zero bits, as whole seconds do, is the low end of its bin.
        return low, np.array([self._counts[k] for k in keys.tolist()], dtype=np.int64)


@dataclass(frozen=True)
class Gap:
    """One step far above the usual one."""

    file: str
    line: int
    seconds: float


@dataclass(frozen=True)
class SamplingFacts:
    """What the timestamps say.

    Attributes:
        period: Median step in seconds, None without timestamps.
        first: Earliest stamp: seconds since 1970 when `is_dated`, else as the log counts; None
            without timestamps.
        last: Latest stamp.
        is_dated: Whether the stamps tell a date.
        steps: (seconds, count) of the most frequent steps, the most frequent first.
        gaps: Steps above GAP_FACTOR median steps.
        gap_seconds: Their sum.
        longest: The longest, at most SHOWN_GAPS.
        duplicates: Rows with the stamp of the row before.
        first_duplicate: File and line of the first, or "".
        backwards: Rows earlier than the row before.
        first_backwards: File and line of the first, or "".
        unreadable: Stamps that cannot be read.
        other_period: Local period of the stretches at another rate, None when there is one rate.
        other_share: Part of the log at another rate.
    """

    period: float | None
    steps: tuple[tuple[float, int], ...] = ()
    gaps: int = 0
    gap_seconds: float = 0.0
    longest: tuple[Gap, ...] = ()
    duplicates: int = 0
    first_duplicate: str = ""
    backwards: int = 0
    first_backwards: str = ""
    unreadable: int = 0
    other_period: float | None = None
    other_share: float = 0.0
    first: float | None = None
    last: float | None = None
    is_dated: bool = False


@dataclass
class Sampling:
    """Collects the steps between rows."""

    _counts: _StepCounts = field(default_factory=_StepCounts)
    _local: _StepCounts = field(default_factory=_StepCounts)
    _long: list[Gap] = field(default_factory=list)
    _last: float | None = None
    _duplicates: list[str] = field(default_factory=list)
    _backwards: list[str] = field(default_factory=list)
    _duplicate_count: int = 0
    _backward_count: int = 0
    _unreadable: int = 0
    _first: float = np.inf
    _final: float = -np.inf
    _is_dated: bool = True

    def begin_file(self) -> None:
        """Forget the last stamp: files need not follow each other in time."""
        self._last = None

    def add(
        self, file: str, seconds: Array, lines: Lines, origin: float = 0.0, is_dated: bool = False
    ) -> None:
        """Take the stamps of a block, float64 [rows] from `origin` on, and their lines."""
        good = np.isfinite(seconds)
        self._unreadable += int((~good).sum())
        seconds, lines = seconds[good], lines[good]
        if not len(seconds):
            return
        self._first = min(self._first, origin + float(seconds.min()))
        self._final = max(self._final, origin + float(seconds.max()))
        self._is_dated &= is_dated
        head = seconds[:1] if self._last is None else np.array([self._last])
        steps = np.diff(seconds, prepend=head)
        if self._last is None:
            steps, lines = steps[1:], lines[1:]
        self._last = float(seconds[-1])
        zero, negative = steps == 0, steps < 0
        self._duplicate_count += _note(self._duplicates, zero, file, lines)
        self._backward_count += _note(self._backwards, negative, file, lines)
        positive = steps > 0
        if positive.any():
            self._count(file, steps[positive], lines[positive])

    def _count(self, file: str, steps: Array, lines: Lines) -> None:
        self._counts.add(steps)
        self._local.add(sampling.local_periods(steps))
        for at in np.argsort(-steps, kind="stable")[:SHOWN_GAPS]:
            self._long.append(Gap(file, int(lines[at]), float(steps[at])))
        self._long = sorted(self._long, key=lambda gap: -gap.seconds)[:SHOWN_GAPS]

    def facts(self) -> SamplingFacts:
        """Return the summary."""
        values, counts = self._counts.sorted()
        common: dict[str, Any] = {
            "duplicates": self._duplicate_count,
            "first_duplicate": self._duplicates[0] if self._duplicates else "",
            "backwards": self._backward_count,
            "first_backwards": self._backwards[0] if self._backwards else "",
            "unreadable": self._unreadable,
        }
        if self._first <= self._final:
            common |= {"first": self._first, "last": self._final, "is_dated": self._is_dated}
        if not len(values):
            return SamplingFacts(period=None, **common)
        period = _median(values, counts)
        gap = values > GAP_FACTOR * period
        often = np.argsort(-counts, kind="stable")[:8]
        local, groups = self._local.sorted()
        wrong = sampling.differing(local, period)
        mixed = sampling.is_mixed(int(groups[wrong].sum()), max(1, int(groups.sum())))
        return SamplingFacts(
            period=period,
            steps=tuple((float(values[i]), int(counts[i])) for i in often),
            gaps=int(counts[gap].sum()),
            gap_seconds=float((values[gap] * counts[gap]).sum()),
            longest=tuple(g for g in self._long if g.seconds > GAP_FACTOR * period),
            other_period=_median(local[wrong], groups[wrong]) if mixed else None,
            other_share=float(groups[wrong].sum() / groups.sum()) if mixed else 0.0,
            **common,
        )


def _note(first: list[str], wrong: NDArray[np.bool_], file: str, lines: Lines) -> int:
    count = int(wrong.sum())
    if count and not first:
        first.append(f"{file}:{int(lines[int(np.argmax(wrong))])}")
    return count


def _median(values: Array, counts: NDArray[np.int64]) -> float:
    return float(values[np.searchsorted(np.cumsum(counts), (counts.sum() + 1) // 2)])


class StuckRuns:
    """Stretches in which a channel repeats one value exactly."""

    def __init__(self, channels: int) -> None:
        """Start with no row seen."""
        self.repeats = np.zeros(channels, dtype=np.int64)
        self.pairs = np.zeros(channels, dtype=np.int64)
        self.runs = np.zeros(channels, dtype=np.int64)
        self.rows = np.zeros(channels, dtype=np.int64)
        self.longest = np.zeros(channels, dtype=np.int64)
        self.longest_at = [""] * channels
        self.squared_steps = np.zeros(channels)
        self._value = np.full(channels, np.nan)
        self._length = np.zeros(channels, dtype=np.int64)
        self._where = [""] * channels

    def add(self, file: str, values: Array, lines: Lines) -> None:
        """Take the rows of a block, float64 [channels, rows], and their lines."""
        joined = np.concatenate((self._value[:, None], values), axis=1)
        before, after = joined[:, :-1], joined[:, 1:]
        same = after == before
        with np.errstate(over="ignore", invalid="ignore"):
            steps = after - before
            there = ~np.isnan(steps)
            self.squared_steps += np.where(there, steps**2, 0.0).sum(axis=1)
        self.repeats += same.sum(axis=1)
        self.pairs += there.sum(axis=1)
        for channel in range(len(values)):
            self._runs_of(channel, file, same[channel], lines)
        self._value = values[:, -1].copy()

    def _runs_of(self, channel: int, file: str, same: NDArray[np.bool_], lines: Lines) -> None:
        starts = np.flatnonzero(~same)
        first_end = int(starts[0]) if len(starts) else len(same)
        self._length[channel] += first_end
        if not len(starts):
            return
        self._close(channel)
        lengths = np.diff(np.append(starts, len(same)))
        inner = lengths[:-1]
        shown = set(np.flatnonzero(inner >= STUCK_ROWS).tolist())
        shown |= {int(np.argmax(inner))} if len(inner) else set()
        for at in sorted(shown):
            self._length[channel] = lengths[at]
            self._where[channel] = f"{file}:{int(lines[starts[at]])}"
            self._close(channel)
        self._length[channel] = lengths[-1]
        self._where[channel] = f"{file}:{int(lines[starts[-1]])}"

    def _close(self, channel: int) -> None:
        length = int(self._length[channel])
        if length >= STUCK_ROWS:
            self.runs[channel] += 1
            self.rows[channel] += length
        if length > self.longest[channel] and self._where[channel]:
            self.longest[channel], self.longest_at[channel] = length, self._where[channel]
        self._length[channel] = 0

    def end_file(self) -> None:
        """Close open runs: the next file starts anew."""
        for channel in range(len(self._value)):
            self._close(channel)
        self._value[:] = np.nan
