"""One look at every row of a log: what its columns show, how each reading of the time fares."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from host_tools.data.reading import clock as clocks
from host_tools.data.reading import evidence, numbers, stamps
from host_tools.data.reading import source as sources
from host_tools.data.reading.clock import Clock, Hand
from host_tools.data.reading.evidence import Column
from host_tools.data.reading.files import Frame, LogFile
from host_tools.data.reading.options import ReadingOptions
from host_tools.data.reading.steps import Steps

Progress = Callable[[int, int], None]

NUMBER, STAMP, TEXT = "number", "stamp", "text"
_HEAD_ROWS = 500
_COMPACT = (12, 14, 17)


@dataclass(frozen=True)
class Hint:
    """How a column's cells are taken while looking: its kind, and the form of its numbers."""

    kind: str
    form: numbers.Form


@dataclass
class Survey:
    """What the whole log showed.

    Attributes:
        columns: By name, in file order.
        clocks: Each reading of the time with its steps.
        hints: How the columns were taken.
        decimal: Mark of plain numbers.
        rows: In all.
        file_rows: Rows by file.
        groups: Rows by machine, with --group.
        interleaved: Whether machines take turns.
        head: The first cells of each column.
    """

    columns: dict[str, Column]
    clocks: dict[Clock, Steps]
    hints: dict[str, Hint]
    decimal: str
    rows: int = 0
    file_rows: list[int] = field(default_factory=list)
    groups: dict[str, int] = field(default_factory=dict)
    interleaved: bool = False
    head: dict[str, list[str]] = field(default_factory=dict)


def head_cells(files: Sequence[LogFile]) -> dict[str, list[str]]:
    """Return the first cells of each column, of the first files."""
    found: dict[str, list[str]] = {name: [] for name in files[0].names}
    for file in files[:3]:
        every = frozenset(file.names)
        frame = next(iter(file.frames(every, ".", sources.HEAD_BYTES)), None)
        if frame is None:
            continue
        for name, cells in frame.columns.items():
            found.setdefault(name, []).extend(_as_text(cells[:_HEAD_ROWS]))
    return found


def _as_text(cells: NDArray[Any]) -> list[str]:
    if cells.dtype == object:
        return [str(cell) for cell in cells]
    return ["" if np.isnan(value) else repr(value) for value in cells.tolist()]


def hints_of(head: dict[str, list[str]], options: ReadingOptions) -> tuple[dict[str, Hint], str]:
    """Return how to take each column, and the mark of plain numbers, from its first cells."""
    missing = frozenset(cell.strip().lower() for cell in options.missing)
    options = replace(options, time=_time_columns(head, options))
    marks = {",": 0, ".": 0}
    kinds = {}
    for name, cells in head.items():
        kinds[name] = _kind(name, cells, missing, options)
        if kinds[name] == NUMBER:
            for cell in cells:
                kind = numbers.classify(cell).kind
                marks[","] += kind in (numbers.COMMA, numbers.POINT_GROUP)
                marks["."] += kind in (numbers.POINT, numbers.GROUP)
    decimal = options.decimal or ("," if marks[","] > marks["."] else ".")
    form = numbers.Form(decimal=decimal, missing=missing)
    return {name: Hint(kind, form) for name, kind in kinds.items()}, decimal


def _kind(name: str, cells: list[str], missing: frozenset[str], options: ReadingOptions) -> str:
    if options.time_format and name in options.time:
        written = options.time_format == "compact" or "%" in options.time_format
        return STAMP if written else NUMBER
    said_labels = {label.split("=")[0] for label in options.label}
    if name in options.state or name == options.group or name in options.long[1:2]:
        return TEXT
    filled = [c for c in (cell.strip() for cell in cells)
              if c.lower() not in missing and numbers.classify(c).kind != numbers.MISS]  # fmt: skip
    if not filled:
        return NUMBER
    digits = [c for c in filled if c.isdigit()]
    if len(digits) == len(filled):
        same = {len(c) for c in filled}
        dates = same == {8} and clocks.is_time_name(name)
        compact = len(same) == 1 and (same <= set(_COMPACT) or dates)
        if compact and all(stamps.is_stamp(c) and c[:2] in ("19", "20", "21") for c in filled):
            return STAMP
        return NUMBER
    dated = any(map(stamps.is_stamp, filled[:50]))
    if dated and sum(map(stamps.is_stamp, filled)) > 0.8 * len(filled):
        return STAMP
    counted = sum(numbers.classify(c).kind in numbers.NUMBERS for c in filled)
    if name in said_labels and counted < len(filled):
        return TEXT
    return NUMBER if counted > 0.5 * len(filled) else TEXT


def _time_columns(names: Iterable[str], options: ReadingOptions) -> tuple[str, ...]:
    """Return --time; with a format alone the first column that is called like a time."""
    if options.time or "%" not in (options.time_format or ""):
        return options.time
    return tuple(name for name in names if clocks.is_time_name(name))[:1]


def candidates(
    head: dict[str, list[str]], hints: dict[str, Hint], options: ReadingOptions
) -> list[Clock]:
    """Return every reading of the time that the first rows allow."""
    if options.time_format and "%" in options.time_format:
        columns = _time_columns(head, options)
        return [Clock(columns, clocks.FORMAT, format=options.time_format,
                      written=options.time_format)] if columns else []  # fmt: skip
    found: list[Clock] = []
    dates: list[str] = []
    times: list[str] = []
    for name, hint in hints.items():
        if options.time and name not in options.time:
            continue
        if hint.kind == STAMP:
            readings, part = _of_stamps(name, head[name], options)
            found += readings
            if part:
                (dates if part == "date" else times).append(name)
        elif hint.kind == NUMBER and (name in options.time or _may_count(name, head[name])):
            found.append(Clock((name,), clocks.NUMBER))
    for date in dates:
        for time in times:
            pair = [c for c in found if c.columns == (date,)]
            found += [replace(c, columns=(date, time), written=f"{c.written} + time") for c in pair]
    parts = clocks.parts_of([n for n, hint in hints.items() if hint.kind == NUMBER])
    if parts and (not options.time or set(parts) <= set(options.time)):
        found.append(Clock(parts, clocks.PARTS, written=" ".join(parts)))
    if len(options.time) > 1:
        chosen = [c for c in found if set(c.columns) == set(options.time)]
        return chosen or found
    return found


def _of_stamps(name: str, cells: list[str], options: ReadingOptions) -> tuple[list[Clock], str]:
    """Return the readings of a column of stamps, and whether it is a "date" or a "time" only."""
    shapes = {stamps.understand(stamps.tidy(c)) for c in cells[:300]
              if c.strip().lower() not in numbers.MISSING}  # fmt: skip
    known = [shape for shape in shapes if shape is not None]
    if stamps.is_dotted_time(cells):
        return [Clock((name,), stamps.NO_DATE, written="hh.mm.ss")], "time"
    readings = _stamp_clocks(name, cells, known, options)
    if known and not any(shape.has_time for shape in known):
        return readings, "date"
    return readings, "time" if known and not any(shape.has_date for shape in known) else ""


def _stamp_clocks(
    name: str, cells: list[str], shapes: list[stamps.Shape], options: ReadingOptions
) -> list[Clock]:
    example = next(c for c in cells if stamps.is_stamp(c))
    orders = dict.fromkeys(order for shape in shapes for order in shape.orders)
    allowed = [o for o in orders if all(o in shape.orders for shape in shapes)] or list(orders)
    if stamps.DAY_LAST in allowed:
        # Written nowhere; followed only where the usual order is impossible.
        shaped = stamps.shapes([c for c in cells if stamps.is_stamp(c)], numbers.MISSING)
        if not stamps.parse(shaped, stamps.YEAR_FIRST)[1].any():
            allowed = [order for order in allowed if order != stamps.DAY_LAST]
    if options.day_first is not None and stamps.DAY_FIRST in allowed:
        allowed = [o for o in allowed if (o == stamps.DAY_FIRST) == options.day_first] or allowed
    return [Clock((name,), o, written=stamps.written(example, o)) for o in allowed]


def _may_count(name: str, cells: list[str]) -> bool:
    """Whether the first numbers of a column rise as a clock's do."""
    values = np.array([_plain(cell) for cell in cells])
    values = values[np.isfinite(values)]
    steps = np.diff(values)
    if len(steps) < 1:
        return False
    rising, falling = int((steps > 0).sum()), int((steps < 0).sum())
    named = clocks.is_time_name(name)
    forward = falling <= 0.02 * len(steps) + 1 and rising > (0 if named else 0.9 * len(steps))
    return forward or (named and rising <= 0.02 * len(steps) + 1 and falling > 0)


def _plain(cell: str) -> float:
    found = numbers.classify(cell)
    try:
        return float(found.digits.replace(",", ".")) if found.digits else np.nan
    except ValueError:
        return np.nan


def scan(
    files: Sequence[LogFile],
    hints: dict[str, Hint],
    decimal: str,
    options: ReadingOptions,
    found: list[Clock],
    *,
    size: int = sources.BLOCK_BYTES,
    progress: Progress = lambda *_: None,
) -> Survey:
    """Look at every row.

    Args:
        files: All with the same columns.
        hints: From `hints_of`, or from a look before.
        decimal: Mark of plain numbers.
        options: What the user says.
        found: Readings of the time to follow.
        size: Bytes of a block.
        progress: Called with bytes done and bytes in all.
    """
    missing = numbers.MISSING | {cell.strip().lower() for cell in options.missing}
    steps = {clock: Steps(sign=-1 if clock.backward else 1) for clock in found}
    survey = Survey({name: Column(name) for name in hints}, steps, hints, decimal)
    hands = [Hand(clock, missing) for clock in found]
    text = frozenset(name for name, hint in hints.items() if hint.kind != NUMBER)
    total, done = sum(file.size for file in files), 0
    for file in files:
        for column in survey.columns.values():
            column.begin_file()
        for hand in hands:
            hand.begin_file()
            survey.clocks[hand.clock].begin_file()
        before = survey.rows
        for frame in file.frames(text, decimal, size):
            _look(survey, frame, hands, options.group)
            progress(done + frame.position, total)
        survey.file_rows.append(survey.rows - before)
        done += file.size
    return survey


def _look(survey: Survey, frame: Frame, hands: list[Hand], group: str | None) -> None:
    rows = len(frame)
    order, breaks, members = _grouped(survey, frame, group)
    columns, values = [], []
    for name, cells in frame.columns.items():
        column, hint = survey.columns[name], survey.hints[name]
        if hint.kind == NUMBER:
            columns.append(column)
            values.append(to_numbers(cells, hint.form, column, frame))
        else:
            if hint.kind == STAMP:
                column.rows += rows
                continue
            codes, uniques = pd.factorize(cells)
            column.add_text(cells, codes, uniques)
    if columns:
        stacked = np.stack(values)
        evidence.add_numbers(columns, stacked if order is None else stacked[:, order], breaks)
    cache: dict[str, stamps.ShapedCells] = {}
    for hand in hands:
        steps = survey.clocks[hand.clock]
        stamped, wrong = hand.values(frame, cache)
        if wrong.any():
            steps.wrong += int(wrong.sum())
            if steps.first_wrong is None:
                at = int(np.argmax(wrong))
                cell = str(frame.columns[hand.clock.columns[0]][at])
                steps.first_wrong = (frame.file, int(frame.lines[at]), cell)
        for key, chosen in members:
            steps.add(frame.file, stamped[chosen], frame.lines[chosen], key)
    survey.rows += rows


def to_numbers(
    cells: NDArray[Any], form: numbers.Form, column: Column, frame: Frame
) -> NDArray[np.float64]:
    """Return the cells of a column as float64 [rows]; NaN where there is no number."""
    if cells.dtype == object:
        values, text = numbers.parse(
            cells, form, column.numbers, file=frame.file, lines=frame.lines
        )
        column.text_cells += int(text.sum())
    else:
        values = cells.astype(np.float64)
        column.numbers.kinds[numbers.PLAIN] += len(cells)
    return without(values, form.missing)


def without(values: NDArray[np.float64], missing: frozenset[str]) -> NDArray[np.float64]:
    """Return numbers without those that the user calls missing."""
    for marker in missing:
        try:
            number = float(marker.replace(",", "."))
        except ValueError:
            continue
        wrong = values == number
        if wrong.any():
            values = np.where(wrong, np.nan, values)
    return values


_ALL = slice(None)


def _grouped(
    survey: Survey, frame: Frame, group: str | None
) -> tuple[NDArray[np.int64] | None, NDArray[np.bool_] | None, list[tuple[str, Any]]]:
    """Return an order by machine, where another machine begins in it, and each one's rows."""
    if group is None:
        return None, None, [("", _ALL)]
    codes, names = pd.factorize(frame.columns[group])
    keys = [str(name) for name in names]
    for key, count in zip(keys, np.bincount(codes, minlength=len(keys)), strict=True):
        survey.groups[key] = survey.groups.get(key, 0) + int(count)
    changes = int(np.count_nonzero(np.diff(codes)))
    survey.interleaved = survey.interleaved or changes > 2 * len(keys)
    order = np.argsort(codes, kind="stable")
    breaks = np.concatenate(([True], np.diff(codes[order]) != 0))
    members = [(key, np.flatnonzero(codes == code)) for code, key in enumerate(keys)]
    return order, breaks, members
