"""The training curve as a picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from host_tools.report import figures
from host_tools.report.figures import BLUE, INK, ORANGE
from targets import output


def write(path: Path, history: Mapping[str, Sequence[float]]) -> None:
    """Draw the losses of a training over its epochs; raises OutputError."""
    with figures.style():
        figure = Figure(figsize=(7.0, 3.6), layout="constrained")
        axes = figure.subplots()
        for key, label, color in (("loss", "training", BLUE), ("val_loss", "validation", ORANGE)):
            losses = history[key]
            axes.plot(range(1, len(losses) + 1), losses, color=color, marker="o", markersize=3,
                      label=label)  # fmt: skip
        best = min(range(len(history["val_loss"])), key=lambda i: history["val_loss"][i])
        axes.axvline(best + 1, color=INK, linewidth=0.8, linestyle=":", label="kept")
        axes.set_yscale("log")
        axes.set_xlabel("epoch")
        axes.set_ylabel("mean squared error (σ²)")
        axes.legend()
        text = figures.svg(figure)
    output.write(path, text)
