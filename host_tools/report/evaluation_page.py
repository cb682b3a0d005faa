"""An evaluation of an int8 model: tables for the terminal, one picture."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from host_tools.compare.error import Error
from host_tools.evaluation.evaluate import Evaluation
from host_tools.report.plots import _STYLE, BLUE, GRID, INK, ORANGE, _svg
from host_tools.report.table import DASH, aligned
from targets import output

PICTURE = "evaluation.svg"


def _row(name: str, found: Error | None) -> list[str]:
    if found is None:
        return [name, DASH, DASH, DASH, DASH]
    figures = (found.mse, found.rmse, found.mae)
    return [name, *(f"{figure:.6f}" for figure in figures), f"{found.max:.4f}"]


def render(found: Evaluation) -> str:
    """Return the tables; ends without a newline."""
    pairs = (
        ("int8 against float", found.int8_vs_float),
        ("int8 against truth", found.int8_vs_truth),
        ("float against truth", found.float_vs_truth),
    )
    lines = [
        f"{found.windows} windows, {found.data}; standard deviations; clip ±{found.clip:g}",
        *aligned(
            [["", "MSE", "RMSE", "MAE", "max"]]
            + [_row(name, pair.total if pair else None) for name, pair in pairs],
            right=True,
        ),
        "",
        "Where int8 differs from float (each source by itself)",
        *aligned(_budget(found), right=True),
        "",
        f"LSB (output scale {found.output_scale:.6g}): {_lsb(found.lsb)}",
        "",
        "int8 against float, by channel",
        *aligned(_channels(found), right=True),
        "",
        "RMSE int8 against float by step: "
        + " ".join(f"{step.rmse:.4f}" for step in found.int8_vs_float.steps),
        "Latency on this host: "
        + ", ".join(
            f"{name} {took.median_ms:.3f} ms (p95 {took.p95_ms:.3f}, {took.threads} threads)"
            for name, took in found.latency.items()
        ),
    ]
    return "\n".join(lines)


def _budget(found: Evaluation) -> list[list[str]]:
    shares, budget = found.budget.shares(), found.budget
    rows = [["source", "RMSE", "max", "share"]]
    for name, value in (
        ("inputs", budget.inputs),
        ("weights", budget.weights),
        ("activations", budget.activations),
    ):
        if value is None:
            rows.append([name, "in activations", DASH, DASH])
        else:
            rows.append([name, f"{value.rmse:.6f}", f"{value.max:.4f}", f"{shares[name]:.1%}"])
    rows.append(["total", f"{budget.total.rmse:.6f}", f"{budget.total.max:.4f}", ""])
    return rows


def _lsb(histogram: dict[int, int]) -> str:
    whole = sum(histogram.values())
    parts = [f"{key:+d}: {count / whole:.1%}" for key, count in histogram.items() if abs(key) <= 3]
    beyond = sum(count for key, count in histogram.items() if abs(key) > 3)
    return ", ".join([*parts, f"beyond ±3: {beyond / whole:.1%}"])


def _channels(found: Evaluation) -> list[list[str]]:
    rows = [["channel", "RMSE", "MAE", "max", "largest LSB"]]
    pairs = zip(found.channels, found.int8_vs_float.channels, found.lsb_by_channel, strict=True)
    for name, value, histogram in pairs:
        largest = max(abs(key) for key in histogram)
        rows.append(
            [name, f"{value.rmse:.5f}", f"{value.mae:.5f}", f"{value.max:.4f}", str(largest)]
        )
    return rows


def write(folder: Path, found: Evaluation) -> Path:
    """Draw LSB histogram, error by step, and error by channel; return the path."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(10, 6.4), layout="constrained")
        top = figure.subplots(2, 2)
        for axes in top.flat:
            axes.grid(color=GRID, linewidth=0.8)
        bars = top[0, 0]
        bars.bar(list(found.lsb), list(found.lsb.values()), color=BLUE)
        bars.set_yscale("log")
        bars.set_title("int8 − float, LSB", loc="left")
        steps = top[0, 1]
        count = np.arange(1, found.horizon + 1)
        steps.plot(count, [e.rmse for e in found.int8_vs_float.steps], color=BLUE, marker="o",
                   markersize=3, label="int8 against float")  # fmt: skip
        for pair, color, name in ((found.int8_vs_truth, ORANGE, "int8 against truth"),
                                  (found.float_vs_truth, INK, "float against truth")):  # fmt: skip
            if pair is not None:
                steps.plot(count, [e.rmse for e in pair.steps], color=color, linewidth=1.2,
                           label=name)  # fmt: skip
        steps.set_title("RMSE by horizon step (σ)", loc="left")
        steps.legend()
        channels = top[1, 0]
        channels.barh(found.channels, [e.rmse for e in found.int8_vs_float.channels], color=BLUE)
        channels.tick_params(labelsize=7)
        channels.set_title("RMSE by channel, int8 against float (σ)", loc="left")
        sources = top[1, 1]
        shares = found.budget.shares()
        sources.barh(list(shares), [100 * value for value in shares.values()], color=ORANGE)
        sources.set_title("share of the squared error by source (%)", loc="left")
        text = _svg(figure)
    path = folder / PICTURE
    output.write(path, '<?xml version="1.0" encoding="UTF-8"?>\n' + text)
    return path
