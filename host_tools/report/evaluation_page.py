"""An evaluation of an int8 model: tables for the terminal, and a page."""

from collections.abc import Sequence

import numpy as np

from host_tools.compare.metrics import RealDelta
from host_tools.evaluation.evaluate import ErrorPair, Evaluation
from host_tools.report.chart import Axis, Chart, Mark, axis_of
from host_tools.report.page import Cell, Page, Section, Table
from host_tools.report.report_page import lsb_chart
from host_tools.report.table import aligned
from host_tools.report.words import DASH, number

FILE = "evaluation.html"

Rows = list[Sequence[str | Cell]]


def _pairs(found: Evaluation) -> tuple[tuple[str, ErrorPair | None], ...]:
    return (
        ("int8 against float", found.int8_vs_float),
        ("int8 against truth", found.int8_vs_truth),
        ("float against truth", found.float_vs_truth),
    )


def _row(name: str, found: RealDelta | None) -> list[str]:
    if found is None:
        return [name, DASH, DASH, DASH, DASH]
    figures = (found.mse, found.rmse, found.mae)
    return [name, *(f"{figure:.6f}" for figure in figures), f"{found.max:.4f}"]


def render(found: Evaluation) -> str:
    """Return the tables; ends without a newline."""
    pairs = _pairs(found)
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


def _steps(found: Evaluation) -> Section:
    """Show the error by step; the wide pale line lets both errors to the truth be seen."""
    looks = (("blue", ""), ("ink", ""), ("orange", "thick pale"))
    steps = np.arange(1, found.horizon + 1)
    marks = [
        Mark(steps, [error.rmse for error in pair.steps], "line", colour, name, style)
        for (name, pair), (colour, style) in zip(_pairs(found), looks, strict=True)
        if pair is not None
    ]
    marks = marks[::-1]
    highest = max(float(np.max(mark.y)) for mark in marks)
    last = found.int8_vs_float.steps[-1].rmse
    text = (
        f"RMSE by horizon step; int8 against float is {found.int8_vs_float.steps[0].rmse:.4f} σ at"
        f" the first step and {last:.4f} σ at the last."
    )
    across = axis_of([1.0, float(found.horizon)], label="step ahead", form="integer")
    chart = Chart("", text, across, Axis(0.0, highest * 1.08, "RMSE in σ"), marks, height=220)
    head = ["step", *(f"RMSE, {name}" for name, pair in _pairs(found) if pair is not None), "max"]
    columns = [pair.steps for _, pair in _pairs(found) if pair is not None]
    rows = [
        [str(step + 1), *(number(column[step].rmse, 4) for column in columns),
         number(found.int8_vs_float.steps[step].max, 3)]
        for step in range(found.horizon)
    ]  # fmt: skip
    head[-1] = "largest, int8 against float"
    return Section("By step ahead", "", [chart, Table("Errors by step", head, rows, dense=True)])


def _by_channel(found: Evaluation) -> Section:
    most = max([error.rmse for error in found.int8_vs_float.channels] + [1e-12])
    rows: Rows = []
    for index, name in enumerate(found.channels):
        quantization = found.int8_vs_float.channels[index]
        others = [
            number(pair.channels[index].rmse, 4)
            for _, pair in _pairs(found)[1:]
            if pair is not None
        ]
        bar = Cell(number(quantization.rmse, 4), "words", quantization.rmse / most)
        largest = max(abs(key) for key in found.lsb_by_channel[index])
        rows.append([name, bar, number(quantization.max, 3), str(largest), *others])
    others = [f"RMSE, {name}" for name, pair in _pairs(found)[1:] if pair is not None]
    head = ["channel", "RMSE, int8 against float", "largest", "largest LSB", *others]
    return Section("By channel", "In standard deviations of each channel.",
                   [Table("Errors by channel", head, rows, dense=True)])  # fmt: skip


def page(found: Evaluation, title: str) -> str:
    """Return the page of an evaluation of the model `title`."""
    pairs = [_row(name, pair.total if pair else None) for name, pair in _pairs(found)]
    latency = [
        [name, number(took.median_ms, 3), number(took.p95_ms, 3), number(took.threads)]
        for name, took in found.latency.items()
    ]
    equal = found.lsb.get(0, 0) / max(1, sum(found.lsb.values()))
    cards = [
        (number(found.int8_vs_float.total.rmse, 4), "RMSE of int8 against float, in σ"),
        (number(found.int8_vs_float.total.max, 3), "largest difference, in σ"),
        (f"{equal:.1%}", "of the output bytes equal the rounded float model"),
        (number(found.int8_vs_truth.total.rmse if found.int8_vs_truth else None, 4),
         "RMSE of int8 against truth, in σ"),
        (number(found.float_vs_truth.total.rmse if found.float_vs_truth else None, 4),
         "RMSE of float against truth, in σ"),
        (f"{found.windows:,}", "windows"),
    ]  # fmt: skip
    sources = _budget(found)
    sections = [
        Section("Errors", "Quantization is int8 against float; forecasting is either against"
                " truth. In standard deviations of the channels.",
                [Table("Errors", ["pair", "MSE", "RMSE", "MAE", "max"], pairs)]),
        _steps(found),
        _by_channel(found),
        Section("Differences in LSB", f"Output bytes of int8 minus the float model rounded to"
                f" int8; one LSB is {found.output_scale:.4g} σ. Logarithmic, from half a byte on:"
                " a single byte shows.", [lsb_chart(found.lsb, "int8 − float")]),
        Section("Where int8 differs from float", "Each source by itself; the shares are those of"
                " the squared error.", [Table("Sources", sources[0], sources[1:])]),
        Section("Latency on this host", "In ms per window; the device's figures come from bench.",
                [Table("Latency", ["model", "median", "95%", "threads"], latency)]),
    ]  # fmt: skip
    line = f"{found.data} · clip ±{found.clip:g} σ"
    return Page(f"Evaluation of {title}", [line], cards, sections).html()
