"""Logs of every form with a known truth: forms of time × numbers × markers × layouts × rates."""

import datetime
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

ROWS = 260
MARKERS = ("", "-", "N/A", "?", "nan", "<null>", "Bad Input", "#N/A", "--", "1.#QNAN")
RATES = (0.1, 0.5, 1.0, 60.0, 900.0, 3600.0, 86_400.0)
START = datetime.datetime(2024, 2, 9, 7, 30, tzinfo=datetime.UTC)
"""Day and month fit either order in part of the rows."""
NAMES = ("temp", "press", "Strom")
MOST_ODDS = 3


@dataclass(frozen=True)
class Form:
    """One form of the time: how it is written, its resolution, and what answers a question."""

    name: str
    header: str
    write: Callable[[datetime.datetime, float], str]
    resolution: float
    answer: dict[str, object] = field(default_factory=dict)
    is_dated: bool = True


def _text(pattern: str, fraction: int = 0) -> Callable[[datetime.datetime, float], str]:
    def write(moment: datetime.datetime, _: float) -> str:
        text = moment.strftime(pattern)
        return (
            f"{text}.{moment.microsecond // 10 ** (6 - fraction):0{fraction}d}"
            if fraction
            else text
        )

    return write


def _iso(moment: datetime.datetime, _: float) -> str:
    return moment.replace(tzinfo=None).isoformat()


def _epoch(unit: int) -> Callable[[datetime.datetime, float], str]:
    def write(moment: datetime.datetime, _: float) -> str:
        return str(round(moment.timestamp() * 10**6) * unit // 10**6)

    return write


def _excel(moment: datetime.datetime, _: float) -> str:
    return f"{moment.timestamp() / 86_400 + 25_569:.9f}"


D, M = {"day_first": True}, {"day_first": False}
FORMS = (
    Form("iso", "timestamp", _text("%Y-%m-%d %H:%M:%S", 3), 1e-3),
    Form("isoformat", "time", _iso, 1e-6),
    Form("zulu", "Time", _text("%Y-%m-%dT%H:%M:%SZ"), 1.0),
    Form("offset", "ts", _text("%Y-%m-%dT%H:%M:%S+00:00"), 1.0),
    Form("year slash", "Date", _text("%Y/%m/%d %H:%M:%S"), 1.0),
    Form("day slash", "timestamp", _text("%d/%m/%Y %H:%M:%S"), 1.0, D),
    Form("day minute", "DateTime", _text("%d/%m/%Y %H:%M"), 60.0, D),
    Form("day dash", "time", _text("%d-%m-%Y %H:%M:%S"), 1.0, D),
    Form("day point", "Zeit", _text("%d.%m.%Y %H:%M:%S"), 1.0, D),
    Form("day two", "time", _text("%d/%m/%y %H:%M:%S"), 1.0, D),
    Form("point two", "Datum", _text("%d.%m.%y %H:%M:%S"), 1.0, D),
    Form("month slash", "timestamp", _text("%m/%d/%Y %H:%M:%S"), 1.0, M),
    Form("month two", "date", _text("%m/%d/%y %H:%M"), 60.0, M),
    Form("month twelve", "time", _text("%m/%d/%Y %I:%M:%S %p"), 1.0, M),
    Form("day twelve", "time", _text("%d/%m/%Y %I:%M:%S %p"), 1.0, D),
    Form("named", "time", _text("%d-%b-%Y %H:%M:%S"), 1.0),
    Form("named two", "time", _text("%d-%b-%y %H:%M:%S", 3), 1e-3),
    Form("english", "time", _text("%b %d, %Y %H:%M:%S"), 1.0),
    Form("compact", "stamp", _text("%Y%m%d%H%M%S"), 1.0),
    Form("compact t", "stamp", _text("%Y%m%dT%H%M%S"), 1.0),
    Form("colons", "when", _text("%Y:%m:%d %H:%M:%S"), 1.0),
    Form("dashes", "when", _text("%Y-%m-%d-%H-%M-%S", 3), 1e-3),
    Form("epoch s", "epoch", _epoch(1), 1.0),
    Form("epoch ms", "ts", _epoch(10**3), 1e-3),
    Form("epoch us", "t", _epoch(10**6), 1e-6),
    Form("epoch ns", "_time", _epoch(10**9), 1e-6),
    Form("excel", "Date", _excel, 1e-3),
    Form("seconds", "time", lambda _, s: f"{s:.3f}", 1e-3, {}, is_dated=False),
    Form("ms name", "time_ms", lambda _, s: f"{round(s * 1000)}", 1e-3, {}, is_dated=False),
    Form("ms", "timestamp", lambda _, s: f"{round(s * 1000)}", 1e-3, {"time_format": "ms"},
         is_dated=False),
    Form("apart", "Date,Time", _text("%d/%m/%Y|%H:%M:%S"), 1.0, D),
    Form("apart iso", "date,time", _text("%Y-%m-%d|%H:%M:%S", 3), 1e-3),
)  # fmt: skip

NUMBERS = (
    ("point", ",", lambda v: f"{v:.3f}"),
    ("point tab", "\t", lambda v: f"{v:.2f}"),
    ("comma", ";", lambda v: f"{v:.2f}".replace(".", ",")),
    ("comma quoted", ",", lambda v: '"' + f"{v:.2f}".replace(".", ",") + '"'),
    ("thousands", ",", lambda v: f'"{v * 1000:,.1f}"'),
    ("swiss", ";", lambda v: f"{v * 1000:,.1f}".replace(",", "'")),
    ("german", ";", lambda v: f"{v * 1000:,.1f}".translate(str.maketrans(",.", ".,"))),
    ("unit", ",", lambda v: f"{v:.2f} V"),
    ("minus", ";", lambda v: f"{v:.2f}".replace("-", "−")),
    ("exponent", "\t", lambda v: f"{v:.4e}"),
)  # fmt: skip

LAYOUTS = ("plain", "units", "comments", "preamble", "label", "counter", "state", "repeated", "bom",
           "cp1252", "utf-16", "crlf", "gap")  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """A file and its truth: seconds (since 1970 when dated), values, which are missing."""

    text: bytes
    seconds: np.ndarray
    values: np.ndarray
    labels: np.ndarray
    answer: dict[str, object]
    is_dated: bool
    what: str
    rate: float
    is_coarse: bool


def samples(count: int, seed: int = 1) -> Iterator[Sample]:
    """Yield `count` different files, drawn evenly from the whole grid."""
    everything = list(itertools.product(FORMS, NUMBERS, MARKERS, LAYOUTS, RATES))
    random = np.random.default_rng(seed)
    for index in random.permutation(len(everything))[:count]:
        form, number, marker, layout, rate = everything[index]
        yield sample(form, number, marker, layout=layout, rate=rate, seed=int(index))


def sample(form: Form, number, marker: str, *, layout: str, rate: float, seed: int) -> Sample:
    """Return one file."""
    random = np.random.default_rng(seed)
    kind, delimiter, write = number
    seconds = np.arange(ROWS) * rate
    if layout == "gap":
        seconds[ROWS // 2 :] += 40 * rate
    values = 3 * np.sin(np.arange(ROWS) / 9)[:, None] + random.normal(0, 1, (ROWS, 3)) + [1, -2, 4]
    lost = random.random((ROWS, 3)) < 0.02
    labels = np.zeros(ROWS, dtype=np.int64)
    labels[100:120] = 1
    lines, truth = [], np.full((ROWS, 3), np.nan)
    for row in range(ROWS):
        moment = START + datetime.timedelta(seconds=float(seconds[row]))
        cells = form.write(moment, float(seconds[row])).split("|")
        for column in range(3):
            cell = write(values[row, column])
            cell = cell.replace("−", "-") if layout == "cp1252" else cell
            if not lost[row, column]:
                truth[row, column] = _plain(cell, kind)
            cells.append(marker if lost[row, column] else cell)
        if layout == "label":
            cells.append(str(labels[row]))
        if layout == "counter":
            cells.append(str(row + 1))
        if layout == "state":
            cells.append("RUN" if row % 50 < 30 else "STOP")
        lines.append(delimiter.join(_quoted(cell, delimiter) for cell in cells))
    header = [*form.header.split(","), *NAMES]
    header += {"label": ["fault"], "counter": ["Index"], "state": ["mode"]}.get(layout, [])
    text = _laid_out(layout, delimiter, header, lines)
    what = f"{form.name}, {kind}, marker {marker!r}, {layout}, every {rate:g} s"
    start = START.timestamp() if form.is_dated else 0.0
    return Sample(text, seconds + start, truth, labels if layout == "label" else labels * 0,
                  form.answer, form.is_dated, what, 1 / rate, rate < form.resolution)  # fmt: skip


def _quoted(cell: str, delimiter: str) -> str:
    return f'"{cell}"' if delimiter in cell and not cell.startswith('"') else cell


def _plain(cell: str, kind: str) -> float:
    cell = cell.strip('"').replace("−", "-").replace("'", "").removesuffix(" V")
    if kind in ("comma", "comma quoted"):
        cell = cell.replace(",", ".")
    if kind == "german":
        cell = cell.replace(".", "").replace(",", ".")
    return float(cell.replace(",", ""))


def _laid_out(layout: str, delimiter: str, header: list[str], lines: list[str]) -> bytes:

    top = [delimiter.join(header)]
    if layout == "units":
        times = len(header) - 3
        top.append(delimiter.join([""] * times + ["°C", "bar", "A"]))
    if layout == "comments":
        top = ["# logger 7", "# firmware 1.2", *top]
        lines = [*lines[:50], "# restarted", *lines[50:]]
    if layout == "preamble":
        top = ["Boot ok", "Card mounted: 4 GB", "", *top]
    if layout == "repeated":
        lines = [*lines[:90], top[0], *lines[90:]]
    if layout == "cp1252":
        top = [top[0].replace("Strom", "Stärke")]
    text = ("\r\n" if layout == "crlf" else "\n").join([*top, *lines]) + "\n"
    encoding = {"bom": "utf-8-sig", "utf-16": "utf-16", "cp1252": "cp1252"}.get(layout, "utf-8")
    return text.encode(encoding, "replace")


def names(text: bytes) -> tuple[str, ...]:
    """Return the channels of a file."""
    return (*NAMES[:2], "Stärke") if "Stärke".encode("cp1252") in text else NAMES


def write(folder: Path, one: Sample) -> Path:
    """Write a file; return its path."""
    path = folder / "log.csv"
    path.write_bytes(one.text)
    return path
