"""The record of a reading: what was found, as values for JSON and as lines for people."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

SHOWN_GAPS = 1000
NS = 1_000_000_000


@dataclass(frozen=True)
class Gap:
    """A jump in time: the line before it, and how long it is (below 0: the clock was set back)."""

    after_line: int
    seconds: float
    file: str = ""


@dataclass(frozen=True)
class Reading:
    """How a log was read; `as_json` has one key per attribute.

    Attributes:
        rows: Of all files.
        files: As they were given, in the order of time.
        encoding: Of the text.
        delimiter: Between fields; a blank stands for runs of blanks.
        decimal: Decimal mark, "." or ",".
        thousands: Mark between groups of three digits, or "".
        header_line: Line of the names, None without a header.
        units: By channel.
        time: columns, format, order, first, last, period_s, rate_hz; None without a time.
        channels: Their names; constant columns are left out.
        left_out: (name, why) of each column that is neither time, channel nor label.
        label: column, normal, rows; None without a label.
        gaps: The longest, at most SHOWN_GAPS, in file order.
        missing: Rows without a value by channel, where there are any.
        sentinels: channel, value, rows, distance (in standard deviations) of suspected markers.
        notes: One sentence each, the costliest first.
    """

    rows: int
    files: tuple[str, ...]
    encoding: str
    delimiter: str
    decimal: str
    thousands: str
    header_line: int | None
    units: dict[str, str]
    time: dict[str, Any] | None
    channels: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    label: dict[str, Any] | None
    gaps: tuple[Gap, ...]
    missing: dict[str, int]
    sentinels: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]
    gap_count: int = 0
    said: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the record as JSON values."""
        return {
            "rows": self.rows,
            "files": list(self.files),
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "decimal": self.decimal,
            "thousands": self.thousands,
            "header_line": self.header_line,
            "units": dict(self.units),
            "time": None if self.time is None else dict(self.time),
            "channels": list(self.channels),
            "left_out": [{"name": name, "why": why} for name, why in self.left_out],
            "label": None if self.label is None else dict(self.label),
            "gaps": [{"after_line": g.after_line, "seconds": g.seconds} for g in self.gaps],
            "missing": dict(self.missing),
            "sentinels": [dict(row) for row in self.sentinels],
            "notes": list(self.notes),
        }

    def left_out_columns(self, constant: list[str]) -> tuple[tuple[str, str], ...]:
        """Return (name, role) of every column that is no channel; constant ones are channels."""
        time = () if self.time is None else tuple((n, "timestamp") for n in self.time["columns"])
        label = () if self.label is None else ((str(self.label["column"]), "label"),)
        return (*time, *label, *(row for row in self.left_out if row[0] not in constant))

    def summary(self) -> str:
        """Return the rows, their period and their span in one line of words."""
        parts = [f"{self.rows:,} row{'s' * (self.rows != 1)}"]
        if self.time is None:
            return f"{parts[0]}, no time: taken as 1 s apart"
        if self.time["period_s"]:
            parts.append(f"one every {duration(self.time['period_s'])}")
        if self.time["first"]:
            parts.append(span(self.time["first"], self.time["last"]))
        if self.gap_count:
            longest = max(self.gaps, key=lambda gap: abs(gap.seconds))
            parts.append(
                f"{self.gap_count:,} gap{'s' * (self.gap_count != 1)} (the longest"
                f" {duration(abs(longest.seconds))}, after line {longest.after_line})"
            )
        return ", ".join(parts)


def duration(seconds: float) -> str:
    """Return a length of time in words: `1 min`, `3 h`, `0.1 s`, `2.5 ms`."""
    for size, word in ((86_400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms")):
        if abs(seconds) >= size * 0.9995:
            value = seconds / size
            if word in ("d", "h", "min") and abs(value - round(value, 2)) > 1e-6 * abs(value):
                small = {"d": (24, "h"), "h": (60, "min"), "min": (60, "s")}[word]
                whole, rest = int(value), (value - int(value)) * small[0]
                if round(rest) == small[0]:
                    whole, rest = whole + 1, 0
                return f"{whole} {word} {rest:.0f} {small[1]}" if round(rest) else f"{whole} {word}"
            return f"{value:.4g} {word}"
    return f"{seconds * 1e6:.4g} µs"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def span(first: str, last: str) -> str:
    """Return two ISO stamps in words: `1 Mar 2024 00:00 to 2 Mar 05:59`."""
    return f"{_words(first, '')} to {_words(last, first)}"


def _words(stamp: str, before: str) -> str:
    date, _, clock = stamp.partition("T")
    clock = clock.rstrip("Z")
    if clock.endswith(":00") and clock.count(":") == 2:
        clock = clock[:-3]
    year, month, day = date.split("-")
    if year == "1970":
        days = int(np.datetime64(date, "D").astype(int))
        return f"{clock}" if not days else f"day {days + 1} {clock}"
    if date == before[:10] and before:
        return clock
    shown = "" if year == before[:4] else f" {year}"
    return f"{int(day)} {_MONTHS[int(month) - 1]}{shown} {clock}".strip()


def iso(ns: int) -> str:
    """Return nanoseconds since 1970 in ISO 8601, with as many digits as there are."""
    whole, rest = divmod(ns, NS)
    text = str(np.datetime64(whole, "s"))
    return text if not rest else f"{text}.{rest:09d}".rstrip("0")


def lines(reading: Reading) -> list[str]:
    """Return the record in a few plain lines."""
    out = [reading.summary()]
    marks = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "blanks"}
    decimal = {".": "point", ",": "comma"}[reading.decimal]
    form = [f"delimiter {marks.get(reading.delimiter, reading.delimiter)}", f"decimal {decimal}"]
    if reading.thousands:
        form.append(f"thousands {reading.thousands}")
    header = "no header" if reading.header_line is None else f"header in line {reading.header_line}"
    out.append(", ".join([reading.encoding, *form, header]))
    if reading.time is not None:
        order = f", {reading.time['order']}" if reading.time["order"] else ""
        columns = " + ".join(f'"{name}"' for name in reading.time["columns"])
        out.append(f"time      {columns} ({reading.time['format']}{order})")
    for name in reading.channels:
        unit = f" [{reading.units[name]}]" if name in reading.units else ""
        lost = reading.missing.get(name, 0)
        out.append(f"channel   {name}{unit}" + (f": {lost:,} rows without a value" if lost else ""))
    if reading.label is not None:
        out.append(f"label     {reading.label['column']}: {reading.label['rows']:,} rows labelled")
    out += [f"left out  {name}: {why}" for name, why in reading.left_out]
    out += [f"note: {note}" for note in reading.notes]
    return out
