"""Text to time: the shapes of stamps, their fields, and the orders of day, month and year.

A column of stamps has few shapes (`00/00/0000 00:00`); each is understood once, and its digits are
taken out of all its rows together. Nothing is guessed cell by cell: `parse` reads a whole block in
one order, and `orders` says which orders a block allows.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Ticks = NDArray[np.int64]
"""Nanoseconds since 1970, MISSING where there is none."""

MISSING = np.iinfo(np.int64).min
NS = 1_000_000_000
DAY_NS = 86_400 * NS

YEAR_FIRST, DAY_FIRST, MONTH_FIRST, DAY_LAST, NO_DATE = (
    "year-first", "day-first", "month-first", "year-day-month", "no date",
)  # fmt: skip

_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan janv gen ene januar january janvier", "feb fev févr fevr februar february février",
         "mar mär mrz mars maerz märz march marzo", "apr avr abr april avril aprile",
         "may mai mag mayo maj maggio", "jun juin giu june juni giugno",
         "jul juil lug july juli luglio", "aug août aout ago august agosto",
         "sep sept set september septembre settembre", "oct okt ott october oktober octobre",
         "nov november novembre", "dec dez déc dic december dezember décembre"), start=1)
    for name in names.split()
}  # fmt: skip
_ZONES = {
    "z": 0.0, "utc": 0.0, "gmt": 0.0, "wet": 0.0, "west": 1.0, "bst": 1.0, "cet": 1.0, "mez": 1.0,
    "cest": 2.0, "mesz": 2.0, "eet": 2.0, "eest": 3.0, "msk": 3.0, "est": -5.0, "edt": -4.0,
    "cst": -6.0, "cdt": -5.0, "mst": -7.0, "mdt": -6.0, "pst": -8.0, "pdt": -7.0, "jst": 9.0,
}  # fmt: skip

_WEEKDAY = r"(?:[A-Za-z]{2,9}\.?,?\s+)?"
_DATES = (
    r"(?P<Y>\d{4})(?P<x>[-/._:])(?P<b>\d{1,2})(?P=x)(?P<c>\d{1,2})",
    r"(?P<a>\d{1,2})(?P<x>[-/._:]) ?(?P<b>\d{1,2})(?P=x) ?(?P<c4>\d{4})",
    r"(?P<a>\d{1,2})(?P<x>[-/.]) ?(?P<b>\d{1,2})(?P=x) ?(?P<c2>\d{2})",
    r"(?P<d>\d{1,2})[-/. ]*(?P<mon>[A-Za-z]{3,9})\.?[-/., ]*(?P<y4>\d{4})",
    r"(?P<d>\d{1,2})[-/. ]*(?P<mon>[A-Za-z]{3,9})\.?[-/. ]*(?P<y2>\d{2})",
    r"(?P<mon>[A-Za-z]{3,9})\.?[-/. ]+(?P<d>\d{1,2}),?[-/. ]+(?P<y4>\d{4})",
    r"(?P<y4>\d{4})[-/. ]*(?P<mon>[A-Za-z]{3,9})\.?[-/. ]*(?P<d>\d{1,2})",
)
_FRACTION = r"(?:[.,:](?P<f>\d{1,9}))?"
_TIME = (
    rf"(?P<H>\d{{1,2}})(?P<t>[:.h-])(?P<M>\d{{2}})(?:(?:(?P=t)|m)(?P<S>\d{{2}}){_FRACTION}s?)?"
    r"(?:\s*(?P<p>[AaPp])\.?\s?[Mm]\.?)?"
)
_SEPARATOR = r"\s*[T_ ,;@-]\s*"
_ZONE = (
    r"\s*(?:(?P<z>[A-Za-z]{1,5})|(?:UTC|GMT)?(?P<zs>[+-])(?P<zh>\d{2}):?(?P<zm>\d{2})?)?"
    r"(?:\s*\[[\w/+-]+\]|\s*\([\w ]+\))?"
)
_COMPACT = (
    r"(?P<Y>\d{4})(?P<b>\d{2})(?P<c>\d{2})(?:[T _-]?(?P<H>\d{2}):?(?P<M>\d{2}):?"
    r"(?:(?P<S>\d{2})(?:[.,]?(?P<f>\d{1,9}))?)?)?"
)
_UNIX = (
    rf"[A-Za-z]{{3}}\s+(?P<mon>[A-Za-z]{{3}})\s+(?P<d>\d{{1,2}})\s+{_TIME}\s+"
    r"(?:(?P<z>[A-Z]{3,5})\s+)?(?P<y4>\d{4})"
)
_FORMS = tuple(
    re.compile(text)
    for text in (
        *(rf"{_WEEKDAY}{date}(?:{_SEPARATOR}{_TIME}{_ZONE})?" for date in _DATES),
        *(rf"{_TIME}{_SEPARATOR}{date}" for date in _DATES[:3]),
        *(rf"{date}[T ](?P<H>\d{{2}})" for date in _DATES[:3]),
        rf"{_COMPACT}{_ZONE}",
        _UNIX,
    )
)
_CLOCK = re.compile(
    rf"(?P<H>\d{{1,3}}):(?P<M>\d{{2}})(?::(?P<S>\d{{2}}){_FRACTION})?"
    r"(?:\s*(?P<p>[AaPp])\.?\s?[Mm]\.?)?"
)
_MINUTE_CLOCK = re.compile(r"(?P<M>\d{1,2}):(?P<S>\d{2})[.,](?P<f>\d{1,3})")


@dataclass(frozen=True)
class Shape:
    """Where the fields of one shape stand.

    Attributes:
        spans: (first, last) of each digit field: Y, a, b, c, c2, c4, d, y2, y4, H, M, S, f, zh, zm.
        month: Number of a month by name, or 0.
        afternoon: 12-hour clock: 0 for none, 1 for AM, 2 for PM.
        zone_ns: Offset of a zone that is named; 0 without one.
        zone_sign: Of an offset that is written in digits (the fields zh and zm), or 0.
        has_date: Whether there is a date.
        has_time: Whether there is a time of day.
        dotted: Whether points separate the date.
    """

    spans: tuple[tuple[str, int, int], ...]
    month: int
    afternoon: int
    zone_ns: int
    zone_sign: int
    has_date: bool
    has_time: bool
    dotted: bool

    def span(self, name: str) -> tuple[int, int] | None:
        """Return where a field stands."""
        return next(((i, j) for key, i, j in self.spans if key == name), None)

    @property
    def orders(self) -> tuple[str, ...]:
        """Orders of day, month and year that this shape allows, the likeliest first."""
        names = {key for key, _, _ in self.spans}
        if not self.has_date:
            return (NO_DATE,)
        if self.month:
            return (DAY_FIRST,)
        if "Y" in names:
            return (YEAR_FIRST, DAY_LAST)
        if "c4" in names:
            return (DAY_FIRST,) if self.dotted else (DAY_FIRST, MONTH_FIRST)
        return (DAY_FIRST, YEAR_FIRST) if self.dotted else (DAY_FIRST, MONTH_FIRST, YEAR_FIRST)

    @property
    def dotted_time(self) -> bool:
        """Whether 00.01.00 may be a time of day as well as a date."""
        return self.dotted and not self.has_time and self.span("c2") is not None


_FIELDS = ("Y", "a", "b", "c", "c2", "c4", "d", "y2", "y4", "H", "M", "S", "f", "zh", "zm")


@lru_cache(maxsize=4096)
def understand(cell: str) -> Shape | None:
    """Return the shape of one stamp, None when it is not one."""
    for form in _FORMS:
        match = form.fullmatch(cell)
        if match is not None and (shape := _shape(match, has_date=True)) is not None:
            return shape
    for form in (_CLOCK, _MINUTE_CLOCK):
        match = form.fullmatch(cell)
        if match is not None:
            return _shape(match, has_date=False)
    return None


def _shape(match: re.Match[str], *, has_date: bool) -> Shape | None:
    groups = match.groupdict()
    month = 0
    if groups.get("mon"):
        month = _MONTHS.get(groups["mon"].lower(), 0)
        if not month:
            return None
    zone = groups.get("z")
    hours = _ZONES.get(zone.lower()) if zone else 0.0
    if hours is None:
        return None
    sign = {"+": 1, "-": -1}.get(groups.get("zs") or "", 0)
    half = {"a": 1, "p": 2}.get((groups.get("p") or "").lower(), 0)
    spans = tuple((key, *match.span(key)) for key in _FIELDS if groups.get(key) is not None)
    has_time = any(key in ("H", "M") for key, _, _ in spans)
    dotted = groups.get("x") == "."
    return Shape(spans, month, half, int(hours * 3600) * NS, sign, has_date, has_time, dotted)


def written(cell: str, order: str) -> str:
    """Return how a stamp is written, for people: `DD/MM/YYYY hh:mm`."""
    cell = tidy(cell)
    shape = understand(cell)
    if shape is None:
        return cell
    thirds = {MONTH_FIRST: "MDY", YEAR_FIRST: "YMD", DAY_LAST: "YDM"}.get(order, "DMY")
    letters = dict(zip(("a", "b", "c"), thirds, strict=True))
    letters |= {"Y": "Y", "d": "D", "H": "h", "M": "m", "S": "s", "f": "f", "zh": "z", "zm": "z"}
    letters |= dict.fromkeys(("c2", "c4", "y2", "y4"), "Y")
    text = list(cell)
    for name, first, last in shape.spans:
        text[first:last] = letters[name] * (last - first)
    return "".join(text)


def is_stamp(cell: str) -> bool:
    """Whether a cell is a date, a time of day, or both."""
    return understand(tidy(cell)) is not None


def is_dated(cell: str) -> bool:
    """Whether a cell holds a date; digits without any separator do not count."""
    shape = understand(tidy(cell))
    return shape is not None and shape.has_date and not cell.strip().isdigit()


_PLAIN = str.maketrans({"\u202f": " ", "\u00a0": " ", "−": "-", "年": "-", "月": "-", "日": " ",
                        "时": ":", "時": ":", "分": ":", "秒": " "})  # fmt: skip


def tidy(cell: str) -> str:
    """Return a cell with plain blanks, and none around it."""
    if not cell.isascii():
        cell = cell.translate(_PLAIN)
    return cell.strip(" \t\"'")


@dataclass(frozen=True, eq=False)
class ShapedCells:
    """Cells of a column by shape.

    Attributes:
        rows: How many cells.
        shapes: Each with the rows that have it, and their characters, uint8 [rows, width].
        blank: bool [rows], cells without any text.
        wrong: bool [rows], cells that are no stamp.
    """

    rows: int
    shapes: tuple[tuple[Shape, NDArray[np.int64], NDArray[np.uint8]], ...]
    blank: NDArray[np.bool_]
    wrong: NDArray[np.bool_]


_WEIGHTS = np.random.PCG64(7).random_raw(64)


def _bytes(cells: Sequence[str]) -> tuple[Sequence[str], NDArray[np.bytes_]]:
    """Return cells without blanks around them, as text and as bytes of equal width."""
    try:
        text = np.array(cells, dtype="S")
        if text.dtype.itemsize and len(text):
            letters = text.view(np.uint8).reshape(len(text), text.dtype.itemsize)
            ends = np.isin(letters[:, :-1], _AROUND) & (letters[:, 1:] == 0)
            if not (np.isin(letters[:, [0, -1]], _AROUND).any() or ends.any()):
                return cells, text
    except UnicodeEncodeError:
        pass
    tidied = [tidy(cell) for cell in cells]
    return tidied, np.array([c.encode("ascii", "replace") for c in tidied], dtype="S")


_AROUND = np.frombuffer(b" \t\"'", dtype=np.uint8)


def shapes(cells: Sequence[str], missing: frozenset[str]) -> ShapedCells:
    """Sort the cells of a block by shape; `missing` are markers in lower case."""
    tidied, text = _bytes(cells)
    rows = len(text)
    blank = np.zeros(rows, dtype=np.bool_)
    wrong = np.zeros(rows, dtype=np.bool_)
    if not rows or text.dtype.itemsize == 0:
        return ShapedCells(rows, (), ~blank, wrong)
    if text.dtype.itemsize > len(_WEIGHTS):
        # A stamp is short: longer cells are text, but must not cost the others their shape.
        text = text.astype(f"S{len(_WEIGHTS)}")
    letters = text.view(np.uint8).reshape(rows, text.dtype.itemsize)
    masked = np.where((letters >= 48) & (letters <= 57), np.uint8(48), letters)
    keys = (masked.astype(np.uint64) * _WEIGHTS[: masked.shape[1]]).sum(axis=1, dtype=np.uint64)
    found = []
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    ends = np.cumsum(np.bincount(inverse))
    for number, (at, end) in enumerate(zip(first.tolist(), ends.tolist(), strict=True)):
        members = order[0 if number == 0 else ends[number - 1] : end]
        cell = tidied[at]
        shape = understand(cell) if len(cell) <= len(_WEIGHTS) else None
        if shape is not None:
            found.append((shape, members, letters[members]))
        elif cell.lower() in missing:
            blank[members] = True
        else:
            wrong[members] = True
    return ShapedCells(rows, tuple(found), blank, wrong)


def _field(shape: Shape, letters: NDArray[np.uint8], name: str) -> Ticks | None:
    span = shape.span(name)
    if span is None:
        return None
    value = np.zeros(len(letters), dtype=np.int64)
    for column in range(*span):
        value = value * 10 + (letters[:, column].astype(np.int64) - 48)
    return value


def _year(two: Ticks) -> Ticks:
    return np.where(two < 69, two + 2000, two + 1900)


def _date(shape: Shape, letters: NDArray[np.uint8], order: str) -> tuple[Ticks, Ticks, Ticks]:
    """Return year, month, day of rows of one shape."""
    fields = {name: _field(shape, letters, name) for name in _FIELDS[:9]}
    if shape.month:
        year = fields["y4"] if fields["y4"] is not None else _year(_some(fields["y2"]))
        day = _some(fields["d"])
        return year, np.full(len(letters), shape.month, dtype=np.int64), day
    if fields["Y"] is not None:
        b, c = _some(fields["b"]), _some(fields["c"])
        return (fields["Y"], b, c) if order == YEAR_FIRST else (fields["Y"], c, b)
    a, b = _some(fields["a"]), _some(fields["b"])
    if fields["c4"] is not None:
        year = fields["c4"]
    else:
        c = _some(fields["c2"])
        if order == YEAR_FIRST:
            return _year(a), b, c
        year = _year(c)
    return (year, b, a) if order == DAY_FIRST else (year, a, b)


def _some(values: Ticks | None) -> Ticks:
    assert values is not None
    return values


def days_from_civil(year: Ticks, month: Ticks, day: Ticks) -> Ticks:
    """Return days since 1970-01-01 in the Gregorian calendar (March-based years of 365.2425)."""
    shifted = year - (month <= 2)
    era = shifted // 400
    of_era = shifted - era * 400
    of_year = (153 * (month + np.where(month > 2, -3, 9)) + 2) // 5 + day - 1
    of_era = of_era * 365 + of_era // 4 - of_era // 100 + of_year
    return np.asarray(era * 146_097 + of_era - 719_468)


_LENGTHS = np.array([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def is_dotted_time(cells: Sequence[str]) -> bool:
    """Whether cells such as 00.01.00 are times of day: possible as such, and not as dates."""
    shaped = shapes([cell for cell in cells if is_stamp(cell)], frozenset())
    if not all(shape.dotted_time for shape, _, _ in shaped.shapes):
        return False
    day, year, none = (parse(shaped, o)[1].any() for o in (DAY_FIRST, YEAR_FIRST, NO_DATE))
    return bool(day and year and not none)


def parse(block: ShapedCells, order: str) -> tuple[Ticks, NDArray[np.bool_]]:
    """Read a block in one order.

    Returns:
        int64 [rows], nanoseconds since 1970 (of zones: UTC) or since midnight without a date,
        MISSING where there is none; and bool [rows], stamps that this order makes impossible.
    """
    ticks = np.full(block.rows, MISSING, dtype=np.int64)
    wrong = block.wrong.copy()
    for shape, members, letters in block.shapes:
        value, bad = _parse_shape(shape, letters, order)
        ticks[members] = np.where(bad, MISSING, value)
        wrong[members] = bad
    return ticks, wrong


def _parse_shape(
    shape: Shape, letters: NDArray[np.uint8], order: str
) -> tuple[Ticks, NDArray[np.bool_]]:
    bad = np.zeros(len(letters), dtype=np.bool_)
    value = np.zeros(len(letters), dtype=np.int64)
    if shape.has_date and order == NO_DATE and shape.dotted_time:
        hour, minute, second = (_some(_field(shape, letters, name)) for name in ("a", "b", "c2"))
        bad |= (hour > 24) | (minute > 59) | (second > 60)
        return ((hour * 60 + minute) * 60 + second) * NS, bad
    if shape.has_date:
        if order not in shape.orders:
            order = shape.orders[0]
        year, month, day = _date(shape, letters, order)
        bad |= (month < 1) | (month > 12) | (day < 1) | (year < 1900) | (year > 2200)
        safe = np.clip(month, 1, 12)
        leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
        bad |= day > np.where((safe == 2) & ~leap, 28, _LENGTHS[safe])
        value = np.where(bad, 0, days_from_civil(np.clip(year, 1900, 2200), safe, day)) * DAY_NS
    return _add_time(shape, letters, value, bad)


def _add_time(
    shape: Shape, letters: NDArray[np.uint8], value: Ticks, bad: NDArray[np.bool_]
) -> tuple[Ticks, NDArray[np.bool_]]:
    zero = np.zeros(len(letters), dtype=np.int64)
    fields = [_field(shape, letters, name) for name in ("H", "M", "S", "f")]
    hour, minute, second, fraction = (zero if field is None else field for field in fields)
    if shape.afternoon:
        bad |= (hour < 1) | (hour > 12)
        hour = hour % 12 + (12 if shape.afternoon == 2 else 0)
    # 24:00:00 ends a day; second 60 is a leap second.
    bad |= (minute > 59) | (second > 60)
    if shape.has_date or shape.afternoon:
        bad |= (hour > 24) | ((hour == 24) & (minute + second > 0))
    value = value + ((hour * 60 + minute) * 60 + second) * NS
    span = shape.span("f")
    if span is not None:
        value = value + fraction * 10 ** (9 - (span[1] - span[0]))
    if shape.zone_sign:
        hours, minutes = _field(shape, letters, "zh"), _field(shape, letters, "zm")
        offset = _some(hours) * 60 + (0 if minutes is None else minutes)
        value = value - shape.zone_sign * offset * 60 * NS
    return value - shape.zone_ns, bad
