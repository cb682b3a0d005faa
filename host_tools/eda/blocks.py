"""A CSV file as blocks of rows: bounded memory, whatever its size.

A block is a fixed number of bytes up to a line's end; nothing of a block is kept when the next
one is read. Every row is counted and every line checked for its number of fields, as
`host_tools.data.csv` does for a file that fits into memory; its rules find delimiter, decimal
comma, timestamp and label columns in the first lines. Unlike there, a cell that is no number is
counted, not refused: looking at a log comes before cleaning it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from host_tools.data import csv, sampling
from host_tools.errors import DataError

BLOCK_BYTES = 1 << 23
_HEAD_BYTES = 1 << 18
_LONGEST_LINE_BYTES = 1 << 24
_LINE_END = re.compile(rb"\r\n|\n|\r")

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Layout:
    """What the first lines of a file say.

    Attributes:
        path: The file.
        mark: Delimiter.
        header: Every column, in file order.
        channels: Columns that are channels.
        text: Columns that hold text in the first lines; left out.
        labels: Columns that label faults.
        time: The timestamp column, or None.
        time_is_number: Whether it counts seconds.
        decimal: "." or ",".
        start: Byte at which the rows begin.
    """

    path: Path
    mark: str
    header: tuple[str, ...]
    channels: tuple[str, ...]
    text: tuple[str, ...]
    labels: tuple[str, ...]
    time: str | None
    time_is_number: bool
    decimal: str
    start: int


@dataclass(frozen=True, eq=False)
class RowBlock:
    """Some rows of a file.

    Attributes:
        values: float64 [channels, rows]; NaN where there is no finite number.
        infinite: bool [channels, rows].
        text: bool [channels, rows]; a cell that is neither number nor missing.
        seconds: float64 [rows] since the file's first stamp, NaN where it cannot be read;
            None without a timestamp column.
        origin: That first stamp: seconds since 1970 when `is_dated`, else as the log counts.
        is_dated: Whether the stamps tell a date.
        labelled: bool [rows].
        lines: int64 [rows], the line of each row in the file.
        position: Bytes of the file read so far.
    """

    values: Array
    infinite: NDArray[np.bool_]
    text: NDArray[np.bool_]
    seconds: Array | None
    labelled: NDArray[np.bool_]
    lines: NDArray[np.int64]
    position: int
    origin: float = 0.0
    is_dated: bool = False


def layout(path: Path, delimiter: str | None = None) -> Layout:
    """Read the first lines of a file.

    Raises:
        DataError: Missing, empty, not text, no header, wrong delimiter, no numeric column.
    """
    head = _head(path)
    lines = head.text.split("\n")
    mark = csv.find_delimiter(path, head.text, delimiter)
    first = next(i for i, line in enumerate(lines) if line.strip())
    header = csv.check_shape(path, "\n".join(lines[: first + 1]), mark)
    body = [line for line in lines[first + 1 :] if line.strip()]
    if not body:
        raise DataError(f"{path}: holds a header only: there are no rows to look at")
    csv.check_shape(path, head.text, mark)
    frame = pd.read_csv(
        BytesIO("\n".join(body).encode()),
        sep=mark,
        header=None,
        names=header,
        dtype=str,
        keep_default_na=False,
        index_col=False,
    )
    frame.columns = pd.Index(header)
    time = csv.find_time_column(frame)
    decimal = "," if mark != "," and any(csv.has_decimal_comma(frame[n]) for n in header) else "."
    labels = tuple(n for n in header if n.lower() in csv.LABEL_NAMES)
    ignored = {time, *labels, *(n for n in header if n.lower() in csv.IGNORED_NAMES)}
    text = tuple(n for n in header if n not in ignored and _is_text(frame[n], decimal))
    channels = tuple(n for n in header if n not in ignored and n not in text)
    if not channels:
        raise DataError(f"{path}: no column of numbers is there to look at")
    stamps = frame[time].str.strip() if time is not None else pd.Series([], dtype=str)
    return Layout(
        path=path,
        mark=mark,
        header=tuple(header),
        channels=channels,
        text=text,
        labels=labels,
        time=time,
        time_is_number=bool(pd.to_numeric(stamps, errors="coerce").notna().all()),
        decimal=decimal,
        start=head.header_bytes(first),
    )


@dataclass(frozen=True)
class _Head:
    raw: bytes
    text: str

    def header_bytes(self, first: int) -> int:
        """Return the bytes up to the end of line number `first` (from 0)."""
        ends = [found.end() for found in _LINE_END.finditer(self.raw)]
        return ends[first]


def _head(path: Path) -> _Head:
    try:
        with path.open("rb") as stream:
            raw = stream.read(_HEAD_BYTES)
            whole = not stream.read(1)
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    if not raw.strip():
        raise DataError(f"{path}: the file is empty")
    if not whole:
        cut = max(raw.rfind(b"\n"), raw.rfind(b"\r")) + 1
        raw = raw[:cut] if cut else raw
    if not raw.endswith((b"\n", b"\r")):
        raw += b"\n"
    _check_text(path, raw, 1)
    text = raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    return _Head(raw, text)


def _check_text(path: Path, raw: bytes, line: int) -> None:
    """Raise DataError when bytes that start at `line` are not UTF-8 text."""
    if b"\0" in raw:
        raise DataError(f"{path}: holds zero bytes: not a CSV file")
    if raw.isascii():
        return
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line += raw.count(b"\n", 0, error.start)
        raise DataError(f"{path}:{line}: not UTF-8 text: save the file as UTF-8") from error


def _is_text(cells: "pd.Series[str]", decimal: str) -> bool:
    """Whether a column has cells, and none of them is a number."""
    cells = cells.str.strip()
    filled = cells[~cells.isin(csv.MISSING)]
    if decimal == ",":
        filled = filled.str.replace(",", ".", regex=False)
    return bool(len(filled)) and bool(pd.to_numeric(filled, errors="coerce").isna().all())


def blocks(about: Layout, size: int = BLOCK_BYTES) -> Iterator[RowBlock]:
    """Yield the rows of a file, `size` bytes at a time.

    Raises:
        DataError: A row is ragged, a byte is not text, a line has no end; the message names it.
    """
    line, base = 1, None
    with about.path.open("rb") as stream:
        line += len(_LINE_END.findall(stream.read(about.start)))
        for part in _whole_lines(about.path, stream.read, size):
            _check_text(about.path, part, line)
            # pandas takes a line of blanks for a row; an empty one it skips.
            raw = re.sub(rb"(?m)^ +$", b"", part) if b" \n" in part else part
            lines = _lines(about, raw, line)
            line += raw.count(b"\n")
            if not len(lines):
                continue
            block, base = _parse(about, raw, lines, base, stream.tell())
            yield block


def _whole_lines(path: Path, read: Callable[[int], bytes], size: int) -> Iterator[bytes]:
    rest = b""
    while chunk := read(size):
        chunk = rest + chunk
        if b"\r" in chunk:
            # A lone \r that ends the chunk may be half of \r\n: it waits for the next one.
            held = b"\r" if chunk.endswith(b"\r") else b""
            body = chunk[: len(chunk) - len(held)]
            chunk = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n") + held
        cut = chunk.rfind(b"\n") + 1
        rest = chunk[cut:]
        if len(rest) > _LONGEST_LINE_BYTES:
            raise DataError(f"{path}: a line has no end within 16 MB: not a CSV file")
        if cut:
            yield chunk[:cut]
    if rest.strip():
        yield rest.rstrip(b"\r") + b"\n"


def _lines(about: Layout, raw: bytes, first: int) -> NDArray[np.int64]:
    """Return the line of each row after checking that every row has as many fields."""
    wanted = len(about.header) - 1
    content = np.frombuffer(raw, dtype=np.uint8)
    ends = np.flatnonzero(content == 10)
    if b'"' in raw:
        rows = raw.decode().split("\n")[: len(ends)]
        marks = np.array([csv.count_fields(row, about.mark) - 1 if row else 0 for row in rows])
    else:
        where = np.flatnonzero(content == ord(about.mark))
        marks = np.diff(np.searchsorted(where, ends), prepend=0)
    starts = np.concatenate(([0], ends[:-1] + 1))
    wrong = marks != wanted
    keep = np.ones(len(ends), dtype=np.bool_)
    for number in np.flatnonzero(wrong).tolist():
        if raw[starts[number] : ends[number]].strip():
            raise DataError(
                f"{about.path}:{first + number}: {marks[number] + 1} fields where the header has"
                f" {wanted + 1}: a row is cut, or a value holds the delimiter"
            )
        keep[number] = False
    return np.flatnonzero(keep) + first


def _parse(
    about: Layout, raw: bytes, lines: NDArray[np.int64], base: object, position: int
) -> tuple[RowBlock, object]:
    """Return a block, and the file's first stamp."""
    text_time = about.time is not None and not about.time_is_number
    used = [n for n in about.header if n in about.channels or n in about.labels or n == about.time]
    frame = pd.read_csv(
        BytesIO(raw),
        sep=about.mark,
        header=None,
        names=list(about.header),
        usecols=used,
        dtype={about.time: str} if text_time else None,
        na_values=csv.MISSING,
        keep_default_na=False,
        skipinitialspace=True,
        index_col=False,
        decimal=about.decimal,
        low_memory=False,
    )
    values = np.empty((len(about.channels), len(frame)))
    text = np.zeros(values.shape, dtype=np.bool_)
    for row, name in enumerate(about.channels):
        values[row], text[row] = _numbers(frame[name], about.decimal)
    infinite = np.isinf(values)
    values[infinite] = np.nan
    labelled = np.zeros(len(frame), dtype=np.bool_)
    for name in about.labels:
        labelled |= np.nan_to_num(_numbers(frame[name], about.decimal)[0]) != 0
    seconds = None
    if about.time is not None:
        seconds, base = _seconds(frame[about.time], about.time_is_number, base)
    origin, is_dated = _origin(base)
    return RowBlock(
        values, infinite, text, seconds, labelled, lines, position, origin, is_dated
    ), base


def _origin(base: object) -> tuple[float, bool]:
    """Return a file's first stamp in seconds, and whether these count from 1970.

    A plain number is taken for a date from 2001 on (10⁹ s): a run's own clock starts near 0.
    """
    if isinstance(base, pd.Timestamp):
        return base.timestamp(), True
    number = base if isinstance(base, float) else 0.0
    return number * sampling.epoch_unit(number), number >= 1e9


def _numbers(column: "pd.Series[Any]", decimal: str) -> tuple[Array, NDArray[np.bool_]]:
    """Return a column as float64, and which cells are text."""
    if column.dtype.kind in "fiu":
        return column.to_numpy(dtype=np.float64, copy=True), np.zeros(len(column), dtype=np.bool_)
    cells = column.astype("str").str.strip()
    if decimal == ",":
        cells = cells.str.replace(",", ".", regex=False)
    numbers: Array = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64, copy=True)
    missing = column.isna().to_numpy() | cells.isin(csv.MISSING).to_numpy()
    return numbers, np.isnan(numbers) & ~missing


def _seconds(column: "pd.Series[Any]", is_number: bool, base: object) -> tuple[Array, object]:
    """Return stamps as seconds from `base`, which the first good stamp of a file becomes."""
    if is_number:
        numbers = _numbers(column, ".")[0]
        numbers[~np.isfinite(numbers)] = np.nan
        if base is None and np.isfinite(numbers).any():
            base = float(numbers[np.isfinite(numbers)][0])
        first = base if isinstance(base, float) else 0.0
        return (numbers - first) * sampling.epoch_unit(first), base
    cells = column.astype("str").str.strip()
    stamps = pd.to_datetime(cells, errors="coerce", utc=True)
    if stamps.isna().any():
        stamps = pd.to_datetime(cells, errors="coerce", format="mixed", utc=True)
    if base is None and stamps.notna().any():
        base = stamps[stamps.notna()].iloc[0]
    if not isinstance(base, pd.Timestamp):
        return np.full(len(column), np.nan), base
    seconds = (stamps - base).dt.total_seconds().to_numpy(dtype=np.float64)
    return np.asarray(seconds, dtype=np.float64), base
