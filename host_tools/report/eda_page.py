"""The summary of a log as one HTML page."""

import math

from host_tools.eda import summary as eda_summary
from host_tools.eda.drift import RULES
from host_tools.eda.summary import Clip
from host_tools.eda.survey import Eda
from host_tools.eda.time import STUCK_ROWS
from host_tools.report import sheet
from host_tools.report.eda_plots import MOST_CHANNELS
from host_tools.report.table import DASH

_SHOWN_PAIRS = 15


def number(value: float, digits: int = 4) -> str:
    """Return a figure in `digits` significant places, or a dash when there is none."""
    if not math.isfinite(value):
        return DASH
    if value == int(value) and abs(value) < 1e6:
        return f"{int(value):,}"
    return f"{value:.{digits}g}"


def _cards(found: Eda, clip: Clip) -> list[tuple[str, str]]:
    facts = found.sampling
    cells = found.rows * len(found.columns)
    lost = sum(c.missing + c.infinite + c.text for c in found.columns)
    labelled = found.labelled_rows
    rate = number(1 / facts.period) if facts.period else DASH
    return [
        (f"{found.rows:,}", f"rows in {len(found.files)} file{'s' * (len(found.files) > 1)}"),
        (f"{len(found.columns)}", "channels"),
        (rate, "Hz, from the median step"),
        (f"{facts.gaps:,}", "gaps in time"),
        (f"{lost / max(1, cells):.3%}", "of the values missing, infinite or text"),
        (DASH if labelled is None else f"{labelled:,}", "rows with a labelled fault"),
        (f"±{clip.sigma:g} σ", "suggested clip of model inputs"),
        (
            "exact" if not found.rank_error else f"±{found.rank_error:.1e}",
            "rank error of the quantiles, at most",
        ),
    ]


def _statistics(found: Eda) -> str:
    head = ["channel", "missing", "mean", "std", "min", "1%", "median", "99%", "max", "skew",
            "kurtosis"]  # fmt: skip
    rows = [
        [c.name, f"{c.missing + c.infinite + c.text:,}",
         *(number(v) for v in (c.mean, c.std, c.low, c.quantiles[1], c.quantiles[4],
                               c.quantiles[7], c.high, c.skew, c.kurtosis))]
        for c in found.columns
    ]  # fmt: skip
    return sheet.section(
        "Statistics",
        "Over all rows, labelled ones included. Skewness and excess kurtosis are the sample "
        "figures G1 and G2. More columns are in stats_completo.csv.",
        sheet.table(head, rows, dense=True),
    )


def _changes(found: Eda) -> str:
    head = ["channel", "hint", "trend σ", "R²", "level share", "last − first third σ",
            "spread ratio", "lag-1 r", "repeated", "longest run"]  # fmt: skip
    rows = [
        [c.name, c.drift.hint, f"{c.drift.trend_sigma:.2f}", f"{c.drift.trend_r2:.2f}",
         f"{c.drift.level_share:.2f}", f"{c.drift.shift_sigma:.2f}",
         number(c.drift.spread_ratio, 3), number(c.autocorrelation, 4), f"{c.repeated:.1%}",
         f"{c.longest_run:,}"]
        for c in found.columns
    ]  # fmt: skip
    return sheet.section(
        "Stationarity and drift",
        f"{RULES} A run is a stretch of exactly equal values; {STUCK_ROWS} rows count as stuck.",
        sheet.table(head, rows, dense=True),
    )


def _sampling(found: Eda) -> str:
    facts = found.sampling
    if facts.period is None:
        return ""
    steps = [[f"{seconds:.6g}", f"{count:,}"] for seconds, count in facts.steps]
    gaps = [[f"{gap.file}:{gap.line}", f"{gap.seconds:,.6g}"] for gap in facts.longest]
    body = sheet.table(["step in s", "times"], steps)
    if gaps:
        body += sheet.table(["gap before line", "s"], gaps)
    text = "The most frequent steps between rows, and the longest gaps (above 2.5 median steps)."
    return sheet.section("Sampling", text, body)


def _clip(clip: Clip) -> str:
    rows = [
        [f"±{row.clip:g} σ", f"{row.lsb:.4f}", f"{row.clipped:.2e}", f"{row.rmse:.4f}"]
        for row in clip.rows
    ]
    head = ["clip", "one int8 step, σ", "values clipped", "input RMSE, σ"]
    text = f"Suggested: ±{clip.sigma:g} σ. {clip.reason}."
    return sheet.section("Clip", text, sheet.table(head, rows))


def _pairs(found: Eda) -> str:
    rows = [
        [f"{a} / {b}", f"{r:+.4f}", f"{count:,}"]
        for a, b, r, count in eda_summary.top_pairs(found, _SHOWN_PAIRS)
    ]
    text = "Pearson's r over the rows in which both have a value."
    return sheet.section("Strongest pairs", text, sheet.table(["pair", "r", "rows"], rows))


def render(
    found: Eda, clip: Clip, *, histograms: bytes, correlations: bytes, timeline: bytes
) -> str:
    """Return the page; the pictures are those of `eda_plots`."""
    notes = eda_summary.findings(found) or ["Nothing stands out."]
    left_out = ", ".join(f"{name} ({why})" for name, why in found.left_out) or "none"
    cut = len(found.columns) > MOST_CHANNELS
    only = f" Only the first {MOST_CHANNELS} channels are drawn." if cut else ""
    sections = [
        sheet.section("Findings", f"Columns that are not channels: {left_out}.",
                      sheet.bullets(notes)),
        sheet.section("Over time",
                      "Mean (line) and range (band) in equal parts of the log, in file order."
                      + only, sheet.picture(timeline, "timeline of every channel")),
        _statistics(found),
        sheet.section("Histograms", "The middle 99.8% of the values; orange: the mean." + only,
                      sheet.picture(histograms, "histogram of every channel")),
        sheet.section("Correlation", "Pairs of channels; grey: no spread." + only,
                      sheet.picture(correlations, "correlation matrix")),
        _pairs(found),
        _changes(found),
        _clip(clip),
        _sampling(found),
    ]  # fmt: skip
    names = [path.rsplit("/", 1)[-1] for path, _ in found.files]
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    return sheet.page("Data summary", shown, cards=_cards(found, clip), sections=sections)
