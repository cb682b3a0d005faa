"""The profile as a picture: instructions or clock cycles by operator, and the same per MAC."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from host_tools.errors import DataError
from host_tools.report import figures
from host_tools.report.figures import BLUE, ORANGE
from host_tools.report.record import OperatorCost
from targets import output

FORMATS = (".svg", ".png")
_ROWS = 40


def _bars(axes: Any, names: Sequence[str], values: Sequence[float], texts: Sequence[str]) -> None:
    color = BLUE if len(axes.figure.axes) == 0 or axes is axes.figure.axes[0] else ORANGE
    bars = axes.barh(names, values, color=color, height=0.62)
    axes.bar_label(bars, texts, padding=4)
    axes.set_xlim(0, max([*values, 1e-9]) * 1.3)
    axes.grid(visible=False, axis="y")


def draw(title: str, operators: Sequence[OperatorCost], path: Path, unit: str) -> None:
    """Write the picture to `path`, `.svg` or `.png`; of many operators the costliest, in order.
    `unit` is what was counted.

    Raises DataError for another suffix and OutputError when the file cannot be written.
    """
    if path.suffix not in FORMATS:
        raise DataError(f"{path}: a picture is one of {', '.join(FORMATS)}")
    counted = [row for row in operators if row.counted]
    dearest = sorted(counted, key=lambda row: -(row.counted or 0))[:_ROWS]
    rows = sorted(dearest, key=lambda row: row.index)
    names = [f"{row.index}  {row.kind}" for row in rows]
    values = [row.counted or 0 for row in rows]
    total = max(1, sum(row.counted or 0 for row in counted))
    ratios = [
        count / row.macs if row.macs else 0.0 for count, row in zip(values, rows, strict=True)
    ]
    with figures.style():
        figure = Figure(figsize=(12, 0.36 * max(len(rows), 2) + 1.4), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=(2, 1))
        _bars(left, names, values, [f"{v:,}  ({v / total:.1%})" for v in values])
        _bars(right, names, ratios, [f"{r:.2f}" if r else "no MACs" for r in ratios])
        left.invert_yaxis()
        left.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        left.set_xlabel(f"{unit} per call")
        right.set_xlabel(f"{unit} per MAC")
        note = (
            "" if len(rows) == len(counted) else f" (the {len(rows)} costliest of {len(counted)})"
        )
        figure.suptitle(title + note, x=0.01, ha="left")
        content = figures.svg(figure) if path.suffix == ".svg" else figures.png(figure, dpi=110)
    output.write(path, content)
