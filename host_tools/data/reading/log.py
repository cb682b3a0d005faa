"""The way in: look at a log once, decide how it is read, then give its rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from host_tools.data.reading import facts, files, labels, layout, numbers, pick, roles, scan, stamps
from host_tools.data.reading import source as sources
from host_tools.data.reading.clock import Hand
from host_tools.data.reading.evidence import Column
from host_tools.data.reading.facts import Pace
from host_tools.data.reading.files import Frame, LogFile
from host_tools.data.reading.options import ReadingOptions
from host_tools.data.reading.pick import Choice
from host_tools.data.reading.record import Reading
from host_tools.data.reading.roles import Roles
from host_tools.data.reading.scan import NUMBER, Progress, Survey
from host_tools.data.reading.steps import GAP_FACTOR
from host_tools.errors import DataError

_MOST_LOOKS = 4


@dataclass(frozen=True, eq=False)
class RowBlock:
    """Some rows of a log, in file order.

    Attributes:
        file: Their file.
        number: Of the file in `Log.files`.
        values: float64 [channels, rows]; NaN where there is no finite number.
        infinite: bool [channels, rows].
        text: bool [channels, rows], cells that are neither number nor missing.
        stamps: The time as the clock gives it, [rows]; None without a clock.
        labelled: bool [rows].
        groups: Which machine each row is of, object [rows]; None without --group.
        lines: int64 [rows].
        position: Bytes of the file read so far.
    """

    file: str
    number: int
    values: NDArray[np.float64]
    infinite: NDArray[np.bool_]
    text: NDArray[np.bool_]
    stamps: NDArray[Any] | None
    labelled: NDArray[np.bool_]
    groups: NDArray[Any] | None
    lines: NDArray[np.int64]
    position: int


@dataclass(frozen=True, eq=False)
class Log:
    """A log that has been looked at.

    Attributes:
        files: In order of time.
        survey: What its columns showed.
        choice: The clock and its steps, None without one.
        roles: What each column is.
        forms: How the numbers of each column are read.
        pace: How fast the rows come.
        reading: The record.
        options: What the user said.
    """

    files: tuple[LogFile, ...]
    survey: Survey
    choice: Choice | None
    roles: Roles
    forms: dict[str, numbers.Form]
    pace: Pace
    reading: Reading
    options: ReadingOptions

    @property
    def names(self) -> tuple[str, ...]:
        """Every channel, constant ones too, in the order of `RowBlock.values`."""
        states = [f"{n}={text}" for n, texts in self.roles.states.items() for text in texts]
        return (*self.roles.channels, *states)

    @property
    def gap_seconds(self) -> float:
        """A longer step is a gap."""
        return GAP_FACTOR * (self.pace.period or np.inf)

    def blocks(
        self, size: int = sources.BLOCK_BYTES, progress: Progress = lambda *_: None
    ) -> Iterator[RowBlock]:
        """Yield all rows, about `size` bytes at a time; rows from the newest on stay so."""
        roles = self.roles
        clock = None if self.choice is None else self.choice.clock
        used = {*roles.channels, *roles.states, *(label.column for label in roles.labels)}
        used |= set(clock.columns if clock else ())
        used |= set() if self.options.group is None else {self.options.group}
        text = frozenset(n for n in used if self.survey.hints[n].kind != NUMBER)
        missing = numbers.MISSING | {cell.strip().lower() for cell in self.options.missing}
        total, done = sum(file.size for file in self.files), 0
        for number, file in enumerate(self.files):
            hand = None if clock is None else Hand(clock, missing)
            for frame in file.frames(text, self.survey.decimal, size, frozenset(used)):
                yield self._block(frame, hand, number)
                progress(done + frame.position, total)
            done += file.size

    def _block(self, frame: Frame, hand: Hand | None, number: int) -> RowBlock:
        rows, names = len(frame), self.names
        values = np.empty((len(names), rows))
        text = np.zeros(values.shape, dtype=np.bool_)
        for at, name in enumerate(self.roles.channels):
            cells, form = frame.columns[name], self.forms[name]
            if cells.dtype == object:
                found, text[at] = numbers.parse(
                    cells, form, numbers.Evidence(), file=frame.file, lines=frame.lines
                )
            else:
                found = cells.astype(np.float64)
            values[at] = scan.without(found, form.missing)
        at = len(self.roles.channels)
        for name, texts in self.roles.states.items():
            values[at : at + len(texts)] = _one_hot(frame.columns[name], texts)
            at += len(texts)
        infinite = np.isinf(values)
        values[infinite] = np.nan
        labelled = np.zeros(rows, dtype=np.bool_)
        for label in self.roles.labels:
            labelled |= label.marks(frame.columns[label.column])
        group = self.options.group
        return RowBlock(
            file=frame.file,
            number=number,
            values=values,
            infinite=infinite,
            text=text,
            stamps=None if hand is None else hand.values(frame, {})[0],
            labelled=labelled,
            groups=None if group is None else frame.columns[group],
            lines=frame.lines,
            position=frame.position,
        )

    def kept_options(self) -> ReadingOptions:
        """Return what makes another log of this plant be read in the same way."""
        said, choice = self.options, self.choice
        found: dict[str, Any] = {"ignore": tuple(
            dict.fromkeys((*said.ignore, *(name for name, _ in self.roles.left_out
                                           if name != said.group))))}  # fmt: skip
        if choice is not None and not said.long:
            clock = choice.clock
            found["time"] = clock.columns
            if clock.numeric:
                found["time_format"] = clock.unit
            elif clock.order in (stamps.DAY_FIRST, stamps.MONTH_FIRST):
                found["day_first"] = clock.order == stamps.DAY_FIRST
        if not said.label:
            found["label"] = tuple(_label_option(label) for label in self.roles.labels)
        return replace(said, **found)


def _label_option(label: labels.Label) -> str:
    values = label.normal or label.faulty
    only = next(iter(values)) if len(values) == 1 else ""
    return f"{label.column}={only}" if only and only != "an empty cell" else label.column


def _one_hot(cells: NDArray[Any], texts: Sequence[str]) -> NDArray[np.float64]:
    codes, uniques = pd.factorize(cells, use_na_sentinel=False)
    keys = [labels.text_of(value) for value in uniques]
    known = np.array([key in texts for key in keys])[codes]
    rows = [np.array([key == text for key in keys])[codes] for text in texts]
    return np.where(known, np.array(rows, dtype=np.float64), np.nan)


def open_log(
    paths: Sequence[Path],
    options: ReadingOptions | None = None,
    *,
    lenient: bool = False,
    size: int = sources.BLOCK_BYTES,
    progress: Progress = lambda *_: None,
) -> Log:
    """Look at every row of a log and decide how it is read.

    Args:
        paths: Files of one log, or folders of them.
        options: What the user says.
        lenient: Tell what would otherwise be refused (text among numbers, times that repeat or
            run backward, two rates): for looking at a log, not for training on it.
        size: Bytes of a block.
        progress: Called with bytes done and bytes in all.

    Raises:
        DataError: A file cannot be used, or two readings fit; the message names the option that
            decides.
    """
    options = options or ReadingOptions()
    found = [sources.open_source(path, options.encoding) for path in sources.expand(list(paths))]
    while True:
        try:
            return _open(found, options, lenient=lenient, size=size, progress=progress)
        except _OtherEncodingError as error:
            sources.refuse_double_bytes(found[error.number].path)
            found[error.number] = replace(found[error.number], encoding="cp1252")
        except DataError as error:
            named = any(str(source.path) in str(error) for source in found)
            raise error if named else DataError(f"{found[0].path}: {error}") from error


class _OtherEncodingError(Exception):
    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def _open(
    found: Sequence[sources.Source],
    options: ReadingOptions,
    *,
    lenient: bool,
    size: int,
    progress: Progress,
) -> Log:
    logs: list[LogFile] = []
    for number, source in enumerate(found):
        try:
            logs.append(files.open_file(source, options.delimiter, options.skip))
        except sources.NotUtf8 as error:
            raise _OtherEncodingError(number) from error
    options, notes = options.present(logs[0].names)
    notes += layout.same_columns(logs)
    try:
        survey, choice, forms = look(logs, options, size=size, progress=progress)
        _require_rows(logs, survey)
        where = layout.long_columns(survey, choice, options, logs[0].name)
        if where is not None:
            logs, survey, choice, forms, note = _pivot(logs, where, survey, choice, options)
            options = replace(options, long=where)
            notes.append(note)
        elif turns := layout.taking_turns(survey, choice, options):
            raise DataError(
                f'{logs[0].name}: several rows have the same time, each with another "{turns}":'
                f' give --group "{turns}" (machines), --long TIME,NAME,VALUE (channels), or'
                f' --ignore "{turns}"'
            )
    except sources.NotUtf8 as error:
        raise _OtherEncodingError(_bad_one(logs)) from error
    return _decide(logs, survey, choice, forms=forms, options=options, notes=notes, lenient=lenient)


def _bad_one(logs: Sequence[LogFile]) -> int:
    for number, file in enumerate(logs):
        try:
            for _ in sources.parts(file.source):
                pass
        except sources.NotUtf8:
            return number
    return 0


def _require_rows(logs: Sequence[LogFile], survey: Survey) -> None:
    for file, rows in zip(logs, survey.file_rows, strict=True):
        if not rows:
            raise DataError(f"{file.name}: too few rows: 0, holds a header only")


def look(
    logs: Sequence[LogFile],
    options: ReadingOptions,
    *,
    size: int = sources.BLOCK_BYTES,
    progress: Progress = lambda *_: None,
) -> tuple[Survey, Choice | None, dict[str, numbers.Form]]:
    """Scan the files until what was assumed of every column is what all of its cells show."""
    head = scan.head_cells(logs)
    hints, decimal = scan.hints_of(head, options)
    found = scan.candidates(head, hints, options)
    for _ in range(_MOST_LOOKS):
        survey = scan.scan(logs, hints, decimal, options, found, size=size, progress=progress)
        survey.head = head
        forms = roles.forms_of(survey, logs[0].form.delimiter, options, logs[0].name)
        again = {
            name
            for name, hint in hints.items()
            if (forms[name].decimal, forms[name].thousands)
            != (hint.form.decimal, hint.form.thousands)
        }
        backward = [c for c, steps in survey.clocks.items() if steps.descending and not c.backward]
        texts = [name for name, hint in hints.items() if _is_text(survey.columns[name], hint)]
        if not (again or backward or texts or (_plain_mark(survey) or decimal) != decimal):
            break
        hints = {n: replace(h, form=forms[n]) if n in again else h for n, h in hints.items()}
        hints |= {n: replace(hints[n], kind=scan.TEXT) for n in texts}
        found = [replace(c, backward=True) if c in backward else c for c in found]
        decimal = options.decimal or _plain_mark(survey) or decimal
    choice = pick.choose(survey, options, logs[0].name)
    return survey, choice, forms


def _plain_mark(survey: Survey) -> str:
    """Return the decimal mark of most columns, "" when none shows one."""
    marks = [next(iter(found)) for column in survey.columns.values()
             if len(found := numbers.proven(column.numbers)) == 1]  # fmt: skip
    unseen = sum(
        survey.hints[name].kind == NUMBER
        and not column.whole
        and not numbers.proven(column.numbers)
        for name, column in survey.columns.items()
    )
    commas, points = marks.count(","), marks.count(".")
    if survey.decimal == ",":
        commas += unseen
    else:
        points += unseen
    return "," if commas > points else "." if points > commas else ""


def _is_text(column: Column, hint: scan.Hint) -> bool:
    """Whether a column that began with numbers, or with nothing, is one of texts."""
    found = column.numbers
    return hint.kind == NUMBER and found.kinds[numbers.TEXT] > max(found.numbers, 1)


def _pivot(
    logs: list[LogFile],
    where: tuple[str, str, str],
    survey: Survey,
    choice: Choice | None,
    options: ReadingOptions,
) -> tuple[list[LogFile], Survey, Choice | None, dict[str, numbers.Form], str]:
    only = replace(options, channels=(), ignore=(), label=())
    roles.check_names(survey.columns, only, logs[0].name)
    if choice is None or choice.clock.columns[0] != where[0]:
        only = replace(options, time=(where[0],))
        choice = pick.choose(survey, only, logs[0].name)
        if choice is None:
            raise DataError(f'--long: column "{where[0]}" holds no time')
    wide, note = layout.pivot(logs, where, survey, choice.clock, options)
    inner = replace(options, time=(where[0],), long=(), ignore=(), label=(), state=())
    if choice.clock.numeric:
        inner = replace(inner, time_format=choice.clock.unit)
    elif choice.clock.order in (stamps.DAY_FIRST, stamps.MONTH_FIRST):
        inner = replace(inner, day_first=choice.clock.order == stamps.DAY_FIRST)
    wide_survey, wide_choice, forms = look([wide], inner)
    return [wide], wide_survey, wide_choice, forms, note


def _decide(
    logs: list[LogFile],
    survey: Survey,
    choice: Choice | None,
    *,
    forms: dict[str, numbers.Form],
    options: ReadingOptions,
    notes: list[str],
    lenient: bool,
) -> Log:
    name = logs[0].name
    inner = replace(options, long=(), time=choice.clock.columns if choice else ()) if (
        options.long) else options  # fmt: skip
    assigned = roles.assign(survey, choice, inner, name, lenient=lenient)
    pace = facts.pace(choice, options, name, lenient=lenient)
    logs, more = _in_order(logs, choice)
    notes += more
    if survey.interleaved:
        count = len(survey.groups)
        notes.append(f"the rows of {count} groups take turns: they are sorted by group")
    if choice is not None and choice.clock.backward:
        notes.append("the rows run from the newest to the oldest: they are read from the end")
    reading = facts.record(logs, survey, choice, assigned, forms=forms, found=pace, notes=notes)
    return Log(tuple(logs), survey, choice, assigned, forms, pace, reading, options)


def _in_order(logs: list[LogFile], choice: Choice | None) -> tuple[list[LogFile], list[str]]:
    """Return the files in order of their first stamps."""
    if choice is None or len(logs) < 2 or choice.clock.order == stamps.NO_DATE:
        return logs, []
    starts = choice.steps.starts
    if len(starts) != len(logs) or len(set(starts)) < len(starts) or not np.isfinite(starts).all():
        return logs, []
    order = np.argsort(starts, kind="stable").tolist()
    if order == list(range(len(logs))):
        return logs, []
    return [logs[i] for i in order], ["the files are taken in the order of their first stamps"]
