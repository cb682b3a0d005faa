"""Which columns tell the time, and in what unit or order: candidates, then the one that fits.

A candidate is judged by the steps of the whole log: stamps that it makes impossible, steps
backward, steps that are not regular.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from host_tools.data.reading import stamps
from host_tools.data.reading.files import Frame

NUMBER, PARTS, FORMAT = "number", "parts", "format"
UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0, "excel": 86_400.0}
"""Seconds of one unit of a number."""
EXCEL_EPOCH = 25_569
"""Excel's day number of 1970-01-01."""

_NAME = re.compile(
    r"(?:^|[^a-z])(?:date|time|datetime|timestamp|time_?stamp|ts|t|epoch|unix|clock|millis|micros"
    r"|datum|zeit|uhrzeit|zeitstempel|fecha|hora|heure|horodatage|data|ora|tijd|czas|utc)"
    r"(?:$|[^a-z])|timestamp|datetime|date_?time|epoch|unixtime|uptime|elapsed|_time$|^time|时间|日期|時刻|日時"
)
_UNIT_NAMES = (
    ("ms", r"(?:^|[^a-z])(?:ms|msec|millis|milliseconds?|millisec)(?:$|[^a-z])"),
    ("us", r"(?:^|[^a-zµμ])(?:us|µs|μs|usec|micros|microseconds?)(?:$|[^a-z])"),
    ("ns", r"(?:^|[^a-z])(?:ns|nsec|nanos|nanoseconds?)(?:$|[^a-z])"),
    ("min", r"(?:^|[^a-z])(?:minutes?|mins?)(?:$|[^a-z])"),
    ("h", r"(?:^|[^a-z])(?:hours?|hrs?|h)(?:$|[^a-z])"),
    ("s", r"(?:^|[^a-z])(?:s|sec|secs|seconds?|sekunden)(?:$|[^a-z])"),
)
_PART_NAMES = (
    ("year", "yr", "jahr"), ("month", "mon", "mo", "monat"), ("day", "dy", "tag"),
    ("hour", "hr", "stunde"), ("minute", "min"), ("second", "sec"),
)  # fmt: skip

_DAY_OF_YEAR = ("doy", "dayofyear", "day_of_year", "day of year", "jday", "julian day", "yday")


@dataclass(frozen=True)
class Clock:
    """One reading of the time.

    Attributes:
        columns: One, or several that are joined.
        order: Of day, month and year (`stamps`), or NUMBER, PARTS, FORMAT.
        unit: Of a NUMBER: a key of UNITS; "" while it is not decided.
        format: Of FORMAT: for strptime.
        written: How a stamp is written, for people.
        backward: Whether rows run from the newest to the oldest.
    """

    columns: tuple[str, ...]
    order: str
    unit: str = ""
    format: str = ""
    written: str = ""
    backward: bool = False

    @property
    def numeric(self) -> bool:
        """Whether it is a column of numbers."""
        return self.order == NUMBER


def is_time_name(name: str) -> bool:
    """Whether a column is called like a time."""
    return _NAME.search(name.strip().lower()) is not None


def unit_of_name(name: str) -> str:
    """Return the unit of time that a name tells, or ""."""
    low = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().replace("_", " ")
    return next((key for key, pattern in _UNIT_NAMES if re.search(pattern, low)), "")


def parts_of(names: Sequence[str]) -> tuple[str, ...]:
    """Return the columns year, month, day and so on, when there are at least these three.

    Year and day of the year serve as well.
    """
    by_day = _columns(names, (_PART_NAMES[0], _DAY_OF_YEAR, *_PART_NAMES[3:]))
    found = _columns(names, _PART_NAMES)
    return found if len(found) >= 3 else by_day if len(by_day) >= 2 else ()


def _columns(names: Sequence[str], wanted: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    found = []
    for choices in wanted:
        name = next((n for n in names if n.strip().lower() in choices), None)
        if name is None:
            break
        found.append(name)
    return tuple(found)


class Hand:
    """Reads one clock from frames; a time of day without a date goes on after midnight."""

    def __init__(self, clock: Clock, missing: frozenset[str]) -> None:
        """Start at the first file."""
        self.clock, self._missing = clock, missing
        self._offset, self._last = 0, stamps.MISSING

    def begin_file(self) -> None:
        """Start anew: another file may begin on another day."""
        self._offset, self._last = 0, stamps.MISSING

    def values(
        self, frame: Frame, cache: dict[str, stamps.ShapedCells]
    ) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Return the stamps of a frame.

        Args:
            frame: Holds the clock's columns.
            cache: Keeps what `stamps.shapes` found, by column.

        Returns:
            Nanoseconds, int64 [rows] (`stamps.MISSING` is missing), or raw numbers, float64 or
            int64 [rows]; and bool [rows], cells that cannot be read.
        """
        clock = self.clock
        if clock.order == NUMBER:
            return _numbers(frame.columns[clock.columns[0]])
        if clock.order == PARTS:
            return _parts(frame, clock.columns)
        if clock.order == FORMAT:
            return _formatted(frame, clock, self._missing)
        blocks = []
        for name in clock.columns:
            if name not in cache:
                cache[name] = stamps.shapes(frame.columns[name].tolist(), self._missing)
            blocks.append(cache[name])
        ticks, wrong = stamps.parse(blocks[0], clock.order)
        if len(blocks) == 2:
            more, bad = stamps.parse(blocks[1], stamps.NO_DATE)
            lost = (ticks == stamps.MISSING) | (more == stamps.MISSING)
            ticks = np.where(lost, stamps.MISSING, ticks + more)
            wrong = wrong | bad | (~lost & (more > stamps.DAY_NS))
        elif clock.order == stamps.NO_DATE:
            ticks = self._unwrapped(ticks)
        return ticks, wrong

    def _unwrapped(self, ticks: stamps.Ticks) -> stamps.Ticks:
        good = ticks != stamps.MISSING
        here = ticks[good]
        if not len(here):
            return ticks
        first = here[0] if self._last == stamps.MISSING else self._last
        wraps = np.cumsum(np.diff(here, prepend=first) < -stamps.DAY_NS // 2)
        self._last = int(here[-1])
        out = ticks.copy()
        out[good] = here + self._offset + wraps * stamps.DAY_NS
        self._offset += int(wraps[-1]) * stamps.DAY_NS
        return out


def _numbers(cells: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    if cells.dtype == object:
        texts = pd.Series(cells).str.strip().str.replace(",", ".", regex=False)
        values = pd.to_numeric(texts, errors="coerce").to_numpy(dtype=np.float64)
        blank = np.array([not str(cell).strip() for cell in cells])
        return values, np.isnan(values) & ~blank
    return cells, np.zeros(len(cells), dtype=np.bool_)


def _parts(frame: Frame, names: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    fields = [_numbers(frame.columns[name])[0].astype(np.float64) for name in names]
    lost = np.isnan(np.sum(fields, axis=0))
    whole = [np.where(lost, 1, field).astype(np.int64) for field in fields[:3]]
    if names[1].strip().lower() in _DAY_OF_YEAR:
        first = np.ones_like(whole[0])
        days, rest = stamps.days_from_civil(whole[0], first, first) + whole[1] - 1, fields[2:]
    else:
        days, rest = stamps.days_from_civil(whole[0], whole[1], whole[2]), fields[3:]
    wrong = lost.copy()
    seconds = np.zeros(len(lost))
    for field, size, most in zip(rest, (3600.0, 60.0, 1.0), (24, 60, 61), strict=False):
        filled = np.where(lost, 0.0, field)
        wrong |= (filled < 0) | (filled > most)
        seconds = seconds + filled * size
    ticks = days * stamps.DAY_NS + np.round(seconds * 1e6).astype(np.int64) * 1000
    return np.where(wrong, stamps.MISSING, ticks), wrong


def _formatted(
    frame: Frame, clock: Clock, missing: frozenset[str]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    columns = [frame.columns[name].tolist() for name in clock.columns]
    joined = [" ".join(cells).strip() for cells in zip(*columns, strict=True)]
    found = pd.to_datetime(pd.Series(joined), format=clock.format, errors="coerce", utc=True)
    lost = found.isna().to_numpy()
    ticks = found.astype("datetime64[ns, UTC]").astype("int64").to_numpy()
    blank = np.array([cell.lower() in missing for cell in joined])
    return np.where(lost, stamps.MISSING, ticks), lost & ~blank


def in_seconds(values: NDArray[Any], unit: str) -> NDArray[np.float64]:
    """Return numbers of a unit in seconds; whole fractions of a second by division, exactly."""
    parts = {"ms": 1e3, "us": 1e6, "ns": 1e9}.get(unit)
    return np.asarray(values / parts if parts else values * UNITS[unit], dtype=np.float64)


def since_1970(values: NDArray[Any], clock: Clock) -> NDArray[np.float64]:
    """Return stamps as seconds since 1970 (or the clock's own zero), float64; NaN is missing."""
    if not clock.numeric:
        return np.where(values == stamps.MISSING, np.nan, values / stamps.NS)
    if clock.unit == "excel":
        days = values.astype(np.float64) - EXCEL_EPOCH
        return np.asarray(np.round(days * 86_400e3) / 1e3)
    return in_seconds(values, clock.unit)


def absolute_ns(value: float, clock: Clock) -> int:
    """Return one stamp in nanoseconds since 1970 (or since 0, when numbers start elsewhere)."""
    if not clock.numeric:
        return int(value)
    if clock.unit == "excel":
        # Excel's days hold about a microsecond; a second that is nearly whole is whole.
        return round((value - EXCEL_EPOCH) * 86_400e3) * 1_000_000
    if clock.unit == "ns":
        return int(value)
    return round(value * UNITS[clock.unit] * 1e6) * 1000
