"""Plots of the page: score with its thresholds, all channels in lanes, one channel in its unit."""

from typing import Any

import numpy as np
from bokeh.core.property.descriptors import UnsetValueError
from bokeh.models import (
    ColumnDataSource,
    CustomJSTickFormatter,
    DatetimeTickFormatter,
    HoverTool,
    LabelSet,
    LinearScale,
    Range1d,
    WheelZoomTool,
)
from bokeh.plotting import figure

from host_tools.formats.record import RAISED, State
from host_tools.monitor import palette
from host_tools.monitor.events import listed, state_word
from host_tools.monitor.history import F32, F64, decimate
from host_tools.monitor.markup import value_text
from host_tools.monitor.watched import LIMIT, SCORE, Device

_LEFT = 54
"""Pixels left of every plot, so that all show the same time at the same place."""
LANE, LEAST_LANES = 36, 4
"""Height of a lane in pixels, and of how many lanes the plot is at least high."""
LEAST_SCORE = 0.1
"""The axis of the score is logarithmic and begins here."""
_PIXELS = 600
"""Width of a plot before the browser has told it."""
_MOST_TICKS = 4
"""Times under a plot, about: more would touch each other on a telephone."""
_TICKS = {
    "milliseconds": "%H:%M:%S.%3N", "seconds": "%H:%M:%S", "minsec": "%H:%M:%S",
    "minutes": "%H:%M", "hourmin": "%H:%M", "hours": "%d %b %H:%M", "days": "%d %b",
    "months": "%d %b", "years": "%Y",
}  # fmt: skip


def milliseconds(stamps: F64) -> F64:
    """Return stamps as Bokeh's time axes want them."""
    return stamps * 1000.0


def _figure(x_range: Range1d, height: int, title: str, **options: Any) -> figure:
    plot = figure(
        height=height,
        sizing_mode="stretch_width",
        x_range=x_range,
        x_axis_type="datetime",
        tools="xpan,xbox_zoom,reset",
        active_drag="xpan",
        title=title,
        output_backend="canvas",
        **options,
    )
    plot.add_tools(WheelZoomTool(dimensions="width"))
    plot.toolbar.logo = None
    plot.toolbar.autohide = True
    plot.xaxis.formatter = DatetimeTickFormatter(**_TICKS)
    plot.xaxis.ticker.desired_num_ticks = _MOST_TICKS
    plot.xgrid.grid_line_color = "#e8ecf0"
    plot.ygrid.grid_line_color = "#e8ecf0"
    plot.outline_line_color = "#d5dbe1"
    plot.title.text_font_size = "13px"
    plot.title.text_color = "#55606c"
    plot.min_border_left, plot.min_border_right = _LEFT, 12
    return plot


def _pixels(plot: figure) -> int:
    try:
        return max(int(plot.inner_width), 100)
    except UnsetValueError:
        return _PIXELS


class ScorePlot:
    """Score, thresholds, and a band that tells the state."""

    def __init__(self, x_range: Range1d) -> None:
        self._line = ColumnDataSource({"t": [], "score": [], "notice": [], "alarm": []})
        self._band = ColumnDataSource({"left": [], "right": [], "color": [], "word": []})
        self._y = Range1d(LEAST_SCORE, 4.0)
        self.plot = plot = _figure(
            x_range, 230, "Score and state", y_axis_type="log", y_range=self._y
        )
        plot.extra_y_ranges = {"band": Range1d(0, 1)}
        plot.extra_y_scales = {"band": LinearScale()}
        band = plot.quad(
            left="left", right="right", bottom=0.0, top=0.09, color="color", line_color=None,
            source=self._band, y_range_name="band",
        )  # fmt: skip
        score = plot.line("t", "score", source=self._line, color=palette.SCORE, line_width=1.4)
        for name, state in (("notice", State.NOTICE), ("alarm", State.ALARM)):
            colour = palette.STATES[state]
            plot.line("t", name, source=self._line, color=colour, line_dash=[5, 3])
        plot.add_tools(
            HoverTool(renderers=[score], mode="vline", line_policy="nearest",
                tooltips=[("", "@t{%F %T} UTC"), ("score", "@score{0.000}"),
                ("notice above", "@notice{0.000}")], formatters={"@t": "datetime"}),
            HoverTool(renderers=[band], tooltips=[("state", "@word")]),
        )  # fmt: skip
        plot.yaxis.ticker = [m * 10.0**e for e in range(-1, 6) for m in (1, 2, 5)]
        plot.yaxis.formatter = CustomJSTickFormatter(code="return String(+tick.toPrecision(3))")

    def show(self, device: Device, first: float, last: float) -> None:
        """Show a part of the history; the device's lock is held."""
        assert device.history is not None
        view = device.history.view(first, last)
        gaps = device.history.gaps(first, last)
        stamps, values = decimate(view, _pixels(self.plot), gaps)
        score = np.maximum(values[:, SCORE], LEAST_SCORE)
        notice = values[:, LIMIT]
        alarm = notice * np.float32(device.facts.ratio or np.nan)
        self._line.data = {
            "t": milliseconds(stamps), "score": score, "notice": notice, "alarm": alarm
        }  # fmt: skip
        tops = [np.nanmax(v) for v in (score, notice, alarm) if np.isfinite(v).any()]
        self._y.end = float(max([4.0, *(1.3 * top for top in tops)]))
        self._show_band(device, first, last)

    def _show_band(self, device: Device, first: float, last: float) -> None:
        changes = list(device.changes)
        ends = [*(change.stamp for change in changes[1:]), max(device.newest, last)]
        parts = [
            (change.stamp, end, change.state)
            for change, end in zip(changes, ends, strict=False)
            if change.state is not None and end >= first and change.stamp <= last
        ]
        newest = device.newest
        self._band.data = {
            "left": [1000.0 * max(begin, first) for begin, _, _ in parts],
            "right": [1000.0 * min(end, newest) for _, end, _ in parts],
            "color": [palette.of_state(state) for _, _, state in parts],
            "word": [state_word(state) for _, _, state in parts],
        }


def scaled(values: F32) -> F32:
    """Return each column [rows, channels] within its own lane: 0 to 1, the middle when it rests."""
    known = np.isfinite(values)
    low = np.where(known, values, np.inf).min(axis=0, initial=np.inf)
    high = np.where(known, values, -np.inf).max(axis=0, initial=-np.inf)
    extent = high - low
    with np.errstate(all="ignore"):
        found = np.where(extent > 0, (values - low) / extent, np.float32(0.5))
    return np.asarray(np.where(known, found, np.nan), np.float32)


class LanesPlot:
    """All channels above each other, each in a lane of its own scale."""

    def __init__(self, x_range: Range1d) -> None:
        self._sources = {
            kind: ColumnDataSource({"t": [], "y": []}) for kind in ("usual", "named", "masked")
        }
        self._names = ColumnDataSource({"x": [], "y": [], "text": [], "color": []})
        self._y = Range1d(0, LEAST_LANES)
        title = "Channels, each in its own scale"
        height = LANE * LEAST_LANES + 60
        self.plot = plot = _figure(x_range, height, title, y_range=self._y)
        colours = {"usual": palette.LINE, "named": palette.NAMED, "masked": palette.MASKED}
        for kind, source in self._sources.items():
            width = 1.6 if kind == "named" else 1.1
            plot.line("t", "y", source=source, color=colours[kind], line_width=width)
        plot.add_layout(
            LabelSet(x="x", y="y", text="text", source=self._names, x_units="screen",
                text_color="color", text_font_size="11px", text_baseline="top", x_offset=4,
                background_fill_color="#ffffff", background_fill_alpha=0.75)
        )  # fmt: skip
        plot.yaxis.visible = False
        plot.ygrid.ticker = list(range(65))

    def show(self, device: Device, first: float, last: float) -> None:
        """Show a part of the history; the device's lock is held."""
        assert device.history is not None
        count = len(device.facts.channels)
        view = device.history.view(first, last)
        gaps = device.history.gaps(first, last)
        stamps, values = decimate(view, _pixels(self.plot), gaps)
        lanes = scaled(values[:, :count]) * np.float32(0.54) + np.float32(0.06)
        lanes += np.arange(count - 1, -1, -1, dtype=np.float32)
        kinds = self._kinds(device)
        for kind, source in self._sources.items():
            chosen = [c for c in range(count) if kinds[c] == kind]
            source.data = _joined(milliseconds(stamps), lanes[:, chosen])
        self._label(device, kinds)
        if self._y.end != count:
            self._y.end = count
            self.plot.height = LANE * max(LEAST_LANES, count) + 60

    @staticmethod
    def _kinds(device: Device) -> list[str]:
        kinds = ["usual"] * len(device.facts.channels)
        record = device.last.record if device.last else None
        if record is None:
            return kinds
        for c in listed(record["top"]) if record["state"] in RAISED else ():
            kinds[c] = "named"
        for c in listed(record["masked"]):
            kinds[c] = "masked"
        return kinds

    def _label(self, device: Device, kinds: list[str]) -> None:
        count = len(kinds)
        values = device.last.values if device.last else np.full(count, np.nan, np.float32)
        units = device.facts.units
        texts = [
            f"{device.facts.channels[c]}  {value_text(values[c])} {units[c]}".rstrip()
            + ("  left out" if kinds[c] == "masked" else "")
            for c in range(count)
        ]
        colours = {"usual": "#222b36", "named": palette.NAMED, "masked": "#6b7682"}
        self._names.data = {
            "x": [0] * count,
            "y": [count - c - 0.02 for c in range(count)],
            "text": texts,
            "color": [colours[kind] for kind in kinds],
        }


def _joined(stamps: F64, values: F32) -> dict[str, Any]:
    """Return many lines as one, with NaN between them."""
    rows, count = values.shape
    t = np.full((count, rows + 1), np.nan)
    y = np.full((count, rows + 1), np.nan, np.float32)
    t[:, :rows], y[:, :rows] = stamps, values.T
    return {"t": t.ravel(), "y": y.ravel()}


class ChannelPlot:
    """One channel in its unit."""

    def __init__(self, x_range: Range1d) -> None:
        self._line = ColumnDataSource({"t": [], "y": []})
        self.plot = plot = _figure(x_range, 220, "")
        line = plot.line("t", "y", source=self._line, color=palette.LINE, line_width=1.4)
        plot.add_tools(
            HoverTool(renderers=[line], mode="vline", formatters={"@t": "datetime"},
                tooltips=[("", "@t{%F %T} UTC"), ("value", "@y{0.0000}")])
        )  # fmt: skip

    def show(self, device: Device, channel: int, first: float, last: float) -> None:
        """Show a part of the history; the device's lock is held."""
        assert device.history is not None
        view = device.history.view(first, last)
        gaps = device.history.gaps(first, last)
        stamps, values = decimate(view, _pixels(self.plot), gaps)
        self._line.data = {"t": milliseconds(stamps), "y": values[:, channel]}
        self.plot.title.text = device.facts.label(channel)
