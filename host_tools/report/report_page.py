"""The report as one HTML file that needs nothing else: no script, no font, no network."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from string import Template

from host_tools.compare.metrics import RealDelta
from host_tools.report import plots
from host_tools.report.record import DEFINITIONS, Report, Series
from host_tools.report.table import DASH, number

_PAGE = Path(__file__).with_name("page.html")


def _section(title: str, text: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2><p>{escape(text)}</p>{body}</section>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a cell that starts with `<td` is taken as it is."""

    def cell(text: str) -> str:
        return text if text.startswith("<td") else f"<td>{escape(text)}</td>"

    top = "".join(f"<th>{escape(text)}</th>" for text in head)
    body = "".join(f"<tr>{''.join(cell(text) for text in row)}</tr>" for row in rows)
    return f'<div class="scroll"><table><tr>{top}</tr>{body}</table></div>'


def _bound(report: Report) -> str:
    bound = report.stack_bound_bytes
    return "no bound proved" if bound is None else f"at most {bound:,}"


def _cards(report: Report) -> str:
    wrong = report.mismatched_bytes + report.chain_mismatches
    cards = [
        (number(wrong), f"differences in {report.windows} windows, {report.chain_samples} samples"),
        (number(report.rmse_vs_float, 4), "RMSE against float, in σ, in-distribution"),
        (number(report.instructions_per_inference), "instructions per inference"),
        (number(report.instructions_per_step), "instructions per sample beside it"),
        (number(report.flash_bytes), "bytes of flash"),
        (number(report.static_ram_bytes), "bytes of static RAM"),
        (number(report.arena_bytes), "bytes of arena"),
        (number(report.stack_bytes), f"bytes of stack, {_bound(report)}"),
        (number(report.alarms), f"samples in alarm, {report.alarm_episodes} episodes"),
    ]
    return "".join(
        f'<div class="card"><b>{escape(value)}</b><span>{escape(label)}</span></div>'
        for value, label in cards
    )


def _exactness(report: Report) -> str:
    rows = []
    for pair in report.comparisons:
        delta = pair.delta
        counts = [number(delta.windows), number(delta.values)]
        differ = number(delta.mismatched_bytes)
        if delta.mismatched_bytes:
            differ = f'<td class="differs">{differ}</td>'
        rows.append([f"{pair.left} / {pair.right}", *counts, differ, number(delta.max_lsb)])
    kinds = ", ".join(f"{count} {name}" for name, count in report.windows_by_kind.items())
    return _section(
        "Exactness",
        f"Every pair of results, byte by byte, over {kinds} windows. "
        f"Raw samples through the whole chain: {report.chain_samples}, "
        f"records that differ: {report.chain_mismatches}.",
        _table(["pair", "windows", "bytes", "differ", "max LSB"], rows),
    )


def _errors(report: Report) -> str:
    def row(name: str, delta: RealDelta | None) -> list[str]:
        if delta is None:
            return [name, DASH, DASH, DASH]
        return [name, number(delta.rmse, 4), number(delta.mae, 4), number(delta.max, 3)]

    first = [
        "int8 on the device against float (quantization)",
        number(report.rmse_vs_float, 4),
        number(report.mae_vs_float, 4),
        number(report.max_vs_float, 3),
    ]
    return _section(
        "Forecast error",
        "In standard deviations of the channels, over in-distribution windows only. The error of "
        "quantization and the error of forecasting are different things and stand apart.",
        _table(
            ["", "RMSE", "MAE", "max"],
            [
                first,
                row("int8 on the device against truth", report.int8_vs_truth),
                row("float against truth", report.float_vs_truth),
            ],
        ),
    )


def _definitions() -> str:
    rows = [[name, f'<td class="wide">{escape(text)}</td>'] for name, text in DEFINITIONS.items()]
    return _section("What the figures mean", "Keys as in report.json.", _table(["key", ""], rows))


def _steps(report: Report) -> str:
    rows = [[step, number(seconds, 1)] for step, seconds in report.seconds.items()]
    return _section("Time", "Wall clock on this host, in seconds.", _table(["step", "s"], rows))


def render(report: Report, series: Series | None) -> str:
    """Return the page; without `series` the plots that need it are left out."""
    sections = []
    if series is not None:
        sections += [
            _section(
                "Forecast against truth",
                "The in-distribution window whose truth moves most, and its liveliest channels.",
                plots.forecast(series),
            ),
            _section(
                "Score and alarms on the device",
                "Raw samples in, score out. Grey: warm-up or sensor fault; blue: "
                "learning the baseline; red: alarm; orange: labelled fault.",
                plots.score(series),
            ),
        ]
    sections.append(_exactness(report))
    if series is not None:
        sections.append(
            _section(
                "Deltas in LSB",
                "Output bytes by difference, logarithmic. Left over windows of every kind, right "
                "over in-distribution windows.",
                plots.deltas(series),
            )
        )
    sections.append(_errors(report))
    if report.flash_bytes is not None:
        capacity = series.memory if series is not None else {}
        sections.append(
            _section(
                "Memory of the image", "Flash and RAM in bytes.", plots.memory(report, capacity)
            )
        )
    costs = plots.operators(report.operators)
    if costs:
        sections.append(
            _section("Instructions by operator", "Counted by the emulator, exactly.", costs)
        )
    if report.seconds:
        sections.append(_steps(report))
    sections.append(_definitions())
    return Template(_PAGE.read_text(encoding="utf-8")).substitute(
        model=escape(report.model),
        target=escape(report.target),
        data=escape(report.data),
        shape=f"{report.channels} channels, window {report.window}, horizon {report.horizon}",
        backend=escape(report.backend),
        sha256=escape(report.model_sha256),
        verdict="identical to the last bit" if report.exact else "DIFFERENT",
        verdict_class="good" if report.exact else "bad",
        cards=_cards(report),
        sections="\n".join(sections),
    )
