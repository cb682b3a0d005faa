"""What a board prints, line by line, as rows of numbers.

Rows are numbers between commas, semicolons, tabs or blanks (the form of Edge Impulse's data
forwarder), or `name:value` pairs (that of the Arduino serial plotter). The first lines decide the
form; a later line of another form is no row: it is left out and counted, never guessed at.
"""

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from host_tools.errors import DataError

_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?")
_MISSING = frozenset({"", "nan", "-nan", "inf", "-inf", "+inf", "ovf", "null", "none", "na", "n/a"})
"""What libraries of microcontrollers print for a value that they do not have."""
_PAIR = re.compile(r"\s*([^:=,;\t]*[^:=,;\t\s\d][^:=,;\t]*?)\s*[:=]\s*(\S*)\s*")
_SAME = 3
"""Rows of one form that decide it: one alone may be a message that begins with a number."""
_LONGEST = 65536
"""Bytes without the end of a line after which they are no text."""
QUIET_SECONDS = 0.05
"""Silence after which a line begins: within one no board pauses for so long."""


@dataclass(frozen=True)
class Form:
    """How the values of a row stand in a line.

    Attributes:
        separator: One of `,`, `;`, a tab, or a blank, which stands for any number of blanks.
        names: Names of the channels.
        has_pairs: Whether each value follows its name.
        is_numbered: Whether nobody named the channels.
    """

    separator: str
    names: tuple[str, ...]
    has_pairs: bool = False
    is_numbered: bool = False

    def values(self, line: str) -> list[str] | None:
        """Return the values of a line as text, empty where one is missing; None: it is no row."""
        cells = _cells(line, self.separator)
        if len(cells) != len(self.names):
            return None
        if self.has_pairs:
            pairs = [_PAIR.fullmatch(cell) for cell in cells]
            found = [pair[2] for pair in pairs if pair is not None]
            names = tuple(pair[1] for pair in pairs if pair is not None)
            return _numbers(found, self.separator) if names == self.names else None
        return _numbers(cells, self.separator)


def _cells(line: str, separator: str) -> list[str]:
    if separator == " ":
        return line.split()
    cells = [cell.strip() for cell in line.strip(" \r").split(separator)]
    return cells[:-1] if len(cells) > 1 and not cells[-1] else cells


def _numbers(cells: Sequence[str], separator: str) -> list[str] | None:
    """Return numbers with a decimal point; None when a cell is none."""
    values = []
    for cell in cells:
        if cell.lower() in _MISSING:
            values.append("")
        elif _NUMBER.fullmatch(cell) and not (separator == "," and "," in cell):
            values.append(cell.replace(",", "."))
        else:
            return None
    return values if any(values) else None


def _separator(line: str) -> str:
    for mark in (";", "\t", ","):
        if mark in line.strip():
            return mark
    return " "


def _form(line: str, names: Sequence[str], header: str) -> Form | None:
    """Return the form of a line; None when it is no row of numbers."""
    separator = _separator(line)
    cells = _cells(line, separator)
    pairs = [_PAIR.fullmatch(cell) for cell in cells]
    found = tuple(pair[1] for pair in pairs if pair is not None)
    if len(found) == len(cells) and len(set(found)) == len(found):
        form = Form(separator, found, has_pairs=True)
        if form.values(line) is None:
            return None
        return _renamed(form, names)
    if _numbers(cells, separator) is None:
        return None
    titles = _titles(header, len(cells))
    numbered = tuple(f"ch{i}" for i in range(len(cells)))
    return _renamed(Form(separator, titles or numbered, is_numbered=not titles), names)


def _renamed(form: Form, names: Sequence[str]) -> Form:
    if not names:
        return form
    if len(names) != len(form.names):
        raise DataError(
            f"--channels names {len(names)}, a line holds {len(form.names)} values: name each"
        )
    if form.has_pairs:
        raise DataError(
            f"the lines name their values ({', '.join(form.names)}): leave --channels out"
        )
    return Form(form.separator, tuple(names))


def _titles(header: str, count: int) -> tuple[str, ...]:
    """Return the names in the line before the first row; () when it is no header."""
    cells = _cells(header, _separator(header))
    fits = len(cells) == count == len(set(cells)) and all(cells)
    return tuple(cells) if fits and not any(_NUMBER.fullmatch(cell) for cell in cells) else ()


class Lines:
    """Text that comes in pieces, as whole lines with the time at which each one was complete."""

    def __init__(self) -> None:
        """Begin where the state of the line is not known."""
        self._part = b""
        self._is_whole = False
        self._last: float | None = None

    def lose(self) -> None:
        """Forget what has not ended: the line was away."""
        self._part, self._is_whole, self._last = b"", False, None

    def take(self, data: bytes, now: float) -> list[str]:
        """Return the lines that `data` ends.

        The first one counts only when it is sure that its beginning was heard: half a number is a
        number, too.

        Args:
            data: What came; empty when nothing did.
            now: Time of a clock that never goes back, in seconds.
        """
        if self._last is None:
            self._last = now
        if not data:
            return []
        if not self._part and now - self._last >= QUIET_SECONDS:
            self._is_whole = True
        self._last = now
        *ends, self._part = (self._part + data).split(b"\n")
        if len(self._part) > _LONGEST:
            self._part, self._is_whole = b"", False
        lines = [end.decode("utf-8", "replace").strip("\r") for end in ends]
        if ends and not self._is_whole:
            lines = lines[1:]
        self._is_whole = self._is_whole or bool(ends)
        return lines


class Rows:
    """Lines as rows of one form.

    Attributes:
        form: None until the first lines have decided it.
        dropped: Lines after that which were no row.
        first_dropped: The first of them.
        heard: The last lines before the form was known, for a message.
    """

    def __init__(self, names: Sequence[str] = ()) -> None:
        """Take `names` for the channels; without them a header's, or numbers."""
        self.form: Form | None = None
        self.dropped = 0
        self.first_dropped = ""
        self.heard: deque[str] = deque(maxlen=4)
        self._names = names
        self._waiting: list[tuple[float, str]] = []
        self._header = ""

    def take(self, line: str, now: float) -> list[tuple[float, list[str]]]:
        """Return the rows that are known with this line, each with its time.

        Raises:
            DataError: `names` do not fit to the line.
        """
        if not line.strip():
            return []
        if self.form is not None:
            return self._row(line, now)
        self.heard.append(line)
        form = _form(line, self._names, self._header)
        if form is None:
            self._waiting, self._header = [], line
            return []
        if self._waiting and form != _form(self._waiting[0][1], self._names, self._header):
            self._waiting, self._header = [], ""
        self._waiting.append((now, line))
        if len(self._waiting) < _SAME:
            return []
        self.form = form
        return [row for time, text in self._waiting for row in self._row(text, time)]

    def _row(self, line: str, now: float) -> list[tuple[float, list[str]]]:
        assert self.form is not None
        values = self.form.values(line)
        if values is None:
            if tuple(_cells(line, self.form.separator)) != self.form.names:  # a header once more
                self.dropped += 1
                self.first_dropped = self.first_dropped or line
            return []
        return [(now, values)]
