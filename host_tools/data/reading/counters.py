"""Columns of numbers that count rows or tell the time, and no sensor's value."""

import re

import numpy as np

from host_tools.data.reading import clock as clocks
from host_tools.data.reading.evidence import Column
from host_tools.data.reading.pick import Choice
from host_tools.data.reading.scan import Survey
from host_tools.errors import DataError

LEAST_EVIDENCE = 8
"""Rows from which a steady rise under a counter's name is a counter and no accident."""
SURE_EVIDENCE = 100
"""Rows from which whole numbers that rise by equal steps are a counter, whatever their name."""
_COUNTER = re.compile(
    r"^(?:index|idx|id|udi|uid|no|nr|num|number|n|row|rowid|rownr|rownumber|line|sample|samplenr"
    r"|sampleno|samples|seq|seqno|sequence|record|recordnr|recordno|recno|rec|count|counter|cycle"
    r"|cycles|tick|ticks|frame|step|item|unnamed:0|lfd|lfdnr|#|i|k|entry|point|scan|scannr)$"
)
_CALENDAR = {
    "year": (1900, 2200), "month": (1, 12), "day": (1, 31), "hour": (0, 24), "minute": (0, 60),
    "second": (0, 60), "weekday": (0, 7), "dayofweek": (0, 7), "dow": (0, 7), "week": (0, 54),
    "dayofyear": (0, 367), "doy": (0, 367), "hr": (0, 24), "min": (0, 60), "sec": (0, 60),
}  # fmt: skip


def why(
    survey: Survey, choice: Choice | None, column: Column, rate: float | None = None
) -> str | None:
    """Return why a column of numbers is a clock or a counter, None when it is a sensor.

    Raises:
        DataError: It tells the time, but how cannot be told.
    """
    steps, name = column.steps, column.name
    bare = name.strip().lower().replace("_", "").replace(" ", "")
    limits = _CALENDAR.get(bare)
    if (
        limits
        and column.whole
        and column.low >= limits[0]
        and column.high <= limits[1]
        and (choice or rate)
    ):
        return "a part of the date or the time"
    if limits and column.whole and column.changes and choice is None:
        raise DataError(
            f'column "{name}" is a part of a date or time that the log does not hold as a whole:'
            f' give --rate HZ, or --ignore "{name}"'
        )
    if choice is None and rate is None and clocks.is_time_name(name):
        _ask_restarts(survey, column)
    if column.rows < LEAST_EVIDENCE or steps < LEAST_EVIDENCE - 1:
        return None
    restarts = 0 < column.falling <= 0.1 * steps and column.flat == 0 and column.most_step == 1
    if column.whole and column.low in (0.0, 1.0) and restarts and column.rising:
        _ask_group(survey, column)
        return f"rises by 1 with every row and starts again {column.falling:,} times: a counter"
    if column.rising == 0 or column.falling or column.flat:
        return None
    alike = column.most_step <= column.least_step * (1 + 1e-6) + _rounding(column)
    named = _COUNTER.search(bare) is not None or clocks.is_time_name(name)
    sure = column.whole and alike and column.rows >= SURE_EVIDENCE
    if named and choice is not None:
        return "rises with every row: another clock, or a counter"
    if column.whole and column.least_step == 1 == column.most_step and (named or sure):
        return "rises by 1 with every row: a counter"
    if choice is not None:
        return f"rises by {column.least_step:g} with every row: a counter" if sure else None
    usual = float(np.median(np.diff(column.sample))) / column.stride if column.sample else 0.0
    if alike and (named or sure):
        raise DataError(_ask_clock(name, column.least_step))
    _jittery(column, usual)
    return None


def _ask_restarts(survey: Survey, column: Column) -> None:
    """Ask about a clock that starts again in a log without any other: runs below each other."""
    few = 0 < column.falling <= 0.1 * column.steps and column.flat == 0
    if few and column.rows >= LEAST_EVIDENCE:
        _ask_group(survey, column)
        raise DataError(
            f'"{column.name}" rises like a clock and starts again {column.falling:,} times: runs'
            f' below each other? give --time "{column.name}" (a start is a gap), or --ignore'
            f' "{column.name}"'
        )


def _ask_group(survey: Survey, counter: Column) -> None:
    """Ask when a counter starts again wherever another column changes: machines in one file."""
    if survey.groups:
        return
    for other in survey.columns.values():
        numbered = other.whole and other.rising == other.changes == counter.falling
        if other is not counter and (numbered or other.text_changes == counter.falling):
            raise DataError(
                f'"{counter.name}" starts again {counter.falling:,} times, where "{other.name}"'
                f' changes: several machines or runs in one file? give --group "{other.name}", or'
                f' --ignore "{counter.name}"'
            )


def _ask_clock(name: str, step: float) -> str:
    return (
        f'column "{name}" rises by {step:g} with every row: a clock or a counter? give --time'
        f' "{name}", or --ignore "{name}", or name the --channels'
    )


def _rounding(column: Column) -> float:
    """Return by how much equal steps of printed numbers may differ."""
    return 2e-15 * max(abs(column.low), abs(column.high))


def _jittery(column: Column, usual: float) -> None:
    """Ask about a steady rise in a log without any time, give or take a quarter of its steps."""
    values = np.diff(np.array(column.sample)) / column.stride
    if column.rows < SURE_EVIDENCE or not len(values):
        return
    if (np.abs(values - usual) < 0.25 * usual).mean() > 0.9:
        raise DataError(_ask_clock(column.name, usual))
