"""Analysis of a log's timestamps and order, in one pass: steps, gaps, stuck stretches."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.data.reading.clock import since_1970
from host_tools.data.reading.log import Log
from host_tools.data.reading.steps import GAP_FACTOR, Jump, weighted_median

Array = NDArray[np.float64]
Lines = NDArray[np.int64]

SHOWN_GAPS = 20
STUCK_ROWS = 60
"""Number of rows of exactly the same value that count as a stuck stretch: a minute at 1 Hz."""


@dataclass(frozen=True)
class Gap:
    """One step far above the usual one."""

    file: str
    line: int
    seconds: float


@dataclass(frozen=True)
class SamplingFacts:
    """Sampling of a log by its timestamps.

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


def sampling_facts(log: Log) -> SamplingFacts:
    """Return what the timestamps of a log that has been looked at say, in seconds."""
    if log.choice is None:
        return SamplingFacts(period=None)
    steps, unit = log.choice.steps, log.choice.unit_seconds
    values, counts = steps.counts.sorted()
    common: dict[str, Any] = {
        "duplicates": 0 if log.pace.per_stamp > 1 else steps.zero,
        "first_duplicate": _where(log, steps.repeats),
        "backwards": steps.negative,
        "first_backwards": _where(log, steps.backward),
        "unreadable": steps.wrong,
    }
    if steps.rows:
        ends = np.array([steps.low, steps.high])
        first, last = since_1970(ends, log.choice.clock).tolist()
        common |= {"first": first, "last": last, "is_dated": log.choice.dated}
    if not len(values):
        return SamplingFacts(period=None, **common)
    period = weighted_median(values, counts)
    gap = values > GAP_FACTOR * period
    often = np.argsort(-counts, kind="stable")[:8]
    other = steps.mixed()
    long = [jump for jump in steps.longest if jump.seconds > GAP_FACTOR * period]
    return SamplingFacts(
        period=log.pace.period,
        steps=tuple((float(values[i] * unit), int(counts[i])) for i in often),
        gaps=int(counts[gap].sum()),
        gap_seconds=float((values[gap] * counts[gap]).sum() * unit),
        longest=tuple(Gap(_shown(log, j), j.line, j.seconds * unit) for j in long[:SHOWN_GAPS]),
        other_period=None if other is None else other[0] * unit,
        other_share=0.0 if other is None else other[1],
        **common,
    )


def _where(log: Log, jumps: list[Jump]) -> str:
    return f"{_shown(log, jumps[0])}:{jumps[0].line}" if jumps else ""


def _shown(log: Log, jump: Jump) -> str:
    names = [file.name for file in log.files]
    return log.reading.files[names.index(jump.file)]


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
