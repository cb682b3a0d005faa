"""The clock that fits: order of dates, unit of numbers, and which of several columns."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from host_tools.data.reading import clock as clocks
from host_tools.data.reading import stamps
from host_tools.data.reading.clock import Clock
from host_tools.data.reading.options import ReadingOptions
from host_tools.data.reading.scan import Survey
from host_tools.data.reading.steps import Steps
from host_tools.errors import DataError

_ABSOLUTE = (6.3e8, 4.2e9)
"""Seconds since 1970 of 1990 … 2103."""
_EXCEL_DAYS = (20_000.0, 80_000.0)
"""Excel's days of 1954 … 2119."""
_SECONDS = {1, 60, 120, 180, 240, 300, 360, 600, 720, 900, 1200, 1800, 3600, 7200, 10_800, 14_400,
            21_600, 43_200, 86_400}  # fmt: skip
"""Steps that a logger of seconds uses, and none of milliseconds."""
_MILLISECONDS = {8, 16, 17, 25, 33, 40, 50, 62, 63, 66, 67, 80}
_WORDS = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds",
          "min": "minutes", "h": "hours", "excel": "days of a spreadsheet"}  # fmt: skip
_MINUTE = 61
"""More different numbers than a minute has seconds, without one that no time of day has."""
MOST_BACKWARD = 0.01
"""Part of the steps that may run backward, each a gap; one always may."""


@dataclass(frozen=True)
class Choice:
    """The clock, its steps, and how it was found."""

    clock: Clock
    steps: Steps
    why: str = ""

    @property
    def dated(self) -> bool:
        """Whether the stamps tell a date."""
        if not self.clock.numeric:
            return self.clock.order != stamps.NO_DATE
        since = _absolute_unit(self.steps.low, self.steps.high) == self.clock.unit
        return since or self.clock.unit == "excel"

    @property
    def unit_seconds(self) -> float:
        """Seconds of one unit of its steps."""
        return clocks.UNITS[self.clock.unit] if self.clock.numeric else 1.0 / stamps.NS


def forward(steps: Steps) -> bool:
    """Whether steps are those of a clock, but for a few set-backs."""
    total = steps.positive + steps.negative
    if steps.descending:
        return True
    return steps.positive > 0 and steps.negative <= max(1, MOST_BACKWARD * total)


def choose(survey: Survey, options: ReadingOptions, file: str) -> Choice | None:
    """Return the clock of a log, None when it has none.

    Raises:
        DataError: Two readings fit, or none does; the message names the option that decides.
    """
    by_columns: dict[tuple[str, ...], list[tuple[Clock, Steps]]] = {}
    for clock, steps in survey.clocks.items():
        by_columns.setdefault(clock.columns, []).append((clock, steps))
    found = []
    decided: set[str] = set()
    for columns, readings in sorted(by_columns.items(), key=lambda one: -len(one[0])):
        if decided.issuperset(columns):
            continue
        said = set(columns) == set(options.time)
        best = _order(file, readings, options.day_first)
        if said or _usable(survey, best):
            found.append((_rank(survey, best), best))
            if len(columns) == 2 and forward(best.steps) and not best.steps.wrong:
                # The days of a joined pair are not asked about once more.
                decided.update(columns)
    if options.time:
        found = [one for one in found if set(one[1].clock.columns) == set(options.time)] or found
        if not found and not options.kept:
            raise DataError(f"--time {','.join(options.time)}: holds neither dates nor numbers that"
                            " tell the time")  # fmt: skip
    if not found:
        return None
    best = min(found, key=lambda one: one[0])[1]
    return _with_unit(survey, best, options) if best.clock.numeric else best


def _usable(survey: Survey, choice: Choice) -> bool:
    """Whether nobody need say that this is a clock."""
    clock, steps = choice.clock, choice.steps
    if not (steps.positive or steps.negative):
        return clock.order != clocks.NUMBER and steps.rows == 1
    if not clock.numeric:
        return True
    column = survey.columns[clock.columns[0]]
    if not forward(steps) or column.text_cells:
        return False
    if _absolute_unit(steps.low, steps.high):
        return True
    return clocks.is_time_name(clock.columns[0])


def _rank(survey: Survey, choice: Choice) -> tuple[int, ...]:
    """Order of preference, the least first."""
    clock, steps = choice.clock, choice.steps
    total = steps.positive + steps.zero + steps.negative
    if clock.numeric:
        kind = 3
    elif clock.order == stamps.NO_DATE:
        kind = 4
    elif len(clock.columns) > 1:
        kind = 1 if clock.order != clocks.PARTS else 2
    else:
        kind = 0 if ":" in clock.written or "h" in clock.written else 4
    troubled = int(steps.zero > 0.2 * total or not forward(steps))
    names = list(survey.columns)
    named = int(not clocks.is_time_name(clock.columns[0]))
    return troubled, kind, named, names.index(clock.columns[0])


def _order(
    file: str, readings: Sequence[tuple[Clock, Steps]], day_first: bool | None = None
) -> Choice:
    """Return the order of day, month and year that fits the whole column."""
    scored = []
    for rank, (clock, steps) in enumerate(readings):
        backward = 0 if steps.descending else steps.negative
        odd = steps.irregular(1 / stamps.NS)
        # Year-day-month is written nowhere; it must be the only one that is possible.
        scored.append(((steps.wrong, clock.order == stamps.DAY_LAST, backward, odd), rank))
    scored.sort()
    score, rank = scored[0]
    clock, steps = readings[rank]
    if len(scored) == 1:
        return Choice(clock, steps)
    rival_score, rival = scored[1]
    other, other_steps = readings[rival]
    if clock.order in (stamps.DAY_FIRST, stamps.MONTH_FIRST) and rival_score == score:
        if (steps.low, steps.high) == (other_steps.low, other_steps.high):
            return Choice(clock, steps)
        if "." in clock.written.split(" ")[0] and clock.order == stamps.DAY_FIRST:
            return Choice(clock, steps, "dates with points are day-first")
        if clock.order == stamps.MONTH_FIRST and day_first is False:
            return Choice(clock, steps)
        raise DataError(_ask_order(file, clock, steps, other, other_steps))
    return Choice(clock, steps, _why(score, rival_score, clock, other))


def _why(score: tuple[float, ...], rival: tuple[float, ...], clock: Clock, other: Clock) -> str:
    if other.order == stamps.DAY_LAST:
        return ""
    if score[0] != rival[0]:
        return f"{clock.order}: {int(rival[0]):,} dates would be impossible {other.order}"
    if score[2] != rival[2]:
        return f"{clock.order}: {int(rival[2]):,} steps would run backward {other.order}"
    if rival[3] == score[3]:
        return ""
    return f"{clock.order}: {int(rival[3] - score[3]):,} more steps would be gaps {other.order}"


def _ask_order(file: str, clock: Clock, steps: Steps, other: Clock, rival: Steps) -> str:
    columns = ", ".join(f'"{name}"' for name in clock.columns)
    one = f"{_day(steps.low)} to {_day(steps.high)} {clock.order}"
    two = f"{_day(rival.low)} to {_day(rival.high)} {other.order}"
    return f"{file}: column {columns}: {one}, or {two}: give --day-first or --no-day-first"


def _day(ticks: float) -> str:
    return str(np.datetime64(int(ticks), "ns").astype("datetime64[D]"))


def _absolute_unit(low: float, high: float) -> str:
    for unit in ("s", "ms", "us", "ns"):
        seconds = clocks.UNITS[unit]
        if _ABSOLUTE[0] <= low * seconds and high * seconds <= _ABSOLUTE[1]:
            return unit
    return ""


def _with_unit(survey: Survey, choice: Choice, options: ReadingOptions) -> Choice:
    """Return a clock of numbers with its unit."""
    name = choice.clock.columns[0]
    unit, why = _unit(survey, choice, options)
    written = f"{_WORDS[unit]}"
    if _absolute_unit(choice.steps.low, choice.steps.high) == unit:
        written += " since 1970"
    clock = replace(choice.clock, unit=unit, written=written)
    return Choice(clock, choice.steps, f'"{name}" holds {written}: {why}')


def _unit(survey: Survey, choice: Choice, options: ReadingOptions) -> tuple[str, str]:
    steps, name = choice.steps, choice.clock.columns[0]
    if options.time_format in clocks.UNITS:
        return options.time_format, "--time-format"
    _ask_digits(name, survey.head.get(name, ()))
    absolute = _absolute_unit(steps.low, steps.high)
    if absolute:
        return absolute, "by their size"
    named = clocks.unit_of_name(name)
    if named:
        return named, "by its name"
    period = steps.period
    if period is None:
        return "s", "as nothing else is said"
    whole = survey.columns[name].whole and not any("." in c for c in survey.head.get(name, ()))
    if _EXCEL_DAYS[0] <= steps.low and steps.high <= _EXCEL_DAYS[1]:
        seconds = period * 86_400
        day_name = any(word in name.lower() for word in ("date", "datum", "fecha", "day"))
        human = seconds > 0.5 and abs(seconds - round(seconds)) < 0.02 * seconds
        if day_name or (human and not whole):
            return "excel", "by their size and steps"
    if not whole:
        return "s", "they have decimals"
    return _whole_unit(name, steps, period)


def _ask_digits(name: str, cells: Sequence[str]) -> None:
    """Ask about numbers that are all possible as hhmmss: 095959 is followed by 100000."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    digits = all(re.fullmatch(r"([01]\d|2[0-3])([0-5]\d){2}", cell) for cell in filled)
    if filled and digits and (filled[0].startswith("0") or len(set(filled)) > _MINUTE):
        raise DataError(
            f'column "{name}": "{filled[0]}" to "{filled[-1]}" are times of day, or numbers: give'
            f' --time "DATE,{name}" --time-format "%y%m%d %H%M%S" as they are written, or'
            " --time-format s"
        )


def _whole_unit(name: str, steps: Steps, period: float) -> tuple[str, str]:
    """Return the unit of whole numbers from their usual step; ask where two fit."""
    jitter = len(steps.counts.counts) > 3 and steps.irregular(1.0) > 0.2 * steps.positive
    if period in _SECONDS:
        return "s", f"they rise by {period:g}"
    in_ms = 100 <= period < 10_000 or period in _MILLISECONDS or period % 60_000 == 0
    if in_ms or (jitter and 8 <= period < 10_000):
        return "ms", f"they rise by {period:g}"
    raise DataError(
        f'column "{name}" rises by {period:g} with every row: seconds ({_hertz(1 / period)} Hz) or'
        f" milliseconds ({_hertz(1000 / period)} Hz)? give --time-format s or --time-format ms"
    )


def _hertz(value: float) -> str:
    return f"{value:.4g}"
