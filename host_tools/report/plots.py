"""The report's pictures, each as an SVG element that stands inside an HTML page."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from host_tools.report.record import OperatorCost, Report, Series

Array = NDArray[Any]

INK = "#1f2933"
MUTED = "#8a97a6"
GRID = "#e4e9ee"
BLUE = "#1d6fd1"
ORANGE = "#e07b00"
GREEN = "#1f9d61"
RED = "#d1342f"
_PANELS = 4
WARMUP, OK, ALARM, LEARN, FAULT = range(5)
"""States of a record, as safe_detector_state_t."""
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "safe",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": GRID,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}


def _svg(figure: Figure) -> str:
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    return text[text.index("<svg") :]


def _grid(axes: Any) -> None:
    axes.grid(color=GRID, linewidth=0.8)
    axes.tick_params(length=0)


def forecast(series: Series) -> str:
    """Draw one window: history, truth, float and device forecast of the liveliest channels."""
    liveliest = np.argsort(-np.ptp(np.concatenate([series.history, series.truth]), axis=0))
    chosen = sorted(int(channel) for channel in liveliest[:_PANELS])
    past = np.arange(-len(series.history) + 1, 1)
    future = np.arange(1, len(series.truth) + 1)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(10, 1.55 * len(chosen) + 0.6), layout="constrained")
        panels = np.atleast_1d(figure.subplots(len(chosen), 1, sharex=True))
        for axes, channel in zip(panels, chosen, strict=True):
            _grid(axes)
            axes.axvspan(0.5, len(series.truth) + 0.5, color="#f3f6f9", linewidth=0)
            axes.plot(past, series.history[:, channel], color=MUTED, linewidth=1.4, label="window")
            axes.plot(future, series.truth[:, channel], color=INK, linewidth=1.6, label="truth")
            axes.plot(
                future,
                series.float_forecast[:, channel],
                color=ORANGE,
                linewidth=3.6,
                alpha=0.45,
                label="float forecast",
            )
            axes.plot(
                future,
                series.int8_forecast[:, channel],
                color=BLUE,
                linewidth=1.4,
                marker="o",
                markersize=3,
                label="device forecast",
            )
            axes.set_title(series.channel_names[channel], loc="left")
            axes.set_ylabel("σ")
        panels[-1].set_xlabel("samples from the end of the window")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper right", ncols=4)
        return _svg(figure)


def _spans(axes: Any, flags: Array, low: float, high: float, **style: Any) -> None:
    """Shade every run of true values between two heights given as fractions of the axes."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    for start, end in edges.reshape(-1, 2):
        axes.axvspan(start - 0.5, end - 0.5, low, high, linewidth=0, **style)


def score(series: Series) -> str:
    """Draw the chain: score against the threshold, alarms, and the labelled faults below."""
    samples = np.arange(len(series.score))
    scored = np.where(np.isin(series.state, (OK, ALARM, LEARN)), series.score, np.nan)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(10, 3.6), layout="constrained")
        axes, bands = figure.subplots(2, 1, sharex=True, height_ratios=[5, 1])
        _grid(axes)
        _spans(axes, np.isin(series.state, (WARMUP, FAULT)), 0, 1, color="#eef1f4")
        _spans(axes, series.state == LEARN, 0, 1, color=BLUE, alpha=0.07)
        _spans(axes, series.state == ALARM, 0, 1, color=RED, alpha=0.13)
        axes.plot(samples, scored, color=BLUE, linewidth=1.3, label="score")
        axes.axhline(
            series.threshold, color=RED, linewidth=1.2, linestyle=(0, (5, 3)), label="threshold"
        )
        positive = scored[np.isfinite(scored) & (scored > 0)]
        if len(positive) and positive.max() > 10 * series.threshold:
            axes.set_yscale("log")
        axes.set_ylabel("score")
        axes.legend(loc="upper left", ncols=2)
        bands.set_ylim(0, 2)
        bands.set_yticks([0.5, 1.5], ["label", "alarm"])
        bands.spines[["left", "bottom"]].set_visible(False)
        bands.tick_params(length=0)
        for low, colour in ((0.0, MUTED), (0.5, MUTED)):
            bands.axhspan(low * 2 + 0.15, low * 2 + 0.85, color=colour, alpha=0.12, linewidth=0)
        _spans(bands, series.labels > 0, 0.075, 0.425, color=ORANGE)
        _spans(bands, series.state == ALARM, 0.575, 0.925, color=RED)
        bands.set_xlim(-0.5, len(samples) - 0.5)
        bands.set_xlabel("raw sample")
        return _svg(figure)


def _bars(axes: Any, histogram: Mapping[int, int], colour: str, title: str) -> None:
    _grid(axes)
    bound = max(3, *(abs(value) for value in histogram))
    shown = min(bound, 24)
    keys = np.arange(-shown, shown + 1)
    counts = np.array([histogram.get(int(key), 0) for key in keys], dtype=np.int64)
    beyond = sum(count for value, count in histogram.items() if abs(value) > shown)
    axes.bar(keys, counts, width=0.8, color=colour)
    axes.set_yscale("symlog", linthresh=1)
    axes.set_ylim(bottom=0)
    axes.set_title(title + (f" ({beyond:,} beyond ±{shown})" if beyond else ""), loc="left")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("LSB")
    axes.set_ylabel("output bytes")


def deltas(series: Series) -> str:
    """Draw the differences of the device in LSB: against the reference and against float."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(10, 3.0), layout="constrained")
        left, right = figure.subplots(1, 2)
        _bars(left, series.exact_lsb, GREEN, "device − exact reference (must be one bar)")
        _bars(right, series.float_lsb, BLUE, "device − float model (quantization error)")
        return _svg(figure)


def memory(report: Report, capacity: Mapping[str, int]) -> str:
    """Draw flash and RAM of the image as stacked bars; the title says how full the part is."""
    model, arena = report.model_bytes or 0, report.arena_bytes or 0
    rows: list[tuple[str, list[tuple[str, int, str]]]] = [
        (
            "flash",
            [
                ("model constants", model, BLUE),
                ("code and the rest", max(0, (report.flash_bytes or 0) - model), "#9cc3ef"),
            ],
        ),
        (
            "ram",
            [
                ("arena", arena, ORANGE),
                ("buffers and state", max(0, (report.static_ram_bytes or 0) - arena), "#f3c78d"),
                ("stack", report.stack_bytes or 0, RED),
            ],
        ),
    ]
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(10, 2.9), layout="constrained")
        panels = figure.subplots(2, 1)
        for axes, (name, parts) in zip(panels, rows, strict=True):
            _memory_bar(axes, name, parts, capacity.get(name))
        return _svg(figure)


def _memory_bar(
    axes: Any, name: str, parts: Sequence[tuple[str, int, str]], capacity: int | None
) -> None:
    _grid(axes)
    axes.grid(visible=False, axis="y")
    start = 0
    for label, size, colour in parts:
        text = f"{label} {size:,}"
        axes.barh([0], [size], left=start, color=colour, height=0.55, label=text)
        start += size
    share = f" of {capacity:,} ({start / capacity:.1%})" if capacity else ""
    axes.set_title(f"{name.upper() if name == 'ram' else name}: {start:,} bytes{share}", loc="left")
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlim(0, max(1, start) * 1.02)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), handlelength=1)


def operators(costs: Sequence[OperatorCost]) -> str:
    """Draw instructions by operator; an empty string when none was counted."""
    counted = [cost for cost in costs if cost.instructions is not None]
    if not counted:
        return ""
    names = [f"{cost.index}  {cost.kind}" for cost in counted]
    values = [cost.instructions or 0 for cost in counted]
    total = max(1, sum(values))
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(10, 0.42 * len(names) + 0.9), layout="constrained")
        axes = figure.subplots()
        _grid(axes)
        axes.grid(visible=False, axis="y")
        bars = axes.barh(names, values, color=BLUE, height=0.62)
        axes.bar_label(
            bars, [f"{value:,}  ({value / total:.0%})" for value in values], padding=4, color=INK
        )
        axes.invert_yaxis()
        axes.set_xlim(0, max(values) * 1.2)
        axes.tick_params(axis="y", labelcolor=INK)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.set_xlabel("instructions per inference")
        return _svg(figure)
