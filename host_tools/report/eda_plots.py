"""Pictures of a log: histograms, correlation matrix, timeline; PNG, the same bytes each time."""

import io
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from host_tools.eda.survey import Column, Eda
from host_tools.report.plots import BLUE, GRID, INK, MUTED, ORANGE, RED

MOST_CHANNELS = 96
_COLUMNS = 4
_NUMBERED = 20
_STYLE = {
    "font.size": 8,
    "axes.edgecolor": GRID,
    "axes.titlesize": 8,
    "axes.titlecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
}


def png(figure: Figure, dpi: int = 100) -> bytes:
    """Return a figure as PNG without date or version."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=dpi, metadata={"Software": None})
    return stream.getvalue()


def _panels(count: int, height: float) -> tuple[Figure, list[Any]]:
    columns = min(_COLUMNS, count)
    rows = -(-count // columns)
    figure = Figure(figsize=(10, height * rows + 0.3), layout="constrained")
    axes = list(np.atleast_1d(figure.subplots(rows, columns, squeeze=False)).flat)
    for unused in axes[count:]:
        unused.set_axis_off()
    return figure, axes[:count]


def _clean(axes: Any, title: str) -> None:
    axes.set_title(title, loc="left", pad=3)
    axes.tick_params(length=0, labelsize=7)
    axes.grid(color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)


def _bars(axes: Any, column: Column) -> None:
    share = column.histogram / max(1.0, column.histogram.sum())
    widths = np.diff(column.edges)
    axes.bar(column.edges[:-1], share, width=widths, align="edge", color=BLUE, linewidth=0)
    if np.isfinite(column.mean):
        axes.axvline(column.mean, color=ORANGE, linewidth=1)
    axes.set_yticks([])
    axes.set_xlim(column.edges[0], column.edges[-1])
    axes.xaxis.set_major_locator(MaxNLocator(4))


def histograms(found: Eda) -> bytes:
    """Draw the middle 99.8% of every channel and its mean."""
    with mpl.rc_context(_STYLE):
        figure, panels = _panels(min(len(found.columns), MOST_CHANNELS), 1.25)
        for axes, column in zip(panels, found.columns, strict=False):
            _clean(axes, column.name)
            _bars(axes, column)
        return png(figure)


def correlations(found: Eda) -> bytes:
    """Draw the correlation matrix; with numbers up to twenty channels, grey without spread."""
    names = [column.name for column in found.columns][:MOST_CHANNELS]
    count = len(names)
    size = min(14.0, max(4.5, 0.42 * count + 2.2))
    matrix = found.correlation[:count, :count]
    with mpl.rc_context({**_STYLE, "axes.spines.left": False, "axes.spines.bottom": False}):
        figure = Figure(figsize=(size, size * 0.92), layout="constrained")
        axes = figure.subplots()
        axes.set_facecolor("#dddddd")
        image = axes.imshow(matrix, cmap="RdBu_r", vmin=-1, vmax=1)
        axes.set_xticks(range(count), names, rotation=90)
        axes.set_yticks(range(count), names)
        axes.tick_params(length=0)
        if count <= _NUMBERED:
            for i, row in enumerate(matrix.tolist()):
                for j, value in enumerate(row):
                    if np.isfinite(value):
                        ink = "white" if abs(value) > 0.6 else INK
                        text = f"{value:.2f}".replace("0.", ".").replace("1.00", "1")
                        axes.text(j, i, text, ha="center", va="center", fontsize=6, color=ink)
        bar = figure.colorbar(image, ax=axes, shrink=0.7, label="Pearson r")
        bar.outline.set_visible(False)
        return png(figure)


def timeline(found: Eda) -> bytes:
    """Draw mean and range of every channel over the log, in up to 256 equal parts."""
    mean, low, high = found.timeline
    position = np.linspace(0, 100, len(mean)) if len(mean) > 1 else np.array([0.0])
    with mpl.rc_context(_STYLE):
        figure, panels = _panels(min(len(found.columns), MOST_CHANNELS), 1.15)
        for channel, axes in enumerate(panels):
            column = found.columns[channel]
            steady = column.drift.hint in ("steady", "constant", "too short to tell")
            _clean(axes, column.name + ("" if steady else f": {column.drift.hint}"))
            if not steady:
                axes.set_title(axes.get_title(loc="left"), loc="left", color=RED, pad=3)
            axes.fill_between(
                position, low[:, channel], high[:, channel], color=BLUE, alpha=0.2, linewidth=0
            )
            axes.plot(position, mean[:, channel], color=BLUE, linewidth=0.9)
            axes.set_xlim(0, 100)
            axes.yaxis.set_major_locator(MaxNLocator(3))
            axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}%")
        return png(figure)
