"""Read a CSV of sensor channels and clean it; every problem names file, row and column.

What cleaning does, it says in `Table.notices`; it never fills in a value. Rows are counted
as an editor shows them: the header is line 1.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from host_tools.data import sampling
from host_tools.data.table import GAP, Table, constant_channels, segment
from host_tools.errors import DataError

DELIMITERS = (",", ";", "\t", "|")
TIME_NAMES = {"datetime", "timestamp", "time", "date", "ts", "date_time"}
LABEL_NAMES = {"anomaly", "label", "fault", "is_anomaly"}
IGNORED_NAMES = {"changepoint"}
"""Annotations that are neither a channel nor a label of a row."""

MISSING = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "-nan"]

GAP_FACTOR = 2.5
"""A step above this many median steps is a gap. Not 1.5: stamps in whole seconds of a logger
whose period is a little above one second step by 2 s now and then without a lost row (5.9% of
the steps of the Skoltech benchmark), and cutting there leaves no window of 40 rows."""

LEAST_ROWS = 2
_SNIFFED_LINES = 50
_SHOWN = 40


def read(
    path: Path,
    *,
    delimiter: str | None = None,
    channels: Sequence[str] | None = None,
    least_rows: int = LEAST_ROWS,
    gap_factor: float = GAP_FACTOR,
    drop_text: bool = False,
    drop_constant: bool = True,
) -> Table:
    """Read a file.

    Args:
        path: The file: a header line, then one row per sample.
        delimiter: One character; found by itself when None.
        channels: What a model expects; the table then has exactly these, in this order, and a
            constant channel stays.
        least_rows: Fewest rows that will do.
        gap_factor: A time step above this many median steps is a gap.
        drop_text: Leave out a column whose cells are mostly text, with a note, instead of
            refusing it. A single text cell in a column of numbers is an error all the same.
        drop_constant: Leave out a column that never changes, with a note.

    Returns:
        Samples in file order; a missing or infinite value is NaN, and its row a gap.

    Raises:
        DataError: Missing or unreadable file, wrong delimiter, ragged row, column that is not
            numeric, timestamps that repeat or run backwards, mixed sampling rates, too few rows,
            only constant columns, other channels than a model expects.
    """
    text = _text(path)
    mark = find_delimiter(path, text, delimiter)
    header = check_shape(path, text, mark)
    frame = pd.read_csv(
        StringIO(text),
        sep=mark,
        dtype=str,
        keep_default_na=False,
        skip_blank_lines=True,
        encoding="utf-8",
    )
    frame.columns = pd.Index(header)
    if len(frame) < least_rows:
        raise DataError(f"{path}: too few rows: {len(frame)}, at least {least_rows} are needed")
    source = _Source(path, frame, _line_numbers(text))
    if drop_text:
        source, dropped = _without_text(source)
    else:
        dropped = []
    table = _assemble(source, gap_factor)
    table = replace(table, notices=(*dropped, *table.notices))
    if channels is not None:
        table = match(table, channels)
    _check_usable(table)
    return without_constant(table) if drop_constant and channels is None else table


def without_constant(table: Table) -> Table:
    """Return the table without channels that never change; DataError when none is left."""
    return table.without(constant_channels(table), "constant")


@dataclass(frozen=True, eq=False)
class _Source:
    """The file as text cells, and the line of each row."""

    path: Path
    frame: pd.DataFrame
    lines: NDArray[np.int64]

    def cell(self, column: str, row: int) -> str:
        """Return where a cell is, for a message."""
        shown = str(self.frame[column].iloc[row])[:_SHOWN]
        return f'{self.path}:{self.lines[row]}: column "{column}": "{shown}"'


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    if not content.strip():
        raise DataError(f"{path}: the file is empty")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}:{line}: not UTF-8 text: save the file as UTF-8") from error
    if "\0" in text:
        raise DataError(f"{path}: holds zero bytes: not a CSV file")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _line_numbers(text: str) -> NDArray[np.int64]:
    """Return the line of each row, header and blank lines left out."""
    used = [number for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    return np.array(used[1:], dtype=np.int64)


def count_fields(line: str, mark: str) -> int:
    """Return the number of fields of a line, quotes observed."""
    if '"' not in line:
        return line.count(mark) + 1
    return len(next(csv.reader([line], delimiter=mark), []))


def find_delimiter(path: Path, text: str, given: str | None) -> str:
    """Return the delimiter of a file from its first lines; DataError when none separates it."""
    lines = [line for line in text.split("\n", _SNIFFED_LINES)[:_SNIFFED_LINES] if line.strip()]
    found = [mark for mark in DELIMITERS if count_fields(lines[0], mark) > 1]
    # The mark that splits every line alike wins; then the one that makes most columns.
    regular = [m for m in found if len({count_fields(line, m) for line in lines}) == 1]
    best = max(regular or found, key=lambda mark: count_fields(lines[0], mark), default=None)
    if given is None:
        if best is None and len(lines) > 1 and all(map(_is_number, lines[1:])):
            return DELIMITERS[0]
        if best is None:
            raise DataError(
                f'{path}: one column only ("{lines[0][:_SHOWN]}"): none of'
                f" {' '.join(map(repr, DELIMITERS))} separates it; give --delimiter"
            )
        return best
    if len(given) != 1:
        raise DataError(f"delimiter {given!r}: must be one character")
    if count_fields(lines[0], given) == 1:
        hint = f": {best!r} does" if best else ""
        raise DataError(f"{path}: delimiter {given!r} does not separate the header{hint}")
    return given


def check_shape(path: Path, text: str, mark: str) -> list[str]:
    """Return the column names after checking that every row has as many fields."""
    header: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        if not header:
            header = [name.strip() for name in next(csv.reader([line], delimiter=mark))]
            continue
        if (count := count_fields(line, mark)) != len(header):
            raise DataError(
                f"{path}:{number}: {count} fields where the header has {len(header)}:"
                " a row is cut, or a value holds the delimiter"
            )
    if all(_is_number(name) or _is_date(name) for name in header):
        raise DataError(f"{path}:1: numbers where column names must be: add a header line")
    for name in header:
        if not name:
            raise DataError(
                f"{path}:1: column {header.index(name) + 1} has no name: name it, or remove it"
            )
        if header.count(name) > 1:
            raise DataError(f'{path}:1: two columns are called "{name}"')
    return header


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_date(text: str) -> bool:
    return text[:1].isdigit() and not pd.isna(pd.to_datetime(text, errors="coerce"))


def _without_text(source: _Source) -> tuple[_Source, list[str]]:
    """Return the source without columns that are mostly text (a timestamp stays), and notes."""
    stamps, dropped = find_time_column(source.frame), []
    for name in map(str, source.frame.columns):
        cells = source.frame[name].str.strip()
        if name == stamps or has_decimal_comma(cells):
            continue
        filled = cells[~cells.isin(MISSING)]
        if len(filled) and pd.to_numeric(filled, errors="coerce").isna().mean() > 0.5:
            dropped.append(name)
    notes = [f'left out "{name}": text, not a channel' for name in dropped]
    return replace(source, frame=source.frame.drop(columns=dropped)), notes


def _assemble(source: _Source, gap_factor: float) -> Table:
    frame, notices = source.frame, []
    stamps_name = find_time_column(frame)
    names, labels = [], np.zeros(len(frame), dtype=np.uint8)
    values: list[NDArray[np.float64]] = []
    for name in map(str, frame.columns):
        if name == stamps_name:
            continue
        if name.lower() in IGNORED_NAMES:
            notices.append(f'column "{name}" is an annotation, not a channel')
            continue
        column = _numeric(source, name)
        if name.lower() in LABEL_NAMES:
            labels |= (np.nan_to_num(column) != 0).astype(np.uint8)
            notices.append(f'column "{name}" is a label, not a channel')
            continue
        names.append(name)
        values.append(column)
    if not names:
        raise DataError(f"{source.path}: no numeric column is left to be a channel")
    samples = np.stack(values, axis=1)
    with np.errstate(over="ignore"):
        single = samples.astype(np.float32)
    notices += _missing(source, names, single)
    single[~np.isfinite(single)] = np.nan
    broken, rate = np.zeros(len(frame), dtype=np.bool_), 1.0
    if stamps_name is None:
        notices.append("no timestamp column: rows are taken as 1 s apart, without gaps")
    else:
        broken, rate, gaps = _gaps(source, stamps_name, gap_factor)
        notices += gaps
    return Table(
        source=str(source.path),
        names=tuple(names),
        units=("",) * len(names),
        samples=single,
        labels=labels,
        segments=segment(single, broken),
        rate_hz=rate,
        notices=tuple(notices),
    )


def _missing(source: _Source, names: list[str], samples: NDArray[np.float32]) -> list[str]:
    """Say how many values are missing or infinite (in float32), and where the first is."""
    notices = []
    checks = (("missing", np.isnan(samples)), ("infinite", np.isinf(samples)))
    for word, found in checks:
        if not found.any():
            continue
        row, column = (int(i) for i in np.argwhere(found)[0])
        notices.append(
            f"{int(found.sum())} {word} values in {int(found.any(axis=1).sum())} rows, the first"
            f' in line {source.lines[row]}, column "{names[column]}": these rows are gaps'
        )
    return notices


def find_time_column(frame: pd.DataFrame) -> str | None:
    """Return the column that holds the time: by its name, else the first that reads as dates."""
    names = [str(name) for name in frame.columns]
    for name in names:
        if name.lower() in TIME_NAMES:
            return name
    for name in names:
        head = frame[name].iloc[:_SNIFFED_LINES]
        if pd.to_numeric(head, errors="coerce").notna().any() or has_decimal_comma(head):
            continue
        if pd.to_datetime(head, errors="coerce", format="mixed").notna().all():
            return name
    return None


def has_decimal_comma(column: "pd.Series[str]") -> bool:
    """Whether a column of text cells writes its numbers as `1,5`."""
    filled = column[~column.isin(MISSING)]
    return bool(len(filled)) and bool(filled.str.fullmatch(r"\s*[-+]?\d+,\d+\s*").any())


def _numeric(source: _Source, name: str) -> NDArray[np.float64]:
    """Return a column as float64, NaN where it says so.

    Raises:
        DataError: A cell is text; the message shows the first.
    """
    cells = source.frame[name].str.strip()
    if has_decimal_comma(cells):
        cells = cells.str.replace(",", ".", regex=False)
    numbers: NDArray[np.float64] = pd.to_numeric(cells, errors="coerce").to_numpy(
        dtype=np.float64, copy=True
    )
    wrong = np.isnan(numbers) & ~cells.isin(MISSING).to_numpy()
    if wrong.any():
        where = source.cell(name, int(np.argmax(wrong)))
        raise DataError(f"{where} is not a number: mend the cell, or remove the column")
    return numbers


def _seconds(source: _Source, name: str) -> NDArray[np.float64]:
    """Return timestamps as seconds from the first: dates, or numbers of seconds."""
    cells = source.frame[name].str.strip()
    numbers = pd.to_numeric(cells, errors="coerce")
    if numbers.notna().all():
        values = numbers.to_numpy(dtype=np.float64)
        return np.asarray((values - values[0]) * sampling.epoch_unit(values[0]))
    stamps = pd.to_datetime(cells, errors="coerce", utc=True)
    if stamps.isna().any():
        stamps = pd.to_datetime(cells, errors="coerce", format="mixed", utc=True)
    wrong = stamps.isna().to_numpy()
    if wrong.any():
        raise DataError(f"{source.cell(name, int(np.argmax(wrong)))} is not a date and time")
    return np.asarray((stamps - stamps.iloc[0]).dt.total_seconds().to_numpy(dtype=np.float64))


def _gaps(source: _Source, name: str, factor: float) -> tuple[NDArray[np.bool_], float, list[str]]:
    """Return where time jumps, the sampling rate in hertz, and notices."""
    seconds = _seconds(source, name)
    steps = np.diff(seconds)
    for wrong, what, remedy in (
        (steps < 0, "earlier than the row before", "sort the file by time"),
        (steps == 0, "the same time as the row before", "remove the repeated rows"),
    ):
        if wrong.any():
            where = source.cell(name, int(np.argmax(wrong)) + 1)
            raise DataError(f"{where} is {what}: {remedy}")
    if (found := sampling.mixed(steps)) is not None:
        raise DataError(
            f"{source.path}: mixed sampling rates: a row every {found.period:g} s, but every"
            f" {found.other:g} s in {found.share:.0%} of the file, first near line"
            f" {source.lines[found.first]}: resample it to one rate, or split it"
        )
    period = float(np.median(steps))
    broken = np.concatenate(([False], steps > factor * period))
    if not broken.any():
        return broken, 1.0 / period, []
    longest = float(steps.max())
    return (
        broken,
        1.0 / period,
        [f"{int(broken.sum())} gaps in time, the longest {longest:g} s: windows do not cross them"],
    )


def _check_usable(table: Table) -> None:
    if (table.segments != GAP).any():
        return
    columns = zip(table.names, table.samples.T, strict=True)
    empty = [name for name, column in columns if np.isnan(column).all()]
    hint = f': column "{empty[0]}" has no values at all: remove it' if empty else ""
    raise DataError(f"{table.source}: no row has a value in every column{hint}")


def match(table: Table, channels: Sequence[str]) -> Table:
    """Return the table with exactly a model's channels, in the model's order.

    Raises:
        DataError: Other channels; the message names both lists.
    """
    if set(table.names) != set(channels):
        raise DataError(
            f"{table.source}: {table.channels} channels ({', '.join(table.names)}) where the"
            f" model has {len(channels)} ({', '.join(channels)})"
        )
    if table.names == tuple(channels):
        return table
    order = [table.names.index(name) for name in channels]
    return replace(
        table,
        names=tuple(channels),
        units=tuple(table.units[i] for i in order),
        samples=np.ascontiguousarray(table.samples[:, order]),
        notices=(*table.notices, "columns were put in the model's order"),
    )
