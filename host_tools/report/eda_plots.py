"""Pictures of a log that are files of their own: histograms and correlation matrix, PNG."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from host_tools.eda.survey import Eda
from host_tools.report import figures
from host_tools.report.eda_page import MOST_CHANNELS
from host_tools.report.figures import BLUE, INK, ORANGE

_COLUMNS = 4
_NUMBERED = 20
_SMALL = {"font.size": 8, "axes.titlesize": 8}


def histograms(found: Eda) -> bytes:
    """Draw the middle 99.8% of every channel and its mean."""
    shown = found.columns[:MOST_CHANNELS]
    names = figures.labels([column.name for column in shown])
    columns = min(_COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    with figures.style(**_SMALL):
        figure = Figure(figsize=(10, 1.25 * rows + 0.3), layout="constrained")
        panels = list(np.atleast_1d(figure.subplots(rows, columns, squeeze=False)).flat)
        for unused in panels[len(shown) :]:
            unused.set_axis_off()
        for axes, column, name in zip(panels, shown, names, strict=False):
            axes.set_title(name, pad=3)
            axes.tick_params(labelsize=7)
            share = column.histogram / max(1.0, column.histogram.sum())
            axes.bar(column.edges[:-1], share, width=np.diff(column.edges), align="edge",
                     color=BLUE, linewidth=0)  # fmt: skip
            if np.isfinite(column.mean):
                axes.axvline(column.mean, color=ORANGE, linewidth=1)
            axes.set_yticks([])
            axes.set_xlim(column.edges[0], column.edges[-1])
            axes.xaxis.set_major_locator(MaxNLocator(4))
        return figures.png(figure)


def correlations(found: Eda) -> bytes:
    """Draw the correlation matrix; with numbers up to twenty channels, grey without spread."""
    names = figures.labels([column.name for column in found.columns[:MOST_CHANNELS]])
    count = len(names)
    size = min(14.0, max(4.5, 0.42 * count + 2.2))
    matrix = found.correlation[:count, :count]
    plain = {"axes.spines.left": False, "axes.spines.bottom": False, "axes.grid": False}
    with figures.style(**_SMALL, **plain):
        figure = Figure(figsize=(size, size * 0.92), layout="constrained")
        axes = figure.subplots()
        axes.set_facecolor("#dddddd")
        image = axes.imshow(matrix, cmap="RdBu_r", vmin=-1, vmax=1)
        axes.set_xticks(range(count), names, rotation=90)
        axes.set_yticks(range(count), names)
        if count <= _NUMBERED:
            for i, row in enumerate(matrix.tolist()):
                for j, value in enumerate(row):
                    if np.isfinite(value):
                        ink = "white" if abs(value) > 0.6 else INK
                        text = f"{value:.2f}".replace("0.", ".").replace("1.00", "1")
                        axes.text(j, i, text, ha="center", va="center", fontsize=6, color=ink)
        bar = figure.colorbar(image, ax=axes, shrink=0.7, label="Pearson r")
        bar.outline.set_visible(False)
        return figures.png(figure)
