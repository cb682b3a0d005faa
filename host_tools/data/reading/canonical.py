"""A log as every verb reads it without options: UTF-8, commas, ISO stamps, units in the header.

Numbers are written so that they read back exactly. `resample` brings a log to one rate first, by a
rule that the user names.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from host_tools.data.reading import clock as clocks
from host_tools.data.reading import pacing, stamps
from host_tools.data.reading.log import Log
from host_tools.data.reading.record import NS, duration
from host_tools.errors import DataError
from host_tools.formats import csv_file

RULES = ("mean", "last")
TIME, LABEL = "time", "anomaly"
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}


@dataclass(frozen=True, eq=False)
class Rows:
    """Some rows: nanoseconds [rows] or None, values [channels, rows], labelled [rows], groups."""

    times: NDArray[np.int64] | None
    values: NDArray[np.float64]
    labelled: NDArray[np.bool_]
    groups: list[str] | None

    def taken(self, order: NDArray[np.int64]) -> "Rows":
        """Return the rows in another order."""
        times = None if self.times is None else self.times[order]
        groups = None if self.groups is None else [self.groups[i] for i in order.tolist()]
        return Rows(times, self.values[:, order], self.labelled[order], groups)


@dataclass(frozen=True)
class Resampling:
    """To which period, and by which rule."""

    period_ns: int
    rule: str


def resampling(period: str, rule: str | None) -> Resampling:
    """Return what --resample and --rule say.

    Raises:
        DataError: No length of time, or no rule: it is not chosen by itself.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+)\s*(us|ms|s|min|h|d)", period.strip())
    if match is None or float(match.group(1)) <= 0:
        raise DataError(f"--resample {period}: give a length such as 100ms, 1s, 5min or 1h")
    if rule not in RULES:
        raise DataError(
            f"--resample {period}: by which rule? give --rule mean (of the rows in each period) or"
            " --rule last (the last row in it)"
        )
    return Resampling(round(float(match.group(1)) * _UNITS[match.group(2)] * NS), rule)


def write(log: Log, wanted: Resampling | None, put: Callable[[str], object]) -> list[str]:
    """Write a log as canonical CSV, piece by piece; return notes.

    A log whose rows change places (newest first) or get times of their own (stamps coarser than
    the rows), or that comes to another rate, lies in memory meanwhile; any other does not.

    Raises:
        DataError: A log without a time, or with groups, is to come to another rate.
    """
    names = _names(log)
    put(csv_file.text(names, []))
    said = [f'"{name}" begins as a formula of a spreadsheet does: written with an apostrophe before'
            " it, which read leaves out again" for name in names
            if name.startswith(csv_file.FORMULA)]  # fmt: skip
    moves = log.choice is not None and (log.choice.clock.backward or log.pace.per_stamp > 1)
    if wanted is None and not moves:
        for rows in _rows(log):
            put(_text(log, rows))
        return said
    whole = _joined(list(_rows(log)))
    if whole.times is None or whole.groups is not None:
        raise DataError("--resample: takes a log with a time, of one machine: give --time")
    if log.choice is not None and log.choice.clock.backward:
        whole = whole.taken(np.arange(len(whole.times))[::-1])
    whole = replace(whole, times=_spread(log, _ticks(whole)))
    if wanted is not None:
        times, values, labelled, note = resample(
            wanted, _ticks(whole), whole.values, whole.labelled
        )
        whole, said = Rows(times, values, labelled, None), [*said, note]
    put(_text(log, whole))
    return said


def _joined(pieces: list[Rows]) -> Rows:
    first = pieces[0]
    return Rows(
        None if first.times is None else np.concatenate([_ticks(piece) for piece in pieces]),
        np.concatenate([piece.values for piece in pieces], axis=1),
        np.concatenate([piece.labelled for piece in pieces]),
        None if first.groups is None else [g for piece in pieces for g in piece.groups or ()],
    )


def _spread(log: Log, times: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return times of their own for rows that share a stamp, to a microsecond."""
    if log.pace.per_stamp == 1:
        return times
    there = times != stamps.MISSING
    start = int(times[there].min())
    seconds = np.where(there, (times - start) / NS, np.nan)
    broken = pacing.jumps(seconds, log.pace, rate_given=log.options.rate is not None)
    evenly = pacing.spread(seconds, broken, log.pace)
    ticks = np.round(np.where(there, evenly, 0.0) * 1e6).astype(np.int64) * 1000 + start
    return np.where(there, ticks, stamps.MISSING)


def _ticks(piece: Rows) -> NDArray[np.int64]:
    assert piece.times is not None
    return piece.times


def resample(
    wanted: Resampling,
    times: NDArray[np.int64],
    values: NDArray[np.float64],
    labelled: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_], str]:
    """Bring rows to one period: the mean, or the last value, of each channel in each period.

    A period without any row stays away (a gap); a channel without a value in it has none. A period
    is labelled when one of its rows is.
    """
    kept = times != stamps.MISSING
    bins = times[kept] // wanted.period_ns
    frame = pd.DataFrame(values[:, kept].T).groupby(bins, sort=True)
    joined = frame.mean() if wanted.rule == "mean" else frame.last()
    marks = pd.Series(labelled[kept]).groupby(bins, sort=True).any()
    new = joined.index.to_numpy(dtype=np.int64) * wanted.period_ns
    word = "mean" if wanted.rule == "mean" else "last value"
    note = (
        f"resampled to one row every {duration(wanted.period_ns / NS)}, the {word} of each channel:"
        f" {len(times):,} rows became {len(new):,}; nothing is filled in"
    )
    return new, joined.to_numpy(dtype=np.float64).T, marks.to_numpy(dtype=np.bool_), note


def _names(log: Log) -> list[str]:
    names = [] if log.choice is None else [TIME]
    for name in log.names:
        unit = log.reading.units.get(name, "")
        inside = unit and re.search(rf"[\[(]\s*{re.escape(unit)}\s*[\])]\s*$", name)
        names.append(f"{name} [{unit}]" if unit and not inside else name)
    names += [log.options.group] if log.options.group else []
    return names + ([LABEL] if log.roles.labels else [])


def _rows(log: Log) -> Iterator[Rows]:
    for block in log.blocks():
        times = None
        if log.choice is not None and block.stamps is not None:
            times = _absolute(block.stamps, log.choice.clock)
        groups = None if block.groups is None else [str(group) for group in block.groups]
        yield Rows(times, block.values, block.labelled, groups)


def _absolute(values: NDArray[Any], clock: clocks.Clock) -> NDArray[np.int64]:
    """Return stamps in nanoseconds since 1970, or since the clock's own zero."""
    if not clock.numeric:
        return values.astype(np.int64)
    good = np.isfinite(values.astype(np.float64))
    safe = np.where(good, values, 0)
    if clock.unit == "ns":
        ticks = safe.astype(np.int64)
    elif clock.unit == "excel":
        ticks = np.round((safe - clocks.EXCEL_EPOCH) * 86_400e3).astype(np.int64) * 1_000_000
    elif values.dtype.kind == "i":
        ticks = safe.astype(np.int64) * round(clocks.UNITS[clock.unit] * NS)
    else:
        ticks = np.round(safe * clocks.UNITS[clock.unit] * 1e6).astype(np.int64) * 1000
    return np.where(good, ticks, stamps.MISSING)


def _text(log: Log, rows: Rows) -> str:
    columns: list[Sequence[str]] = [] if rows.times is None else [_iso(rows.times)]
    columns += [["" if np.isnan(v) else _number(v) for v in row.tolist()] for row in rows.values]
    if rows.groups is not None:
        columns.append(rows.groups)
    if log.roles.labels:
        columns.append(["1" if flag else "0" for flag in rows.labelled.tolist()])
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(zip(*columns, strict=True))
    return stream.getvalue()


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _iso(times: NDArray[np.int64]) -> list[str]:
    """Return stamps in ISO 8601 with as many digits as the finest of them needs."""
    good = times != stamps.MISSING
    unit = next(
        unit
        for unit, size in (("s", NS), ("ms", 10**6), ("us", 10**3), ("ns", 1))
        if not (times[good] % size).any()
    )
    safe = np.where(good, times, 0).astype("datetime64[ns]").astype(f"datetime64[{unit}]")
    texts = np.datetime_as_string(safe).tolist()
    return [text if there else "" for text, there in zip(texts, good.tolist(), strict=True)]
