"""What whole columns show: extremes, steps, distinct values, texts; in one pass, bounded memory."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from host_tools.data.reading import numbers
from host_tools.data.reading.numbers import Evidence as NumberEvidence

Array = NDArray[np.float64]
Lines = NDArray[np.int64]
Texts = NDArray[np.object_]

MOST_DISTINCT = 64
SAMPLE = 4096


@dataclass
class Column:
    """What one column showed.

    Attributes:
        name: Its name.
        rows: All rows.
        count: Rows with a finite number.
        infinite: Rows with an infinite number.
        low, high: Extremes; `low_count`, `high_count` say how often, `low_next`, `high_next` what
            the nearest other value is.
        whole: Whether every number is a whole one.
        rising, flat, falling: Steps between neighbouring rows of a file, by sign.
        least_step, most_step: Of the steps.
        distinct: Numbers and how often each occurs, None once there are over MOST_DISTINCT.
        changes: Steps that are not zero.
        sample: Some numbers, evenly spread.
        texts: Cells of a column of text and how often each occurs, None once too many.
        filled_texts: Cells of text that are not markers of missing.
        numbers: What cells of text showed as numbers.
    """

    name: str
    rows: int = 0
    count: int = 0
    infinite: int = 0
    low: float = np.inf
    high: float = -np.inf
    low_count: int = 0
    high_count: int = 0
    low_next: float = np.inf
    high_next: float = -np.inf
    whole: bool = True
    rising: int = 0
    flat: int = 0
    falling: int = 0
    least_step: float = np.inf
    most_step: float = -np.inf
    distinct: Counter[float] | None = field(default_factory=Counter)
    changes: int = 0
    sample: list[float] = field(default_factory=list)
    texts: Counter[str] | None = field(default_factory=Counter)
    filled_texts: int = 0
    text_changes: int = 0
    numbers: NumberEvidence = field(default_factory=NumberEvidence)
    text_cells: int = 0
    last: float = np.nan
    last_text: str | None = None
    stride: int = 1

    @property
    def missing(self) -> int:
        """Rows without a finite number."""
        return self.rows - self.count

    @property
    def constant(self) -> bool:
        """Whether all its numbers are equal."""
        return self.count > 0 and self.low == self.high

    @property
    def steps(self) -> int:
        """Steps between neighbouring numbers."""
        return self.rising + self.flat + self.falling

    def begin_file(self) -> None:
        """Forget the last row: the next file starts anew."""
        self.last, self.last_text = np.nan, None

    def add_text(self, cells: Texts, codes: Lines, uniques: Texts) -> None:
        """Take cells of a column of text, with their codes."""
        self.rows += len(cells)
        if self.texts is None:
            return
        for cell, count in zip(uniques, np.bincount(codes, minlength=len(uniques)), strict=True):
            text = cell.strip()
            self.texts[text] += int(count)
            if text.lower() not in numbers.MISSING:
                self.filled_texts += int(count)
        self.text_changes += int(np.count_nonzero(np.diff(codes)))
        if self.last_text is not None and cells[0] != self.last_text:
            self.text_changes += 1
        self.last_text = cells[-1]
        if len(self.texts) > 1000:
            self.texts = None


def add_numbers(columns: list[Column], values: Array, breaks: NDArray[np.bool_] | None) -> None:
    """Take the numbers of a block.

    Args:
        columns: One per row of `values`.
        values: float64 [columns, rows]; NaN is missing.
        breaks: bool [rows], rows that begin another group; None for none.
    """
    if not columns or not values.shape[1]:
        return
    finite = np.isfinite(values)
    everything = bool(finite.all())
    clean = values if everything else np.where(finite, values, np.nan)
    counts = finite.sum(axis=1)
    _extremes(columns, clean, finite, everything)
    last = np.array([column.last for column in columns])
    steps = np.diff(clean, axis=1, prepend=last[:, None])
    if breaks is not None and breaks.any():
        steps[:, breaks] = np.nan
    _steps(columns, steps)
    for row, column in enumerate(columns):
        column.rows += values.shape[1]
        column.count += int(counts[row])
        if not everything:
            column.infinite += int(np.isinf(values[row]).sum())
            there = np.flatnonzero(finite[row])
            column.last = float(clean[row, -1]) if finite[row, -1] else np.nan
            numbers_here = clean[row, there] if len(there) < values.shape[1] else clean[row]
        else:
            column.last, numbers_here = float(clean[row, -1]), clean[row]
        _distinct(column, numbers_here)
        _sample(column, numbers_here)


def _extremes(
    columns: list[Column], clean: Array, finite: NDArray[np.bool_], everything: bool
) -> None:
    """Merge lowest and highest, how often they occur, and the nearest other values."""
    low_filled = clean if everything else np.where(finite, clean, np.inf)
    high_filled = clean if everything else np.where(finite, clean, -np.inf)
    low, high = low_filled.min(axis=1), high_filled.max(axis=1)
    for row, column in enumerate(columns):
        if low[row] <= column.low or low[row] < column.low_next:
            here = low_filled[row]
            count, following = _next(here, low[row], np.inf)
            column.low, column.low_count, column.low_next = _merge(
                (column.low, column.low_count, column.low_next), (low[row], count, following)
            )
        if high[row] >= column.high or high[row] > column.high_next:
            count, following = _next(-high_filled[row], -high[row], np.inf)
            merged = _merge(
                (-column.high, column.high_count, -column.high_next), (-high[row], count, following)
            )
            column.high, column.high_count, column.high_next = -merged[0], merged[1], -merged[2]


def _next(values: Array, low: float, none: float) -> tuple[int, float]:
    """Return how often the lowest value occurs, and the lowest of the others."""
    others = values[values > low]
    return len(values) - len(others), float(others.min()) if len(others) else none


def _merge(
    one: tuple[float, int, float], two: tuple[float, int, float]
) -> tuple[float, int, float]:
    if not np.isfinite(two[0]):
        return one
    low = min(one[0], two[0])
    count = (one[1] if one[0] == low else 0) + (two[1] if two[0] == low else 0)
    rest = [value for value in (one[0], one[2], two[0], two[2]) if value > low]
    return float(low), count, float(min(rest, default=np.inf))


def _steps(columns: list[Column], steps: Array) -> None:
    with np.errstate(invalid="ignore"):
        rising, falling, flat = (steps > 0), (steps < 0), (steps == 0)
    up, down, same = rising.sum(axis=1), falling.sum(axis=1), flat.sum(axis=1)
    for row, column in enumerate(columns):
        column.rising += int(up[row])
        column.falling += int(down[row])
        column.flat += int(same[row])
        column.changes += int(up[row] + down[row])
        if column.falling > 0.02 * column.steps + 1:
            continue  # No clock: its steps are of no interest.
        here = steps[row]
        here = here[~np.isnan(here)]
        if len(here):
            column.least_step = min(column.least_step, float(here.min()))
            column.most_step = max(column.most_step, float(here.max()))


def _distinct(column: Column, values: Array) -> None:
    if column.whole and len(values):
        head = values[:256]
        if not (head == np.floor(head)).all() or not (values == np.floor(values)).all():
            column.whole = False
    if column.distinct is None or not len(values):
        return
    if len(np.unique(values[:1024])) > MOST_DISTINCT:
        column.distinct = None
        return
    found, counts = np.unique(values, return_counts=True)
    for value, count in zip(found.tolist(), counts.tolist(), strict=True):
        column.distinct[value] += count
    if len(column.distinct) > MOST_DISTINCT:
        column.distinct = None


def _sample(column: Column, values: Array) -> None:
    """Keep every `stride`-th number; the stride doubles when there are too many."""
    column.sample += values[:: column.stride].tolist()
    while len(column.sample) > SAMPLE:
        column.sample = column.sample[::2]
        column.stride *= 2


@dataclass(frozen=True)
class Sentinel:
    """A value that stands for "no value": an exact extreme, far from all others, several times."""

    channel: str
    value: float
    rows: int
    distance: float
    """From the nearest other value, in standard deviations of the others."""


CODES = frozenset(
    (-1.0, -9.0, -99.0, -99.9, -99.99, -200.0, -999.0, -999.9, -999.25, -999.99, -9999.0,
     -9999.9, -99999.0, -999999.0, -32768.0, -32767.0, 99.0, 99.9, 999.0, 999.9, 999.99, 9999.0,
     9999.9, 9999.99, 99999.0, 999999.0, 32767.0, 65535.0, 65534.0, 2147483647.0, -2147483648.0,
     4294967295.0, 85.0, -127.0, 255.0, 1e30, -1e30, 1e20, -7999.0, 6999.0, 7999.0)
)  # fmt: skip
"""Numbers that loggers and sensors are known to write for "no value"."""


def sentinels(column: Column) -> list[Sentinel]:
    """Return the extremes of a column that look like markers of missing.

    Unknown values must stand over ten times the spread of the rest away from it and occur at
    least twice; known codes only outside the rest by a tenth of it (and once will do when they
    are as far as the unknown).
    """
    found = []
    values = np.array(column.sample)
    for value, count, other in (
        (column.low, column.low_count, column.low_next),
        (column.high, column.high_count, column.high_next),
    ):
        if column.count < 8 or not np.isfinite(value) or not np.isfinite(other):
            continue
        rest = values[(values != column.low) & (values != column.high)]
        if len(rest) < 4 or count > 0.95 * column.count:
            continue
        spread = float(rest.max() - rest.min())
        std, gap = float(rest.std()), abs(other - value)
        if std == 0 or spread == 0:
            continue
        known = value in CODES
        far = gap > 10 * spread and (count >= 2 or known)
        near = known and count >= 2 and gap > 0.1 * spread and _strange(value, rest)
        if far or near:
            found.append(Sentinel(column.name, value, count, gap / std))
    return found


def _strange(value: float, rest: Array) -> bool:
    """Whether the sign or the size of a known code is unlike the rest's."""
    return bool((value < 0 and (rest >= 0).all()) or abs(value) > 1.5 * float(np.abs(rest).max()))
