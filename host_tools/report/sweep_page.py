"""The result of a sweep: a ranked table for the terminal and the Pareto picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from host_tools.report import figures
from host_tools.report.figures import BLUE, MUTED, ORANGE
from host_tools.report.table import aligned
from targets import output

Row = Mapping[str, Any]
SHOWN = 10
PICTURE = "pareto.svg"


def pareto(rows: Sequence[Row]) -> list[Row]:
    """Return the rows that no other beats in both RMSE and largest error, by RMSE."""
    best, kept = float("inf"), []
    for row in sorted(rows, key=lambda r: (r["rmse"], r["max"])):
        if row["max"] < best:
            best = row["max"]
            kept.append(row)
    return kept


def ranking(rows: Sequence[Row], most: int = SHOWN) -> str:
    """Return the best rows as a table, those of the Pareto front marked with an asterisk."""
    front = {row["name"] for row in pareto(rows)}
    table = [["rank", "", "point", "tail", "RMSE σ", "MAE σ", "max σ", "LSB", "RMSE to truth"]]
    for row in rows[:most]:
        table.append([
            str(row["rank"]),
            "*" if row["name"] in front else "",
            row["name"],
            str(row["tail_windows"]),
            f"{row['rmse']:.5f}",
            f"{row['mae']:.5f}",
            f"{row['max']:.4f}",
            str(row["max_lsb"]),
            f"{row['rmse_int8_vs_truth']:.5f}",
        ])  # fmt: skip
    lines = aligned(table, right=True)
    if len(rows) > most:
        lines.append(
            f"  … {len(rows) - most} more in results.csv; worst RMSE {rows[-1]['rmse']:.5f}"
        )
    return "\n".join(lines)


def write(folder: Path, rows: Sequence[Row]) -> Path:
    """Draw RMSE against largest error of every point, the front connected; return the path."""
    front = pareto(rows)
    with figures.style():
        figure = Figure(figsize=(7.5, 4.5), layout="constrained")
        axes = figure.subplots()
        axes.scatter([r["rmse"] for r in rows], [r["max"] for r in rows], s=22, color=BLUE,
                     alpha=0.6, label="points")  # fmt: skip
        axes.plot([r["rmse"] for r in front], [r["max"] for r in front], color=ORANGE,
                  marker="o", linewidth=1.6, label="Pareto front")  # fmt: skip
        for row in front[:6]:
            axes.annotate(row["name"], (row["rmse"], row["max"]), xytext=(5, 4), color=MUTED,
                          textcoords="offset points", fontsize=7)  # fmt: skip
        axes.set_xlabel("RMSE, int8 against float (standard deviations)")
        axes.set_ylabel("largest error (standard deviations)")
        axes.set_title(f"{len(rows)} points, measured on validation windows")
        axes.legend()
        text = figures.svg(figure)
    path = folder / PICTURE
    output.write(path, text)
    return path
