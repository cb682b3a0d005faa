"""What a cell of text means as a number: decimal mark, thousands, units, markers of missing.

A column is read one way. `classify` says what a cell shows for itself; `decide` weighs all cells
of a column, and of the other columns, and asks where two readings fit.
"""

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

MISSING = frozenset(
    ("", "na", "n/a", "#n/a", "#na", "nan", "-nan", "+nan", "null", "<null>", "(null)", "none",
     "nil", "-", "--", "---", "–", "—", "?", ".", "*", "***", "no data", "nodata", "bad",
     "bad input", "bad data", "bad quality", "#value!", "#ref!", "#div/0!", "#num!", "#null!",
     "unavailable", "not available", "no value", "out of service", "i/o timeout", "comm fail",
     "scan off", "pt created", "1.#qnan", "-1.#qnan", "1.#qnb", "-1.#ind", "1.#ind", "1.#snan",
     "nan(ind)", "-nan(ind)", "under range", "over range", "\\n", "nat", "n.a.", "n.d.")
)  # fmt: skip
"""Cells that say "no value here", in lower case."""
_INFINITE = frozenset(("1.#inf", "-1.#inf", "+inf", "inf", "-inf", "infinity", "-infinity", "∞"))

_HEX = re.compile(r"0[xX][\da-fA-F]{1,8}")
_APART = re.compile(r"^([+-])\s+(?=[\d.,])")
"""A sign and a blank before the digits."""
_SIGNS_ONLY = re.compile(r"[-–—_]+|\*+|\?+|\.+|#+|x{3,}|X{3,}")
_MARKED = re.compile(r"([<>≤≥~(]*)\s*([^<>≤≥~()*!]*\d[^<>≤≥~()*!]*?)\s*([*!?)]*)")

_EXPONENT = r"(?:[eE][+-]?\d+)?"
_PLAIN = re.compile(rf"[+-]?(?:\d+\.?\d*|\.\d+){_EXPONENT}")
_COMMA_DECIMAL = re.compile(rf"[+-]?(?:\d+,\d*|,\d+){_EXPONENT}")
_COMMA_GROUPS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+")
_COMMA_GROUPS_POINT = re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:,\d{{2}})*(?:,\d{{3}})+\.\d*{_EXPONENT}")
_POINT_GROUPS = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+")
_POINT_GROUPS_COMMA = re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:\.\d{{3}})+,\d*{_EXPONENT}")
_SPACED = re.compile(r"[+-]?[1-9]\d{0,2}(?:(['’ \u00a0\u202f])\d{3})(?:\1\d{3})*(?:[.,]\d*)?")
_UNIT = re.compile(
    r"([+-]?[\d.,'’ \u00a0\u202f]*\d[.,]?(?:[eE][+-]?\d+)?)\s*"
    r"((?:(?![xX][\da-fA-F])[^\W\d_]|[%‰°µμΩ€$£″])[^\d=<>;|:,]{0,11}\d?)"
)


class Cell(NamedTuple):
    """One cell: its digits with point and comma as they stand, its kind, its unit."""

    digits: str
    kind: str
    unit: str = ""


MISS, INFINITE, TEXT = "missing", "infinite", "text"
PLAIN, POINT, COMMA = "plain", "point", "comma"
GROUP, POINT_GROUP = "group", "point group"
COMMA_OR_GROUP, POINT_OR_GROUP = "comma or group", "point or group"
"""Kinds of a cell. PLAIN has neither mark; POINT and COMMA are decimal marks for certain; GROUP
has commas between thousands for certain, POINT_GROUP points; the last two fit both: `1,033`."""

NUMBERS = (INFINITE, PLAIN, POINT, COMMA, COMMA_OR_GROUP, GROUP, POINT_GROUP, POINT_OR_GROUP)
MOST_TEXTS = 200

_ALLOWED = {
    (".", ""): {PLAIN, POINT, POINT_OR_GROUP},
    (".", ","): {PLAIN, POINT, POINT_OR_GROUP, GROUP, COMMA_OR_GROUP},
    (",", ""): {PLAIN, COMMA, COMMA_OR_GROUP},
    (",", "."): {PLAIN, COMMA, COMMA_OR_GROUP, POINT_GROUP, POINT_OR_GROUP},
}
"""Kinds that agree with a decimal mark and a mark of thousands."""


_DIGITS = {zero + i: str(i) for zero in (0x660, 0x6F0, 0xFF10) for i in range(10)} | {
    0x2212: "-", 0x66B: ".", 0x66C: ",", 0xFF0E: ".", 0xFF0C: ",", 0xFF0D: "-"}  # fmt: skip
"""Arabic, Persian and full-width digits and marks, and the minus sign, in ASCII."""


def cleaned(cell: str) -> str:
    """Return a cell without blanks and quotes around it, with an ASCII minus."""
    cell = cell.strip(" \t\u00a0\u202f\ufeff'\"")
    return cell if cell.isascii() else cell.translate(_DIGITS)


def mark_of(cell: str) -> str:
    """Return the mark beside a number, such as < or *, "" without one."""
    match = _MARKED.fullmatch(cleaned(cell))
    if match is None or classify(match.group(2)).kind not in NUMBERS:
        return ""
    return match.group(1) + match.group(3)


def _is_missing(cell: str, markers: frozenset[str]) -> bool:
    """Whether the user's markers say that a cell holds no value."""
    return bool(markers) and (cleaned(cell).lower() in markers or mark_of(cell) in markers - {""})


@lru_cache(maxsize=1 << 16)
def classify(cell: str) -> Cell:
    """Say what one cell shows for itself."""
    cell = cleaned(cell)
    cell = _APART.sub(r"\1", cell)
    low = cell.lower()
    if low in MISSING or _SIGNS_ONLY.fullmatch(cell):
        return Cell("", MISS)
    if low in _INFINITE:
        return Cell("-inf" if low.startswith("-") else "inf", INFINITE)
    found = _number(cell)
    if found is not None:
        return found
    match = _UNIT.fullmatch(cell)
    if match is not None:
        inner = _number(match.group(1).strip())
        if inner is not None:
            return Cell(inner.digits, inner.kind, match.group(2).strip())
    return Cell(cell, TEXT)


def _number(cell: str) -> Cell | None:
    if _HEX.fullmatch(cell):
        return Cell(str(int(cell, 16)), PLAIN)
    if _PLAIN.fullmatch(cell):
        if _POINT_GROUPS.fullmatch(cell) is not None:
            return Cell(cell, POINT_OR_GROUP)
        return Cell(cell, POINT if "." in cell else PLAIN)
    if _COMMA_GROUPS.fullmatch(cell):
        return Cell(cell, GROUP if cell.count(",") > 1 else COMMA_OR_GROUP)
    if _COMMA_DECIMAL.fullmatch(cell):
        return Cell(cell, COMMA)
    if _COMMA_GROUPS_POINT.fullmatch(cell):
        return Cell(cell, GROUP)
    if _POINT_GROUPS.fullmatch(cell) or _POINT_GROUPS_COMMA.fullmatch(cell):
        return Cell(cell, POINT_GROUP)
    match = _SPACED.fullmatch(cell)
    if match is not None:
        return _number(cell.replace(match.group(1), ""))
    return None


@dataclass(frozen=True)
class Form:
    """How the cells of one column are read.

    Attributes:
        decimal: "." or ",".
        thousands: "", "," or ".": stands between groups of three digits.
        missing: More markers of missing, in lower case, and numbers that mean missing.
        unit: What follows the number in every cell, or "".
    """

    decimal: str = "."
    thousands: str = ""
    missing: frozenset[str] = frozenset()
    unit: str = ""

    def value(self, cell: str) -> tuple[float, bool]:
        """Return a cell as a number (NaN where it has none), and whether it is text instead."""
        if _is_missing(cell, self.missing):
            return math.nan, False
        found = classify(cell)
        if found.kind in (MISS, TEXT):
            return math.nan, found.kind == TEXT
        if found.kind == INFINITE:
            return float(found.digits), False
        if found.kind not in _ALLOWED[self.decimal, self.thousands]:
            return math.nan, True
        digits = found.digits.replace(self.thousands, "") if self.thousands else found.digits
        return float(digits.replace(",", ".") if self.decimal == "," else digits), False


@dataclass
class Evidence:
    """What the cells of one column showed that no plain number is.

    Attributes:
        kinds: Cells by kind.
        units: Cells by unit.
        texts: Cells that are text, at most MOST_TEXTS different ones, and how many of each.
        examples: The first cell of each kind.
        places: File and line of each text, the first.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    units: Counter[str] = field(default_factory=Counter)
    texts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def add(self, cell: str, count: int, place: str, missing: frozenset[str]) -> None:
        """Take `count` equal cells, the first of them at `place`."""
        found = classify(cell)
        if _is_missing(cell, missing):
            found = Cell("", MISS)
        self.kinds[found.kind] += count
        self.examples.setdefault(found.kind, cell.strip())
        if found.kind == TEXT:
            text = cleaned(cell)
            if text in self.texts or len(self.texts) < MOST_TEXTS:
                self.texts[text] += count
                self.places.setdefault(text, place)
        elif found.kind not in (MISS, INFINITE):
            self.units[found.unit] += count

    @property
    def numbers(self) -> int:
        """Cells that are numbers."""
        return sum(self.kinds[k] for k in NUMBERS)


def parse(
    cells: NDArray[np.object_],
    form: Form,
    evidence: Evidence,
    *,
    file: str,
    lines: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return cells of text as float64 [rows] and which are text, bool [rows]; note what they show.

    Args:
        cells: object [rows] of str.
        form: How to read them.
        evidence: Takes what they show.
        file: Their file.
        lines: int64 [rows].
    """
    codes, uniques = pd.factorize(cells)
    counts = np.bincount(codes, minlength=len(uniques))
    first = np.full(len(uniques), len(codes), dtype=np.int64)
    np.minimum.at(first, codes, np.arange(len(codes)))
    values = np.empty(len(uniques))
    text = np.zeros(len(uniques), dtype=np.bool_)
    for at, cell in enumerate(uniques):
        values[at], text[at] = form.value(cell)
        evidence.add(cell, int(counts[at]), f"{file}:{lines[first[at]]}", form.missing)
    return values[codes], text[codes]


def proven(evidence: Evidence) -> set[str]:
    """Return the decimal marks that cells of a column prove, of "." and ","."""
    kinds = evidence.kinds
    return {
        mark
        for mark, certain in ((",", kinds[COMMA] + kinds[POINT_GROUP]),
                              (".", kinds[POINT] + kinds[GROUP]))
        if certain
    }  # fmt: skip


def marked(evidence: Evidence) -> bool:
    """Whether a column has cells with a mark or a unit, which the plain reading does not take."""
    plain = (PLAIN, INFINITE)
    return any(evidence.kinds[kind] for kind in NUMBERS if kind not in plain) or any(evidence.units)


@dataclass(frozen=True)
class Locale:
    """What the whole file shows.

    Attributes:
        decimal: The mark that other columns prove, or "" when none does, or both do.
        delimiter: A comma between fields cannot stand in a number as well, unless quoted.
        given: --decimal, or "".
    """

    decimal: str
    delimiter: str
    given: str = ""


def decide(evidence: Evidence, locale: Locale) -> tuple[str, str] | str:
    """Return decimal mark and mark of thousands of a column, or the question to ask."""
    kinds, certain = evidence.kinds, proven(evidence)
    shown = {k: f'"{v}"' for k, v in evidence.examples.items()}
    if len(certain) == 2:
        one = shown.get(COMMA) or shown.get(POINT_GROUP)
        other = shown.get(POINT) or shown.get(GROUP)
        return f"numbers in two forms, {one} and {other}: mend the cells, or --ignore the column"
    mark = next(iter(certain), "")
    if locale.given and mark and mark != locale.given:
        return f"{next(iter(shown.values()))} does not agree with --decimal {locale.given}"
    mark = mark or locale.given
    commas, points = kinds[COMMA_OR_GROUP], kinds[POINT_OR_GROUP]
    if not mark and commas:
        if points:
            mark = "." if locale.delimiter == "," else ""
        else:
            mark = locale.decimal or ("." if locale.delimiter == "," else "")
        if not mark:
            return (
                f"{shown[COMMA_OR_GROUP]} is a decimal comma or a thousands separator: give"
                " --decimal , or --decimal ."
            )
    mark = mark or "."
    if mark == "." and points and not certain and locale.decimal == "," and not locale.given:
        return (
            f"{shown[POINT_OR_GROUP]} has a decimal point where other columns have a decimal comma,"
            " or is in thousands: give --decimal , (thousands) or --ignore the column"
        )
    thousands = "," if mark == "." else "."
    grouped = kinds[GROUP] + commas if mark == "." else kinds[POINT_GROUP] + points
    return mark, thousands if grouped else ""
