"""Pictures of a page: lines, bands and bars on two axes, as values that a template draws.

The plot is a stretched SVG of 1000 by 1000 units whose strokes keep their width; every word (ticks,
legend, lanes) is text of the page beside it. It fits any window, follows light and dark, and a
channel's name is drawn by the reader's fonts, whatever its script.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from matplotlib import dates
from matplotlib.ticker import LogLocator, MaxNLocator
from numpy.typing import NDArray

Values = NDArray[Any] | Sequence[float]

_UNITS = 1000
_TICKS = 4
_ELAPSED = ((2 * 86400, 86400, "d"), (2 * 3600, 3600, "h"), (120, 60, "min"), (0, 1, "s"))
"""Units of a length of time: (from this many seconds on, seconds of the unit, its sign)."""


@dataclass(frozen=True)
class Axis:
    """One direction of a plot.

    Attributes:
        low: Value at its start.
        high: Value at its end; above `low`.
        label: What it measures.
        form: `number`, `integer`, `log`, `date` (seconds since 1970, UTC) or `elapsed` (seconds).
    """

    low: float
    high: float
    label: str = ""
    form: str = "number"

    def place(self, values: Values) -> NDArray[np.float64]:
        """Return where values lie, 0 … 1000, limited to the axis; NaN stays NaN."""
        found = np.asarray(values, dtype=np.float64)
        low, high = self.low, self.high
        if self.form == "log":
            with np.errstate(divide="ignore", invalid="ignore"):
                found, low, high = np.log(found), math.log(low), math.log(high)
        return np.clip((found - low) / (high - low), 0.0, 1.0) * _UNITS

    def ticks(self) -> list[tuple[float, str]]:
        """Return (percent of the way, text) of a few round values."""
        texts: Sequence[str]
        if self.form == "date":
            values, texts, _ = self._dates()
        else:
            values = self._numbers()
            texts = self._elapsed(values) if self.form == "elapsed" else [_text(v) for v in values]
        places = self.place(values) / (_UNITS / 100)
        inside = [self.low <= value <= self.high for value in values]
        rows = zip(places.tolist(), texts, inside, strict=True)
        return [(round(place, 1), text) for place, text, good in rows if good]

    def caption(self) -> str:
        """Return what stands at the end of the axis: its label, or the date its ticks belong to."""
        return self._dates()[2] if self.form == "date" else self.label

    def _numbers(self) -> list[float]:
        if self.form == "log":
            subs = (1.0,) if self.high > 1e3 * self.low else (1.0, 2.0, 5.0)
            decades = LogLocator(subs=subs, numticks=5)
            return [float(v) for v in decades.tick_values(self.low, self.high)]
        step = 1.0
        if self.form == "elapsed":
            step = next(size for least, size, _ in _ELAPSED if self.high - self.low >= least)
        locator = MaxNLocator(_TICKS, integer=self.form == "integer")
        return [float(v) * step for v in locator.tick_values(self.low / step, self.high / step)]

    def _elapsed(self, values: Sequence[float]) -> list[str]:
        span = self.high - self.low
        size, unit = next((size, unit) for least, size, unit in _ELAPSED if span >= least)
        return [f"{value / size:g} {unit}" for value in values]

    def _dates(self) -> tuple[list[float], list[str], str]:
        locator = dates.AutoDateLocator(tz=UTC, minticks=2, maxticks=5)
        first, last = (datetime.fromtimestamp(edge, UTC) for edge in (self.low, self.high))
        days = locator.tick_values(first, last)
        formatter = dates.ConciseDateFormatter(locator, tz=UTC)
        texts = formatter.format_ticks(days)
        return (np.asarray(days) * 86400.0).tolist(), texts, formatter.get_offset() or "UTC"


def _text(value: float) -> str:
    size = abs(value)
    if size >= 1e6 or 0 < size < 1e-3:
        return f"{value:.2g}".replace("e+0", "e").replace("e-0", "e−").replace("-", "−")
    return f"{value:,.6g}".replace("-", "−")


def axis_of(*parts: Values, label: str = "", form: str = "number", margin: float = 0.05) -> Axis:
    """Return the axis that holds all finite values, with some room at both ends."""
    found = np.concatenate([np.ravel(np.asarray(part, dtype=np.float64)) for part in parts])
    found = found[np.isfinite(found)]
    low, high = (float(found.min()), float(found.max())) if len(found) else (0.0, 1.0)
    if not high > low:
        room = abs(low) * 0.1 or 0.5
        return Axis(low - room, high + room, label, form)
    room = (high - low) * margin
    return Axis(low - room, high + room, label, form)


@dataclass(frozen=True, eq=False)
class Mark:
    """Something drawn in a plot, in the coordinates of its axes.

    Attributes:
        x: Positions.
        y: Heights; of a band the upper ones.
        low: Of a band or bars, the lower heights; None: the foot of the plot.
        form: `line`, `dots`, `band`, `bars` (`x` holds one edge more than `y`), or `level` (one
            height, all along).
        colour: Class of the style sheet: blue, orange, green, red, ink, muted.
        name: In the legend; "" is left out of it.
        style: More classes: `dashed`, `thick`, `pale`.
    """

    x: Values
    y: Values
    form: str = "line"
    colour: str = "blue"
    name: str = ""
    style: str = ""
    low: Values | None = None


@dataclass(frozen=True)
class Lane:
    """A strip below the plot: (first, last) in the units of the x axis where it is filled."""

    name: str
    spans: Sequence[tuple[float, float]]
    colour: str


@dataclass(frozen=True)
class Chart:
    """A picture.

    Attributes:
        title: Above it.
        text: What it shows in a sentence, for a reader who does not see it.
        x: Across.
        y: Upwards.
        marks: What is drawn, the first at the back.
        lanes: Below, on the same x axis.
        shades: Stretches of the whole height by colour, as (first, last).
        height: In pixels.
        warns: Whether the title is red.
    """

    kind: ClassVar[str] = "chart"
    title: str
    text: str
    x: Axis
    y: Axis
    marks: Sequence[Mark]
    lanes: Sequence[Lane] = ()
    shades: Mapping[str, Sequence[tuple[float, float]]] = field(default_factory=dict)
    height: int = 200
    warns: bool = False

    def path(self, mark: Mark) -> str:
        """Return a mark as the `d` of a path."""
        if mark.form == "bars":
            return self._bars(mark)
        if mark.form == "level":
            return f"M0 {self._down(mark.y)[0]}H{_UNITS}"
        across = np.rint(self.x.place(mark.x)).astype(np.int64)
        if mark.form == "band":
            return self._band(mark, across)
        heights = self._down(mark.y)
        if mark.form == "dots":
            return "".join(
                f"M{x} {y}h0" for x, y in zip(across, heights, strict=True) if y is not None
            )
        return _polyline(*_thinned(across, heights))

    def strips(self, spans: Sequence[tuple[float, float]]) -> str:
        """Return stretches of the x axis as the `d` of a path over the whole height.

        Each is at least a hair wide, and those that touch then are one: however many there are,
        the path stays short.
        """
        pieces: list[list[int]] = []
        places = np.rint(self.x.place(np.reshape(spans, (-1, 2)))).astype(np.int64)
        places[:, 1] = np.maximum(places[:, 1], places[:, 0] + 2)
        for left, right in places.tolist():
            if pieces and left <= pieces[-1][1]:
                pieces[-1][1] = max(right, pieces[-1][1])
            else:
                pieces.append([left, right])
        return "".join(f"M{left} 0H{right}V{_UNITS}H{left}z" for left, right in pieces)

    def _down(self, values: Values) -> list[int | None]:
        """Return heights from the top as whole units; None where there is no value."""
        found = _UNITS - self.y.place(np.atleast_1d(values))
        return [None if math.isnan(value) else round(value) for value in found.tolist()]

    def _bars(self, mark: Mark) -> str:
        edges = np.rint(self.x.place(mark.x)).astype(np.int64).tolist()
        tops = self._down(mark.y)
        pieces = zip(edges[:-1], edges[1:], tops, strict=True)
        return "".join(
            f"M{left} {_UNITS}V{top}H{right}V{_UNITS}z"
            for left, right, top in pieces
            if top is not None and top < _UNITS
        )

    def _band(self, mark: Mark, across: NDArray[np.int64]) -> str:
        assert mark.low is not None
        pieces, tops, feet = [], self._down(mark.y), self._down(mark.low)
        runs: list[list[int]] = [[]]
        for index, top in enumerate(tops):
            if top is None:
                runs.append([])
            else:
                runs[-1].append(index)
        for run in runs:
            if run:
                there = " ".join(f"{across[i]} {tops[i]}" for i in run)
                back = " ".join(f"{across[i]} {feet[i]}" for i in reversed(run))
                pieces.append(f"M{there} {back}z")
        return "".join(pieces)

    def legend(self) -> list[Mark]:
        """Return the marks that have a name."""
        return [mark for mark in self.marks if mark.name]


def _thinned(
    across: NDArray[np.int64], heights: list[int | None]
) -> tuple[list[int], list[int | None]]:
    """Keep first, lowest, highest and last point of each unit of width: no peak is lost."""
    if len(across) <= 2 * _UNITS:
        return across.tolist(), heights
    kept: list[int] = []
    edges = [0, *(np.flatnonzero(np.diff(across)) + 1).tolist(), len(across)]
    for first, last in pairwise(edges):
        there = [i for i in range(first, last) if heights[i] is not None]
        low = min(there, key=lambda i: heights[i] or 0, default=first)
        high = max(there, key=lambda i: heights[i] or 0, default=first)
        kept += sorted({first, low, high, last - 1})
    return [int(across[i]) for i in kept], [heights[i] for i in kept]


def _polyline(across: Sequence[int], heights: Sequence[int | None]) -> str:
    """Return a line that is broken where a height is None; a lone point is a dot."""
    pieces, is_open = [], False
    for x, y in zip(across, heights, strict=True):
        if y is not None:
            pieces.append(f"{'L' if is_open else 'M'}{x} {y}" + ("" if is_open else "h0"))
        is_open = y is not None
    return "".join(pieces)
