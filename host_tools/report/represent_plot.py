"""Picture of a choice of representative windows: scores over the log, and their distribution."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from host_tools.report import figures
from host_tools.report.figures import BLUE, ORANGE, PALE, RED

_BINS = 60
_MOST_POINTS = 20_000


def draw(
    first: NDArray[np.int64],
    scores: NDArray[np.float32],
    chosen: NDArray[np.int64],
    threshold: float,
    kind: str,
) -> bytes:
    """Draw all windows grey, chosen usual ones blue, chosen tail ones orange.

    Args:
        first: int64 [M], first row of each window.
        scores: float32 [M].
        chosen: int64 [N], indices of the chosen windows.
        threshold: Where the tail begins.
        kind: What the score is, for the label.
    """
    shown = np.arange(len(first))[:: max(1, len(first) // _MOST_POINTS)]
    tail = chosen[scores[chosen] >= threshold]
    usual = chosen[scores[chosen] < threshold]
    with figures.style(**{"font.size": 8}):
        figure = Figure(figsize=(10, 3.4), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=[3, 2], sharey=True)
        left.scatter(first[shown], scores[shown], s=1, color=PALE, linewidths=0)
        left.scatter(first[usual], scores[usual], s=4, color=BLUE, linewidths=0)
        left.scatter(first[tail], scores[tail], s=4, color=ORANGE, linewidths=0)
        left.set_title(f"score ({kind}) of every window")
        left.set_xlabel("first row of the window")
        left.set_ylabel("score in σ")
        edges = np.linspace(float(scores.min()), float(scores.max()) + 1e-9, _BINS + 1)
        groups = [(scores, PALE, f"all {len(scores):,}"),
                  (scores[usual], BLUE, f"chosen, usual {len(usual):,}"),
                  (scores[tail], ORANGE, f"chosen, tail {len(tail):,}")]  # fmt: skip
        for values, colour, label in groups:
            right.hist(values, bins=edges, color=colour, label=label, orientation="horizontal")
        right.set_xscale("log")
        right.set_xlabel("windows")
        right.legend(frameon=False, loc="upper right")
        for axes in (left, right):
            axes.axhline(threshold, color=RED, linewidth=0.8, linestyle="--")
        return figures.png(figure, dpi=90)
