"""Layouts that are not one row per time: long format, and files that together are one log."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from host_tools.data.reading import numbers, scan, stamps
from host_tools.data.reading.clock import Clock, Hand
from host_tools.data.reading.evidence import Column
from host_tools.data.reading.files import Frame, LogFile
from host_tools.data.reading.form import Form
from host_tools.data.reading.options import ReadingOptions
from host_tools.data.reading.pick import Choice
from host_tools.data.reading.scan import NUMBER, TEXT, Survey
from host_tools.errors import DataError

MOST_NAMES = 500
_NAMES = re.compile(
    r"sensor|tag|signal|channel|variable|parameter|metric|field|quantity|measurement|item|point"
)
"""Names of columns that name what a value is."""
_MACHINES = re.compile(
    r"machine|unit|device|engine|pump|asset|station|plant|site|turbine|motor|run"
)


@dataclass
class Pivoted(LogFile):
    """A log in long format as one row per time; it lies in memory."""

    columns: dict[str, NDArray[np.object_] | NDArray[np.float64]] | None = None
    lines: NDArray[np.int64] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Time and channels."""
        return tuple(self.columns or ())

    def frames(
        self,
        text: frozenset[str],  # noqa: ARG002
        decimal: str,  # noqa: ARG002
        size: int,  # noqa: ARG002
        only: frozenset[str] | None = None,
    ) -> Iterator[Frame]:
        """Yield all rows at once; see LogFile.frames."""
        assert self.columns is not None
        assert self.lines is not None
        found = {n: cells for n, cells in self.columns.items() if only is None or n in only}
        yield Frame(self.name, found, self.lines, self.size)


def long_columns(
    survey: Survey, choice: Choice | None, options: ReadingOptions, file: str
) -> tuple[str, str, str] | None:
    """Return the columns of time, name and value when a log is in long format.

    Evidence: one column of numbers, one of a few texts that change from row to row, and times
    that repeat.

    Raises:
        DataError: It looks so, but which columns they are, or the times, are not clear.
    """
    if options.long:
        return options.long[0], options.long[1], options.long[2]
    if choice is None or options.group or options.state:
        return None
    steps = choice.steps
    taken = set(choice.clock.columns) | set(options.ignore)
    rest = [c for name, c in survey.columns.items() if name not in taken]
    names = [c for c in rest if survey.hints[c.name].kind == TEXT and _names_things(c, survey.rows)]
    # A unit, or a place, that changes with the name says the same.
    names = [c for c in names[:1] if c.text_changes] + [
        c for c in names[1:] if c.text_changes != names[0].text_changes
    ]
    if len(names) != 1 or len(choice.clock.columns) != 1:
        return None
    values = [c for c in rest if _holds_values(survey, c, names[0])]
    if len(values) != 1:
        return None
    total = max(1, steps.zero + steps.positive + steps.negative)
    where = choice.clock.columns[0], names[0].name, values[0].name
    if steps.zero > 0.25 * total or _by_blocks(names[0], steps.negative):
        if _MACHINES.search(where[1].lower()):
            raise DataError(
                f'{file}: "{where[1]}" tells machines apart, or names channels? give --group'
                f' "{where[1]}", or --long "{",".join(where)}"'
            )
        return where
    takes_turns = names[0].text_changes > 0.3 * survey.rows
    if takes_turns and (_NAMES.search(where[1].lower()) or _levels_differ(survey, where)):
        raise DataError(
            f'{file}: "{where[2]}" holds what "{where[1]}" names, each at times of its own: give'
            f' --long "{",".join(where)}" to read --resample PERIOD, or --ignore "{where[1]}"'
        )
    return None


def _levels_differ(survey: Survey, where: tuple[str, str, str]) -> bool:
    """Whether most of what the values vary by is which name they have, in the first rows."""
    names, cells = survey.head.get(where[1], []), survey.head.get(where[2], [])
    values = pd.to_numeric(pd.Series(cells), errors="coerce")
    total = float(values.var())
    means = values.groupby(pd.Series(names)).transform("mean")
    return total > 0 and float(means.var()) > 0.5 * total


def taking_turns(survey: Survey, choice: Choice | None, options: ReadingOptions) -> str:
    """Return the column whose values take turns under stamps that rows share, "" when none does.

    Then the rows are of several machines, or several values, and no faster samples of one.
    """
    spread = None if choice is None else choice.steps.spread()
    if choice is None or spread is None or options.group or options.rate:
        return ""
    for name, column in survey.columns.items():
        if name in (*choice.clock.columns, *options.ignore):
            continue
        found = column.texts if survey.hints[name].kind == TEXT else column.distinct
        changes = max(column.text_changes, column.changes)
        if found and len(found) == spread[0] and changes > 0.9 * (1 - 1 / spread[0]) * survey.rows:
            return name
    return ""


def _holds_values(survey: Survey, column: Column, names: Column) -> bool:
    """Whether a column of numbers varies by more than the names do."""
    if survey.hints[column.name].kind != NUMBER or not column.count or column.constant:
        return False
    same = column.distinct is not None and len(column.distinct) == len(names.texts or ())
    return not (same and column.whole and column.changes == names.text_changes)


def _names_things(column: Column, rows: int) -> bool:
    texts = column.texts
    return texts is not None and 2 <= len(texts) <= min(MOST_NAMES, max(2, rows // 3))


def _by_blocks(column: Column, negative: int) -> bool:
    """Whether each name has its rows together and the time starts again with each."""
    texts = column.texts or Counter()
    few = column.text_changes == len(texts) - 1
    return few and negative == len(texts) - 1


def pivot(
    files: Sequence[LogFile],
    where: tuple[str, str, str],
    survey: Survey,
    clock: Clock,
    options: ReadingOptions,
) -> tuple[Pivoted, str]:
    """Return a log with one column per name, and a note.

    Raises:
        DataError: A name has two values at one time.
    """
    time, name, value = where
    missing = numbers.MISSING | {cell.strip().lower() for cell in options.missing}
    hand, form = Hand(clock, missing), survey.hints[value].form
    only = frozenset((*clock.columns, name, value))
    text = frozenset(n for n in only if survey.hints[n].kind != NUMBER) | {name}
    column = Column(value)
    parts: list[tuple[NDArray[np.int64], list[str], list[str], NDArray[np.float64]]] = []
    lines = []
    for file in files:
        hand.begin_file()
        for frame in file.frames(text, survey.decimal, 1 << 23, only):
            ticks, _ = hand.values(frame, {})
            raw = [str(cell) for cell in frame.columns[time]]
            names = [str(cell).strip() for cell in frame.columns[name]]
            values = scan.to_numbers(frame.columns[value], form, column, frame)
            parts.append((ticks, raw, names, values))
            lines.append(frame.lines)
    ticks = np.concatenate([part[0] for part in parts])
    every = np.concatenate([part[3] for part in parts])
    codes, things = pd.factorize(np.array([n for part in parts for n in part[2]], dtype=object))
    kept = ticks != stamps.MISSING if ticks.dtype.kind == "i" else np.isfinite(ticks)
    times, first, rows = np.unique(ticks[kept], return_index=True, return_inverse=True)
    at_lines = np.concatenate(lines)[kept]
    cells = rows * len(things) + codes[kept]
    if len(np.unique(cells)) != len(cells):
        order = np.argsort(cells, kind="stable")
        again = order[1:][np.diff(cells[order]) == 0]
        thing = things[codes[kept][again.min()]]
        raise DataError(
            f'{files[0].name}:{int(at_lines[again.min()])}: "{thing}" has'
            " two values at one time: stamps coarser than the rows, or several machines"
        )
    wide = np.full((len(times), len(things)), np.nan)
    wide.reshape(-1)[cells] = every[kept]
    raw = [cell for part in parts for cell in part[1]]
    stamps_text = np.array(raw, dtype=object)[kept][first]
    columns: dict[str, NDArray[np.object_] | NDArray[np.float64]] = {time: stamps_text}
    if clock.numeric:
        columns[time] = times
    columns |= {str(thing): wide[:, i].copy() for i, thing in enumerate(things)}
    note = (
        f'long format: "{name}" names {len(things)} channels, "{value}" holds their values;'
        f" {len(every):,} lines are {len(times):,} rows in order of time"
    )
    base = files[0]
    form_ = Form(base.form.delimiter, tuple(columns), {}, base.form.header_line,
                 base.form.first_line)  # fmt: skip
    return Pivoted(base.source, form_, columns=columns, lines=at_lines[first]), note


def different_headers(first: str, names: Sequence[str], path: str, found: Sequence[str]) -> str:
    """Return the message for two files whose columns differ."""
    missing = [name for name in names if name not in found]
    extra = [name for name in found if name not in names]
    parts = []
    if missing:
        parts.append(f"lacks {', '.join(missing)}")
    if extra:
        parts.append(f"has {', '.join(extra)} besides")
    what = " and ".join(parts)
    return f"{path}: other columns than {first}: {what}: give files of the same log only"


def same_columns(files: Sequence[LogFile]) -> list[str]:
    """Check that files have the same columns, in any order; return notes."""
    first, notes = files[0], []
    for file in files[1:]:
        if set(file.names) != set(first.names):
            raise DataError(different_headers(first.name, first.names, file.name, file.names))
        if file.names != first.names:
            notes.append(f"{file.name}: its columns stand in another order: taken by name")
    return notes
