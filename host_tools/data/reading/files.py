"""The rows of one file as frames of cells: bounded memory, every line counted.

Lines that are no rows (blank ones, comments, repeated headers) are left out and counted; a row
with another number of fields is an error that names its line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from host_tools.data.reading import form as forms
from host_tools.data.reading import source as sources
from host_tools.data.reading.form import BLANKS, Form
from host_tools.data.reading.source import Source
from host_tools.errors import DataError

_MARKERS = ["", "NaN", "nan", "NA"]
"""The commonest markers of missing, which leave a column plain; the others are seen one by one."""
_COMMENT_BYTES = ((b"#", b"\n#"), (b"%", b"\n%"), (b"/", b"\n//"), (b"#", b'\n"#'),
                  (b"-", b"\n---"), (b"-", b"\n|-"), (b"=", b"\n==="))  # fmt: skip


_SHORT_PART = 4096
_LONGEST_END = 50
"""Lines at the end of a file that may be no rows."""


@dataclass(frozen=True, eq=False)
class Frame:
    """Some rows of a file.

    Attributes:
        file: Its name, for messages.
        columns: By name float64 or int64 [rows] where every cell is a plain number, else object
            [rows] of str.
        lines: int64 [rows], the line of each row.
        position: Bytes of the file read so far.
    """

    file: str
    columns: dict[str, NDArray[Any]]
    lines: NDArray[np.int64]
    position: int

    def __len__(self) -> int:
        return len(self.lines)


@dataclass
class LogFile:
    """One file and its form."""

    source: Source
    form: Form
    left_lines: int = 0
    left_first: int = 0
    cut_lines: int = 0
    cut_first: int = 0
    _done: bool = field(default=False)

    @property
    def name(self) -> str:
        """What messages call it."""
        return str(self.source.path)

    @property
    def names(self) -> tuple[str, ...]:
        """Its columns."""
        return self.form.names

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        return self.source.size

    def frames(
        self, text: frozenset[str], decimal: str, size: int, only: frozenset[str] | None = None
    ) -> Iterator[Frame]:
        """Yield the rows, about `size` bytes at a time.

        Args:
            text: Columns whose cells are wanted as they stand.
            decimal: Mark of plain numbers, "." or ",".
            size: Bytes of a block.
            only: Columns that are wanted; None for all.
        """
        self.left_lines = self.left_first = self.cut_lines = self.cut_first = 0
        for part, last in _marked_last(sources.parts(self.source, size)):
            raw, first = part.text, part.first_line
            ahead = self.form.first_line - first
            if ahead > 0:
                cut = _after_lines(raw, ahead)
                raw, first = raw[cut:], first + raw.count(b"\n", 0, cut)
            if not raw:
                continue
            raw = self._rows_only(raw, first)
            if last:
                raw = self._without_end(raw, first)
            lines = self._lines(raw, first)
            if len(lines):
                yield self._parse(raw, lines, part.position, text=text, decimal=decimal, only=only)

    def _rows_only(self, raw: bytes, first: int) -> bytes:
        """Empty the lines that are no rows."""
        if self.form.delimiter == BLANKS:
            raw = re.sub(rb"(?m)^[ \t]+|[ \t]+$", b"", raw)
            raw = re.sub(rb"[ \t]{2,}|\t", b" ", raw)
        elif b" \n" in raw:
            # pandas takes a line of blanks for a row; an empty one it skips.
            raw = re.sub(rb"(?m)^ +$", b"", raw)
        if not self._suspect(raw):
            return raw
        lines = raw.split(b"\n")
        for number, line in enumerate(lines):
            bare = line.strip()
            if not bare or not (bare in self.form.repeated or forms.is_comment(bare.decode())):
                continue
            lines[number] = b""
            self.left_lines += 1
            self.left_first = self.left_first or first + number
        return b"\n".join(lines)

    def _suspect(self, raw: bytes) -> bool:
        """Whether a line may be none of the rows."""
        marks = [mark for letter, mark in _COMMENT_BYTES if letter in raw]
        marks += [b"\n" + line for line in self.form.repeated]
        return any(mark in raw or raw.startswith(mark[1:]) for mark in marks)

    def _is_footer(self, line: str) -> bool:
        """Whether a line below the rows sums them up."""
        first = forms.split(line, self.form.delimiter)[:1] if self.form.typed else []
        return bool(first) and forms.FOOTER.fullmatch(first[0]) is not None

    def _without_end(self, raw: bytes, first: int) -> bytes:
        """Empty the last lines of the file that are no whole rows: a row that is cut, a footer."""
        wanted = len(self.form.names) + self.form.padded
        lines = raw.split(b"\n")
        for number in range(len(lines) - 1, max(-1, len(lines) - _LONGEST_END), -1):
            text = lines[number].decode()
            if not text.strip():
                continue
            whole = forms.count_fields(text, self.form.delimiter) >= wanted
            if whole and not self._is_footer(text):
                break
            lines[number] = b""
            self.cut_lines += 1
            self.cut_first = first + number
        return b"\n".join(lines)

    def _lines(self, raw: bytes, first: int) -> NDArray[np.int64]:
        """Return the line of each row after checking that every row has as many fields."""
        mark = self.form.delimiter
        wanted = len(self.form.names) - 1 + self.form.padded
        content = np.frombuffer(raw, dtype=np.uint8)
        ends = np.flatnonzero(content == 10)
        if b'"' in raw:
            rows = raw.decode().split("\n")[: len(ends)]
            marks = np.array([forms.count_fields(row, mark) - 1 if row else 0 for row in rows])
        else:
            where = np.flatnonzero(content == ord(mark))
            marks = np.diff(np.searchsorted(where, ends), prepend=0)
        starts = np.concatenate(([0], ends[:-1] + 1))
        keep = np.ones(len(ends), dtype=np.bool_)
        for number in np.flatnonzero((marks != wanted) | (starts == ends)).tolist():
            if raw[starts[number] : ends[number]].strip():
                raise DataError(self._ragged(first + number, int(marks[number]) + 1, wanted + 1))
            keep[number] = False
        return np.flatnonzero(keep) + first

    def _ragged(self, line: int, found: int, wanted: int) -> str:
        cause = "a row is cut, or a value holds the delimiter"
        if self.form.delimiter == "," and found > wanted:
            cause += ' (a decimal comma without quotes around it: "20,5")'
        return f"{self.name}:{line}: {found} fields where the header has {wanted}: {cause}"

    def _parse(
        self,
        raw: bytes,
        lines: NDArray[np.int64],
        position: int,
        *,
        text: frozenset[str],
        decimal: str,
        only: frozenset[str] | None,
    ) -> Frame:
        names = self.form.names
        wanted = [i for i, name in enumerate(names) if only is None or name in only]
        markers: Any = {i: _MARKERS for i in wanted if names[i] not in text}
        frame = pd.read_csv(
            BytesIO(raw),
            sep=self.form.delimiter,
            header=None,
            names=list(range(len(names) + self.form.padded)),
            usecols=wanted,
            dtype={i: str for i in wanted if names[i] in text},
            na_values=markers,
            keep_default_na=False,
            skipinitialspace=True,
            index_col=False,
            decimal=decimal,
            low_memory=False,
        )
        columns = {names[i]: _cells(frame[i]) for i in wanted}
        return Frame(self.name, columns, lines, position)


def _marked_last(parts: Iterator[sources.Part]) -> Iterator[tuple[sources.Part, bool]]:
    """Yield parts, each with whether it is the last."""
    held = None
    for part in parts:
        if held is not None and len(part.text) < _SHORT_PART:
            # A last line without an end comes alone: it stays with the lines before it.
            held = part._replace(text=held.text + part.text, first_line=held.first_line)
            continue
        if held is not None:
            yield held, False
        held = part
    if held is not None:
        yield held, True


def _after_lines(raw: bytes, count: int) -> int:
    """Return the place after the first `count` lines."""
    at = 0
    for _ in range(count):
        at = raw.find(b"\n", at) + 1
        if not at:
            return len(raw)
    return at


def _cells(column: "pd.Series[Any]") -> NDArray[Any]:
    if column.dtype.kind in "iuf":
        values = column.to_numpy()
        return values if values.dtype.kind != "u" else values.astype(np.float64)
    cells = column.to_numpy(dtype=object)
    if not column.hasnans and column.dtype.kind != "b":
        return cells
    return np.array(["" if pd.isna(c) else str(c) for c in cells], dtype=object)


def open_file(source: Source, delimiter: str | None, skip: int | None) -> LogFile:
    """Find the form of a file."""
    text = sources.head_text(source)
    return LogFile(source, forms.find(source.path, text, delimiter, skip))
