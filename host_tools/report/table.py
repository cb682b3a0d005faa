"""The report as a text table for the terminal."""

from collections.abc import Iterable, Sequence

from host_tools.compare.metrics import RealDelta
from host_tools.compare.rounding import Rounding
from host_tools.report.record import Report
from host_tools.report.words import DASH, counted, number


def aligned(rows: Iterable[Sequence[str]], right: bool = False, indent: str = "  ") -> list[str]:
    """Return rows as lines whose columns line up; `right` puts all but the first to the right."""
    table = [list(row) for row in rows]
    if not table:
        return []
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    lines = []
    for row in table:
        cells = [row[0].ljust(widths[0])]
        for cell, width in zip(row[1:], widths[1:], strict=True):
            cells.append(cell.rjust(width) if right else cell.ljust(width))
        lines.append((indent + "  ".join(cells)).rstrip())
    return lines


def _real(name: str, delta: RealDelta | None) -> list[str]:
    if delta is None:
        return [name, DASH, DASH, DASH]
    return [name, number(delta.rmse, 4), number(delta.mae, 4), number(delta.max, 3)]


def _model_rows(report: Report) -> list[list[str]]:
    kinds = ", ".join(f"{count} {name}" for name, count in report.windows_by_kind.items())
    apart = "DIFFERENT" if report.rounding is None else "as its forecasts do, see Detection"
    chain_verdict = "identical" if report.chain_mismatches == 0 else apart
    rows = [
        ["model", f"{report.model}  sha256 {report.model_sha256[:12]}…  backend {report.backend}"],
        ["data", report.data],
        [
            "shape",
            report.shape,
        ],
        ["target", report.target],
        ["windows", f"{report.windows} ({kinds})"],
        [
            "chain",
            f"{report.chain_samples} raw samples, {report.chain_mismatches} records differ: "
            f"{chain_verdict}",
        ],
        ["alarms", f"{report.alarms} samples in {counted(report.alarm_episodes, 'episode')}"],
    ]
    return rows if report.windows else [row for row in rows if row[0] != "windows"]


def _cost_rows(report: Report) -> list[list[str]]:
    if not report.has_network:
        first = [["instructions per sample", number(report.instructions_per_step)]]
    else:
        first = _inference_rows(report)
    return [
        *first,
        ["flash", number(report.flash_bytes, unit="bytes")],
        ["  of it model constants", number(report.model_bytes, unit="bytes")],
        ["static RAM", number(report.static_ram_bytes, unit="bytes")],
        ["  of it arena", number(report.arena_bytes, unit="bytes")],
        ["stack, deepest", number(report.stack_bytes, unit="bytes")],
        ["  proved bound", number(report.stack_bound_bytes, unit="bytes")],
    ]


def _inference_rows(report: Report) -> list[list[str]]:
    return [
        ["instructions per inference", number(report.instructions_per_inference)],
        ["  per sample beside it", number(report.instructions_per_step)],
        ["clock cycles per inference, exact", number(report.cycles_per_inference)],
    ]


def _f1(value: float | None) -> str:
    return DASH if value is None else number(value, 4)


def _rounding(rounded: Rounding) -> list[str]:
    """Return how far the device is from the exact results, and what its detector made of it."""
    change = rounded.detection
    rows = [["LSB", "bytes", "share"]]
    for lsb, count in rounded.histogram.items():
        rows.append([f"{lsb:+d}" if lsb else "0", number(count), f"{count / rounded.values:.2%}"])
    alarms = [["", "alarm samples", "episodes", "F1"]]
    for name, chain in (("device", change.device), ("exact", change.host)):
        alarms.append([name, number(chain.samples), number(chain.episodes), _f1(chain.f1)])
    return [
        f"Outputs against {rounded.against}: RMSE {rounded.rmse_lsb:.4f} LSB",
        *aligned(rows, right=True),
        "",
        f"Detection: {change.alarms_differ} of {change.samples} samples in alarm in one chain only,"
        f" {change.states_differ} with another state",
        *aligned(alarms, right=True),
    ]


def verdict(report: Report) -> str:
    """Return what the comparison of device and host came to, in words."""
    rounded = report.rounding
    if report.exact:
        return "IDENTICAL to the last bit"
    if rounded is None or not report.agrees:
        return "DIFFERENT"
    return f"at most {rounded.max_lsb} LSB apart; backend {report.backend} need not be exact"


def render(report: Report) -> str:
    """Return the whole table; ends without a newline."""
    lines = [f"SAFE report: {report.model} on {report.target}", ""]
    lines += aligned(_model_rows(report))
    if report.comparisons:
        lines += ["", "Exactness (windows of every kind)"]
        rows = [["pair", "windows", "bytes", "differ", "max LSB"]]
        for pair in report.comparisons:
            delta = pair.delta
            counts = [delta.windows, delta.values, delta.mismatched_bytes, delta.max_lsb]
            rows.append([f"{pair.left} / {pair.right}", *(number(count) for count in counts)])
        lines += aligned(rows, right=True)
    if report.has_network:
        lines += _errors(report)
    lines += ["", "Cost on the target", *aligned(_cost_rows(report), right=True)]
    if report.rounding is not None:
        lines += ["", *_rounding(report.rounding)]
    lines += ["", f"Device and host: {verdict(report)}  ({report.host_seconds:.1f} s)"]
    return "\n".join(lines)


def _errors(report: Report) -> list[str]:
    lines = ["", "Forecast error (standard deviations, in-distribution windows only)"]
    versus_float = [
        "int8 against float",
        number(report.rmse_vs_float, 4),
        number(report.mae_vs_float, 4),
        number(report.max_vs_float, 3),
    ]
    lines += aligned(
        [
            ["", "RMSE", "MAE", "max"],
            versus_float,
            _real("int8 against truth", report.int8_vs_truth),
            _real("float against truth", report.float_vs_truth),
        ],
        right=True,
    )
    return lines
