"""From what a log showed to the record of its reading; what cannot be read as it is, asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from host_tools.data.reading import clock as clocks
from host_tools.data.reading import evidence, numbers, stamps
from host_tools.data.reading.files import LogFile
from host_tools.data.reading.options import ReadingOptions
from host_tools.data.reading.pick import Choice, forward
from host_tools.data.reading.record import SHOWN_GAPS, Gap, Reading, duration, iso
from host_tools.data.reading.roles import Roles
from host_tools.data.reading.scan import Survey
from host_tools.data.reading.steps import GAP_FACTOR, Jump, Steps
from host_tools.errors import DataError

HOUR = 3600.0
_ISOLATED = 0.02
"""Part of the rows that may repeat the time of the row before, each a gap."""
_JITTER = 0.02


@dataclass(frozen=True)
class Pace:
    """How fast the rows come.

    Attributes:
        period: Seconds between stamps, None without a time.
        rate_hz: Rows per second.
        per_stamp: Rows that share one stamp, 1 in most logs.
        notes: What the user should know.
    """

    period: float | None
    rate_hz: float
    per_stamp: int = 1
    notes: tuple[str, ...] = ()


def pace(choice: Choice | None, options: ReadingOptions, file: str, *, lenient: bool) -> Pace:
    """Return the pace of a log, or ask.

    Raises:
        DataError: Times that repeat or run backward all over, two sampling rates, cells that are
            no stamps. With `lenient` these are told instead.
    """
    if choice is None:
        if options.rate:
            return Pace(1 / options.rate, options.rate, 1, ("no time: rows come at --rate",))
        return Pace(None, 1.0, 1, ("no timestamp column: rows are taken as 1 s apart, without gaps",
                                   ))  # fmt: skip
    steps, unit = choice.steps, choice.unit_seconds
    notes = _problems(choice, options, file, lenient=lenient)
    notes += [choice.why] if choice.why else []
    spread = steps.spread()
    period = steps.period
    if period is None:
        return Pace(None, options.rate or 1.0, 1, tuple(notes))
    if spread is not None:
        rows, resolution = spread
        seconds = resolution * unit
        rate = options.rate or rows / seconds
        notes.append(
            f"stamps are coarser than the rows: {rows} rows share each {duration(seconds)}; they"
            f" are spread evenly over it, {rate:g} Hz"
        )
        return Pace(seconds, rate, rows, tuple(notes))
    # Days of a spreadsheet are written to about a millisecond.
    seconds = _tidy(period * unit) if choice.clock.unit != "excel" else round(period * unit, 2)
    if options.rate and steps.zero:
        shared = max(1, round(options.rate * seconds))
        notes.append(f"stamps are coarser than the rows, which come at --rate {options.rate:g} Hz")
        return Pace(seconds, options.rate, shared, tuple(notes))
    if options.rate and abs(options.rate * seconds - 1) > 0.5:
        notes.append(f"--rate {options.rate:g} Hz where the stamps say {1 / seconds:.4g} Hz")
    notes += _jitter(steps, period, unit)
    return Pace(seconds, options.rate or 1 / seconds, 1, tuple(notes))


def _tidy(seconds: float) -> float:
    """Return a period without the noise of its last digits."""
    for digits in (0, 1, 2, 3, 4, 6):
        if abs(round(seconds, digits) - seconds) < 1e-7 * seconds:
            return round(seconds, digits)
    return seconds


def _jitter(steps: Steps, period: float, unit: float) -> list[str]:
    values, counts = steps.counts.sorted()
    near = values <= GAP_FACTOR * period
    values, counts = values[near], counts[near]
    mean = float((values * counts).sum() / counts.sum())
    spread = float(np.sqrt(((values - mean) ** 2 * counts).sum() / counts.sum()))
    if spread <= _JITTER * period:
        return []
    return [
        f"the steps vary: {duration(values[0] * unit)} to {duration(values[-1] * unit)}, mean"
        f" {duration(mean * unit)}, standard deviation {duration(spread * unit)}"
    ]


def _problems(choice: Choice, options: ReadingOptions, file: str, *, lenient: bool) -> list[str]:
    """Return notes on times that repeat, run backward, are unreadable or have two rates."""
    steps = choice.steps
    notes = []
    problems = [
        (_unreadable(choice), True),
        (_backward(choice), not (forward(steps) or options.kept or _restarts(choice, options))),
        (_repeats(choice), steps.spread() is None and not options.rate
         and steps.zero > max(2, _ISOLATED * steps.rows)),
        (_mixed(choice, file), True),
    ]  # fmt: skip
    for text, fatal in problems:
        if text and fatal and not lenient:
            raise DataError(text)
        if text:
            notes.append(text)
    return notes


_RESTARTS = 0.1
"""Part of the rows that may start a clock anew."""


def _name(choice: Choice) -> str:
    return " + ".join(f'"{name}"' for name in choice.clock.columns)


def _unreadable(choice: Choice) -> str:
    found = choice.steps.first_wrong
    if found is None:
        return ""
    file, line, cell = found
    return (
        f'{file}:{line}: column {_name(choice)}: "{cell[:40]}" ({choice.steps.wrong:,} cells) is'
        f' not a date and time as the others: when it means no value, give --missing "{cell[:40]}";'
        " --time-format says how they are written"
    )


def _backward(choice: Choice) -> str:
    steps = choice.steps
    if steps.descending or not steps.negative or not steps.backward:
        return ""
    first, unit = steps.backward[0], choice.unit_seconds
    back = first.seconds * unit
    if forward(steps):
        period = (steps.period or 0.0) * unit
        hour = abs(abs(back) + period - HOUR) <= max(2.0, 1.5 * period)
        why = ", as at the end of summer time (daylight saving)" if hour else ""
        times = "" if steps.negative == 1 else f" (and {steps.negative - 1:,} times more)"
        return (
            f"the clock is set back by {duration(HOUR if hour else abs(back))} after line"
            f" {first.after}{times}{why}: a gap, no row is moved"
        )
    if choice.clock.numeric and not choice.dated and steps.negative <= _RESTARTS * steps.rows:
        return f"the time starts again {steps.negative:,} times: each start is a gap"
    return (
        f"{first.file}:{first.line}: column {_name(choice)}: {steps.negative:,} rows are earlier"
        " than the row before: several machines in one file (--group NAME), another order of day"
        " and month (--day-first, --no-day-first), or rows that are not in order of time"
    )


def _restarts(choice: Choice, options: ReadingOptions) -> bool:
    """Whether the user names a clock from 0 that starts again: runs below each other."""
    said = choice.clock.numeric and set(choice.clock.columns) == set(options.time)
    return said and not choice.dated and choice.steps.negative <= _RESTARTS * choice.steps.rows


def _repeats(choice: Choice) -> str:
    steps = choice.steps
    if not steps.zero or steps.spread() is not None:
        return ""
    first = steps.repeats[0]
    few = steps.zero <= max(2, _ISOLATED * steps.rows)
    text = (
        f"{first.file}:{first.line}: column {_name(choice)}: {steps.zero:,} rows have the same time"
        " as the row before"
    )
    if few:
        return f"{text}: gaps"
    return (
        f"{text}: several values or machines at one time (--long TIME,NAME,VALUE or --group NAME),"
        " a time in two columns (--time DATE,TIME), or stamps coarser than the rows (--rate HZ)"
    )


def _mixed(choice: Choice, file: str) -> str:
    found = choice.steps.mixed()
    if found is None:
        return ""
    unit = choice.unit_seconds
    period = choice.steps.period or 0.0
    return (
        f"{file}: mixed sampling rates: a row every {duration(period * unit)}, but every"
        f" {duration(found[0] * unit)} in {found[1]:.0%} of the file, first near line"
        f" {found[2]}: bring it to one rate with read --resample PERIOD --rule mean --write FILE,"
        " or split it"
    )


def gaps(choice: Choice | None) -> tuple[list[Gap], int]:
    """Return the longest gaps in file order, and how many there are."""
    period = None if choice is None else choice.steps.period
    if choice is None or period is None:
        return [], 0
    steps, unit = choice.steps, choice.unit_seconds
    values, counts = steps.counts.sorted()
    limit = GAP_FACTOR * period
    found: list[Jump] = [jump for jump in steps.longest if jump.seconds > limit]
    total = int(counts[values > limit].sum()) + steps.negative
    found += steps.backward
    if steps.spread() is None:
        found += steps.repeats
        total += steps.zero
    found = sorted(found, key=lambda jump: -abs(jump.seconds))[:SHOWN_GAPS]
    ordered = sorted(found, key=lambda jump: (jump.file, jump.after))
    return [Gap(jump.after, _tidy(jump.seconds * unit) if jump.seconds > 0 else jump.seconds * unit,
                jump.file) for jump in ordered], total  # fmt: skip


def time_record(choice: Choice | None, found: Pace) -> dict[str, Any] | None:
    """Return the record of the time, None without one."""
    if choice is None:
        return None
    clock, steps = choice.clock, choice.steps
    order = clock.order if clock.order in (stamps.DAY_FIRST, stamps.MONTH_FIRST,
                                           stamps.YEAR_FIRST, stamps.DAY_LAST) else ""  # fmt: skip
    ends = ["", ""]
    if np.isfinite(steps.low):
        ends = [iso(clocks.absolute_ns(value, clock)) for value in (steps.low, steps.high)]
    return {
        "columns": list(clock.columns),
        "format": clock.written,
        "order": order,
        "first": ends[0],
        "last": ends[1],
        "period_s": None if found.period is None else found.period / found.per_stamp,
        "rate_hz": found.rate_hz,
    }


def record(
    files: Sequence[LogFile],
    survey: Survey,
    choice: Choice | None,
    roles: Roles,
    *,
    forms: dict[str, numbers.Form],
    found: Pace,
    notes: Sequence[str],
) -> Reading:
    """Return the record of a reading."""
    jumps, count = gaps(choice)
    kept = [name for name in roles.channels if name not in roles.constant]
    states = [f"{name}={text}" for name, texts in roles.states.items() for text in texts]
    left_out = [*roles.left_out]
    for name in roles.constant:
        value = survey.columns[name].low
        left_out.append((name, f"constant: {value:g} in every row"))
    suspects = [s for name in kept for s in evidence.sentinels(survey.columns[name])]
    units = {**files[0].form.units, **{n: form.unit for n, form in forms.items() if form.unit}}
    first = files[0]
    thousands = {forms[n].thousands for n in kept} - {""}
    decimals = {forms[n].decimal for n in kept if survey.columns[n].numbers.kinds} or {"."}
    texts = [*_notes_on_values(survey, kept, suspects), *found.notes, *roles.notes,
             *notes, *_notes_on_files(files)]  # fmt: skip
    shown = shown_names(files)
    for file, name in zip(files, shown, strict=True):
        texts = [text.replace(file.name, name) for text in texts]
    return Reading(
        rows=survey.rows,
        files=tuple(shown),
        encoding=first.source.encoding,
        delimiter=first.form.delimiter,
        decimal="," if "," in decimals and decimals != {".", ","} else survey.decimal,
        thousands=next(iter(thousands), ""),
        header_line=first.form.header_line,
        units={name: units[name] for name in kept if name in units},
        time=time_record(choice, found),
        channels=(*kept, *states),
        left_out=tuple(left_out),
        label=_label(roles),
        gaps=tuple(jumps),
        missing={name: survey.columns[name].missing for name in kept
                 if survey.columns[name].missing},
        sentinels=tuple({"channel": s.channel, "value": s.value, "rows": s.rows,
                         "distance": round(s.distance, 3)} for s in suspects),
        notes=tuple(texts),
        gap_count=count,
    )  # fmt: skip


def shown_names(files: Sequence[LogFile]) -> list[str]:
    """Return the names by which a record calls files: a folder only where it tells them apart."""
    paths = [file.source.path for file in files]
    names = [path.name for path in paths]
    return names if len(set(names)) == len(names) else ["/".join(p.parts[-2:]) for p in paths]


def _label(roles: Roles) -> dict[str, Any] | None:
    if not roles.labels:
        return None
    normal = sorted({text for label in roles.labels for text in label.normal})
    return {
        "column": ", ".join(label.column for label in roles.labels),
        "normal": normal[0] if len(normal) == 1 else normal or None,
        "rows": max(label.rows for label in roles.labels),
    }


def _notes_on_values(
    survey: Survey, kept: list[str], suspects: list[evidence.Sentinel]
) -> list[str]:
    notes = []
    for one in suspects:
        end = "minimum" if one.value == survey.columns[one.channel].low else "maximum"
        notes.append(
            f'"{one.channel}": the exact {end} {one.value:g} occurs {one.rows:,} times,'
            f" {one.distance:.0f} standard deviations from the nearest other value: if it means no"
            f" value, give --missing {one.value:g}"
        )
    lost = {name: survey.columns[name].missing for name in kept if survey.columns[name].missing}
    if lost:
        worst = max(lost, key=lambda name: lost[name])
        infinite = sum(survey.columns[name].infinite for name in lost)
        extra = f", {infinite:,} of them infinite" if infinite else ""
        notes.append(
            f"{sum(lost.values()):,} missing values in {len(lost)} channels (most in"
            f' "{worst}": {lost[worst]:,}){extra}: their rows are gaps'
        )
    for name in kept:
        found = survey.columns[name].numbers
        if found.kinds[numbers.GROUP] or found.kinds[numbers.POINT_GROUP]:
            continue
        if found.kinds[numbers.COMMA_OR_GROUP] and survey.hints[name].form.thousands == ",":
            example = found.examples[numbers.COMMA_OR_GROUP]
            notes.append(f'"{name}": the comma of "{example}" separates thousands')
    return notes


def _notes_on_files(files: Sequence[LogFile]) -> list[str]:
    notes = []
    for file in files:
        texts = list(file.form.notes)
        if file.cut_lines:
            notes.append(
                f"the last {file.cut_lines:,} lines, from line {file.cut_first}, are no whole rows"
                " (a row that is cut, a footer): left out"
            )
        if file.left_lines:
            texts.append(
                f"{file.left_lines:,} lines among the rows are none (comments, rulers, repeated"
                f" headers, zero bytes), the first is line {file.left_first}"
            )
        if file.source.encoding == "cp1252" and not file.source.certain:
            texts.append("not UTF-8, read as cp1252: --encoding says otherwise")
        prefix = f"{file.name}: " if len(files) > 1 else ""
        notes += [prefix + text for text in texts]
    return notes
