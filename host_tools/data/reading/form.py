"""The form of a file: delimiter, lines before the header, header, units, where the rows begin.

Judged from the first lines: the delimiter that splits them alike into cells that mean something,
and the first line from which they stay alike.
"""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from host_tools.data.reading import numbers, stamps
from host_tools.errors import DataError

DELIMITERS = (",", ";", "\t", "|", " ")
BLANKS = " "
"""As a delimiter: a run of blanks or tabs."""
_COMMENTS = ("#", "%", "//")
_RULER = re.compile(r"[\s|+:=-]*(?:-{3,}|={3,})[\s|+:=-]*")
FOOTER = re.compile(
    r"\W{0,2}(?:(?:grand )?totals?|sum|summe|gesamt|averages?|avg|mean|mittelwert|min|max|minimum"
    r"|maximum|count|anzahl|std|stddev|median|end(?: of (?:file|data|log|report))?|eof)\W{0,2}",
    re.IGNORECASE,
)
"""The first cell of a line below the rows that sums them up."""
_QUOTED = re.compile(r"^'(?:(.+)'|([=+@-].*))$")
"""A name in single quotes, or with the apostrophe that keeps a spreadsheet from running it."""
_LINES = 400
_MOST_EXTRA = 5
_SHOWN = 40
_UNIT_IN_NAME = re.compile(r".*?\S[\s_]*[\[(]([^\[\]()]{1,14})[\])]\s*")


@dataclass(frozen=True)
class Form:
    """What the first lines of a file say.

    Attributes:
        delimiter: One of DELIMITERS.
        names: Every column, in file order, each once.
        units: By name, where the file tells them.
        header_line: Line of the names, None without a header.
        first_line: Line of the first row.
        repeated: Lines that are no rows wherever they stand again, without blanks around them.
        notes: What is worth telling.
        padded: Whether every row ends in a delimiter that the header does not have.
        typed: Whether the first column holds numbers or stamps, so that a word in it is a footer.
    """

    delimiter: str
    names: tuple[str, ...]
    units: dict[str, str]
    header_line: int | None
    first_line: int
    repeated: frozenset[bytes] = frozenset()
    notes: tuple[str, ...] = ()
    padded: bool = False
    typed: bool = False


@dataclass
class _Work:
    path: Path
    lines: list[str]
    mark: str = ""
    notes: list[str] = field(default_factory=list)

    def cells(self, at: int) -> list[str]:
        return split(self.lines[at], self.mark)


def is_comment(line: str) -> bool:
    """Whether a line is a comment, or a ruler such as |---|---|."""
    return line.lstrip(' "').startswith(_COMMENTS) or _RULER.fullmatch(line) is not None


def split(line: str, mark: str) -> list[str]:
    """Return the cells of a line, quotes observed."""
    if mark == BLANKS:
        return line.split() if '"' not in line else next(csv.reader([" ".join(line.split())],
                                                                    delimiter=" "), [])  # fmt: skip
    if '"' not in line:
        return [cell.strip() for cell in line.split(mark)]
    cells = next(csv.reader([line], delimiter=mark, skipinitialspace=True), [])
    return [cell.strip() for cell in cells]


def count_fields(line: str, mark: str) -> int:
    """Return the number of fields of a line, quotes observed."""
    if '"' not in line and mark != BLANKS:
        return line.count(mark) + 1
    return len(split(line, mark))


def is_number(cell: str) -> bool:
    """Whether a cell is a number in some form, or infinite."""
    return numbers.classify(cell).kind in numbers.NUMBERS


def is_typed(cell: str) -> bool:
    """Whether a cell is a number or a stamp."""
    return is_number(cell) or stamps.is_stamp(cell)


def _is_word(cell: str) -> bool:
    kind = numbers.classify(cell).kind
    unit_only = kind == numbers.TEXT
    return bool(cell) and unit_only and not stamps.is_stamp(cell)


def find(path: Path, text: str, delimiter: str | None = None, skip: int | None = None) -> Form:
    """Return the form of a file from its first lines.

    Raises:
        DataError: No delimiter separates it, or the one that was given does not.
    """
    work = _Work(path, text.split("\n"))
    first = skip or 0
    while first < len(work.lines) and not work.lines[first].strip():
        first += 1
    if first >= len(work.lines):
        raise DataError(f"{path}: the file is empty after --skip {skip}")
    match = re.fullmatch(r'"?sep=(.)"?\s*', work.lines[first])
    if match is not None:
        delimiter = delimiter or match.group(1)
        first += 1
    body = [i for i in range(first, len(work.lines))[:_LINES]
            if work.lines[i].strip() and not is_comment(work.lines[i])]  # fmt: skip
    if work.lines[first].lstrip().startswith(("{", "[{", "<")):
        what = "a page or XML" if work.lines[first].lstrip().startswith("<") else "JSON"
        raise DataError(f"{path}: not a CSV file but {what}: export the log as CSV")
    if not body:
        raise DataError(f"{path}: holds comments only: there are no rows to look at")
    work.mark = _delimiter(work, body, delimiter)
    return _table(work, body, skip is not None)


def _delimiter(work: _Work, body: list[int], given: str | None) -> str:
    scored = sorted(
        ((_score(work, body, mark), -rank, mark) for rank, mark in enumerate(DELIMITERS)),
        reverse=True,
    )
    best = scored[0][2] if scored[0][0] > 0 else None
    lines = [work.lines[i] for i in body]
    if given is not None:
        mark = {"\\t": "\t", "tab": "\t", "blank": BLANKS, "blanks": BLANKS}.get(given, given)
        if len(mark) != 1:
            raise DataError(f"delimiter {given!r}: must be one character, or tab, or blanks")
        if max(count_fields(line, mark) for line in lines) == 1:
            hint = f": {best!r} does" if best else ""
            raise DataError(f"{work.path}: delimiter {given!r} does not separate the header{hint}")
        return mark
    if best is None:
        if len(lines) > 1 and all(is_typed(line) or not line for line in lines[1:]):
            return DELIMITERS[0] if not any("," in line for line in lines) else ";"
        raise DataError(
            f'{work.path}: one column only ("{lines[0][:_SHOWN]}"): none of'
            f" {' '.join(map(repr, DELIMITERS))} separates it; give --delimiter"
        )
    return best


def _score(work: _Work, body: list[int], mark: str) -> float:
    """Return how well a delimiter fits, 0 … about 1: lines alike, cells that mean something."""
    lines = [work.lines[i] for i in body]
    counts = [count_fields(line, mark) for line in lines]
    later = counts[len(counts) // 3 :]
    usual, times = Counter(later).most_common(1)[0]
    if usual == 1:
        return 0.0
    chosen = [line for line, count in zip(lines, counts, strict=True) if count == usual]
    if usual == 2 and mark == "," and counts[0] == 1 and all(map(is_number, lines[1:])):
        # One column with a decimal comma below its name.
        return 0.0
    rows = [split(line, mark) for line in chosen[-20:]]
    cells = [cell for row in rows for cell in row]
    typed = sum(is_typed(cell) or numbers.classify(cell).kind == numbers.MISS for cell in cells)
    alike = times / len(later) + 0.1 * (counts[0] == usual)
    score = alike * (0.25 + 0.75 * typed / max(1, len(cells))) * (1 + 0.001 * min(usual, 50))
    return score * (0.7 if mark == BLANKS else 1.0)


def _table(work: _Work, body: list[int], skipped: bool) -> Form:
    counts = [count_fields(work.lines[i], work.mark) for i in body]
    later = counts[len(counts) // 3 :] if len(counts) > 2 else counts[-1:]
    usual = Counter(later).most_common(1)[0][0]
    if skipped or counts[0] == usual:
        start = 0
    else:
        start = next((k for k, count in enumerate(counts) if count == usual
                      and counts[min(k + 1, len(counts) - 1)] == usual), 0)  # fmt: skip
    if work.lines[body[0]].lstrip('"').startswith(("TOA5", "TOACI1")) and start == 0:
        start = 1
    padded, names = _uneven(work, body, counts, start, usual)
    rows = [work.cells(i) for i in body[start : start + 60]]
    extra: list[int] = []
    if names is not None:
        header: int | None = body[start - 1]
        first = start
    elif _has_header(rows):
        header, names, first = body[start], rows[0], start + 1
        extra = _extra_rows(rows[1:])
        if extra and not all(names) and (lower := _grouped(names, rows[1])) is not None:
            # Groups of columns above, the names themselves below.
            header, names, extra = body[start + 1], lower, extra[1:]
            start, first, rows = start + 1, first + 1, rows[1:]
        first += len(extra)
    else:
        header, names = _other_header(work, body, start, usual)
        if header is None:
            _check_lost_header(work, body, start, usual)
            header = _commented_header(work, body[start], usual)
            names = None if header is None else split(work.lines[header].lstrip('#%/ "'), work.mark)
        first = start
    units, unit_notes = _units([rows[1 + k] for k in extra], work, body, start)
    work.notes += unit_notes
    above = [i for i in range(body[start]) if work.lines[i].strip() and i != header]
    if above:
        work.notes.append(f"{len(above)} lines before the header are no rows")
    chosen = _names(work, names, usual - padded)
    found = {name: unit for name, unit in zip(chosen, units, strict=False) if unit}
    for name in chosen:
        inside = _UNIT_IN_NAME.fullmatch(name)
        if inside is not None and not inside.group(1).isdigit():
            found.setdefault(name, inside.group(1).strip())
    first_line = body[first] + 1 if first < len(body) else len(work.lines) + 1
    top = {work.lines[i].strip() for i in range(first_line - 1) if work.lines[i].strip()}
    return Form(work.mark, chosen, found, None if header is None else header + 1, first_line,
                frozenset(line.encode() for line in top), tuple(work.notes), padded,
                _typed_columns(rows)[:1] == [True])  # fmt: skip


def _uneven(
    work: _Work, body: list[int], counts: list[int], start: int, usual: int
) -> tuple[bool, list[str] | None]:
    """Return whether rows end in a delimiter more, and the header above them if it is shorter."""
    if not start or usual < 3 or counts[start - 1] != usual - 1:
        return False, None
    names = work.cells(body[start - 1])
    if not all(_is_word(name) for name in names):
        return False, None
    rows = [work.cells(i) for i in body[start:]]
    if all(not row[-1] for row in rows if len(row) == usual):
        return True, names
    work.notes.append("the rows have one field more than the header: the first has no name")
    return False, ["", *names]


def _has_header(rows: list[list[str]]) -> bool:
    """Whether the first row names the columns: text above columns of numbers or stamps."""
    first, below = rows[0], rows[1:]
    if any(stamps.is_dated(cell) for cell in first):
        return False
    typed = _typed_columns(below)
    if any(typed):
        return any(kind and _is_word(cell) for kind, cell in zip(typed, first, strict=False))
    return all(not is_number(cell) for cell in first)


def _typed_columns(rows: Sequence[Sequence[str]]) -> list[bool]:
    """Return which columns hold numbers or stamps, from rows that may begin with a few others."""
    if not rows:
        return []
    later = rows[min(_MOST_EXTRA, len(rows) // 2) :] or rows
    width = max(len(row) for row in rows)
    kinds = []
    for column in range(width):
        cells = [row[column] for row in later if column < len(row)]
        filled = [cell for cell in cells if numbers.classify(cell).kind != numbers.MISS]
        kinds.append(bool(filled) and sum(map(is_typed, filled)) > 0.5 * len(filled))
    return kinds


def _extra_rows(rows: list[list[str]]) -> list[int]:
    """Return which of the rows below the header are units or the like: words above numbers."""
    typed = _typed_columns(rows)
    found = []
    for number, row in enumerate(rows[:_MOST_EXTRA]):
        cells = [cell for kind, cell in zip(typed, row, strict=False) if kind]
        if number + 1 >= len(rows) or not any(_is_word(cell) for cell in cells):
            break
        if any(is_typed(cell) for cell in cells):
            break
        found.append(number)
    return found


def _grouped(upper: list[str], lower: list[str]) -> list[str] | None:
    """Return the names of a header in two rows, groups above; None when a column has no name."""
    names = [below or above for above, below in zip(upper, lower, strict=False)]
    if not all(names):
        return None
    if len(set(names)) < len(names):
        group = ""
        for at, above in enumerate(upper):
            group = above or (group if at else "")
            names[at] = f"{group} {lower[at]}" if group and lower[at] else names[at]
    return names


def _other_header(
    work: _Work, body: list[int], start: int, usual: int
) -> tuple[int | None, list[str] | None]:
    """Return the line above the rows that names as many columns with another delimiter."""
    line = work.lines[body[start - 1]] if start else ""
    for mark in DELIMITERS[:4]:
        names = split(line, mark) if mark != work.mark else []
        if len(names) == usual and all(map(_is_word, names)):
            work.notes.append(f"the header is delimited by {mark!r}, the rows by {work.mark!r}")
            return body[start - 1], names
    return None, None


def _check_lost_header(work: _Work, body: list[int], start: int, usual: int) -> None:
    """Raise DataError when the line above rows without a header names fewer columns than they have.

    A decimal comma without quotes in a file with commas does so.
    """
    if not start:
        return
    names = work.cells(body[start - 1])
    if 2 <= len(names) < usual and all(_is_word(name) for name in names):
        line = body[start] + 1
        raise DataError(
            f"{work.path}:{line}: {usual} fields where the header has {len(names)}: a decimal comma"
            " without quotes around it, or another delimiter (--delimiter); when line"
            f" {body[start - 1] + 1} is no header, give --skip {body[start - 1] + 1}"
        )


def _commented_header(work: _Work, first: int, usual: int) -> int | None:
    """Return the comment line right above the rows that names the columns."""
    for at in range(first - 1, -1, -1):
        line = work.lines[at]
        if not line.strip():
            continue
        if not is_comment(line):
            return None
        cells = split(line.lstrip('#%/ "'), work.mark)
        return at if len(cells) == usual and all(_is_word(cell) for cell in cells) else None
    return None


def _units(
    extra: list[list[str]], work: _Work, body: list[int], start: int
) -> tuple[list[str], list[str]]:
    if not extra:
        return [], []
    line = body[start] + 2
    notes = [f"line {line} holds the units"]
    if len(extra) > 1:
        notes.append(f"{len(extra) - 1} more lines below the header are no rows")
    toa5 = work.lines[body[0]].lstrip('"').startswith("TOA5")
    return ["" if toa5 and unit in ("TS", "RN") else unit for unit in extra[0]], notes


def _names(work: _Work, header: list[str] | None, count: int) -> tuple[str, ...]:
    """Return a name of its own for every column."""
    if header is None:
        work.notes.append("no header: the columns are called column1, column2, …")
        header = [""] * count
    chosen: list[str] = []
    for number, given in enumerate(header[:count] + [""] * (count - len(header)), start=1):
        name = _QUOTED.sub(r"\1\2", given.strip().strip('"').strip()) or f"column{number}"
        times, plain = 2, name
        while name in chosen:
            name = f"{plain} ({times})"
            times += 1
        if name != plain:
            work.notes.append(f'"{plain}" occurs twice: column {number} is called "{name}"')
        chosen.append(name)
    return tuple(chosen)
