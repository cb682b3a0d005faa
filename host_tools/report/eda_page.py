"""The summary of a log as one page."""

from collections.abc import Sequence

import numpy as np

from host_tools.data.reading import record
from host_tools.data.reading.record import duration
from host_tools.eda import summary as eda_summary
from host_tools.eda.drift import RULES
from host_tools.eda.summary import Clip
from host_tools.eda.survey import Column, Eda
from host_tools.eda.time import STUCK_ROWS
from host_tools.report.chart import Axis, Chart, Mark, axis_of
from host_tools.report.page import Bullets, Cell, Page, Panels, Section, Table, heat
from host_tools.report.words import DASH, significant

MOST_CHANNELS = 96
_NUMBERED = 20
_SHOWN_PAIRS = 15
_STEADY = ("steady", "constant", "too short to tell")

Rows = list[Sequence[str | Cell]]


def left_out(found: Eda) -> str:
    """Return the columns that are no channels, and why."""
    names = ", ".join(f"{name} ({why})" for name, why in found.left_out)
    return f"Columns that are no channels: {names or 'none'}."


def _cards(found: Eda, clip: Clip) -> list[tuple[str, str]]:
    facts = found.sampling
    cells = found.rows * len(found.columns)
    lost = sum(c.missing + c.infinite + c.text for c in found.columns)
    labelled = found.labelled_rows
    whole = (
        DASH if facts.first is None or facts.last is None else duration(facts.last - facts.first)
    )
    exact = "exact" if not found.rank_error else f"±{found.rank_error:.1e}"
    return [
        (f"{found.rows:,}", f"rows in {len(found.files)} file{'s' * (len(found.files) > 1)}"),
        (f"{len(found.columns)}", "channels"),
        (duration(facts.period) if facts.period else DASH, "from row to row, the median"),
        (whole, "from the first stamp to the last"),
        (f"{facts.gaps:,}", "gaps in time"),
        (f"{lost / max(1, cells):.3%}", "of the values missing, infinite or text"),
        (DASH if labelled is None else f"{labelled:,}", "rows with a labelled fault"),
        (f"±{clip.sigma:g} σ", "suggested clip of model inputs"),
        (exact, "rank error of the quantiles, at most"),
    ]


def _findings(found: Eda) -> Section:
    rows: Rows = [
        [Cell(finding.text, "words"), Cell(finding.cost, "words")]
        for finding in eda_summary.findings(found)
    ] or [["Nothing stands out.", ""]]
    text = "What deserves a look before training, the costliest first. "
    return Section("Findings", text + left_out(found),
                   [Table("Findings", ["finding", "what it costs"], rows)])  # fmt: skip


def _reading(found: Eda) -> Section:
    """Show how the log was read; what was noted of it stands among the findings."""
    told = record.lines(found.reading)[1:]
    shown = [line for line in told if not line.startswith(("channel", "note"))]
    return Section("Reading", "How the log was read; options of the verb say it otherwise.",
                   [Bullets(shown)])  # fmt: skip


def _timeline(found: Eda, only: str) -> Section:
    mean, low, high = found.timeline
    facts, stamps = found.sampling, found.stamps
    timed = bool(np.isfinite(stamps).all() and (np.diff(stamps) > 0).all() and len(stamps) > 1)
    if timed and facts.first is not None and facts.last is not None:
        across = Axis(facts.first, facts.last, "", "date" if facts.is_dated else "elapsed")
        place = stamps
    else:
        place = (np.arange(len(mean)) + 0.5) / len(mean) * found.rows
        across = Axis(0.0, float(found.rows), "row", "integer")
    charts = []
    for channel, column in enumerate(found.columns[:MOST_CHANNELS]):
        warns = column.drift.hint not in _STEADY
        lows, highs, means = low[:, channel], high[:, channel], mean[:, channel]
        marks = [Mark(place, highs, "band", low=lows), Mark(place, means)]
        text = (
            f"{column.name} over time: between {significant(column.low)} and"
            f" {significant(column.high)}, mean {significant(column.mean)}; {column.drift.hint}."
        )
        title = column.name + (f": {column.drift.hint}" if warns else "")
        charts.append(
            Chart(title, text, across, axis_of(lows, highs), marks, height=96, warns=warns)
        )
    text = "Mean (line) and range (band) in equal parts of the log, in file order."
    return Section("Over time", text + only, [Panels(charts)])


def _histograms(found: Eda, only: str) -> Section:
    charts = []
    for column in found.columns[:MOST_CHANNELS]:
        share = 100 * column.histogram / max(1.0, float(column.histogram.sum()))
        across = Axis(float(column.edges[0]), float(column.edges[-1]))
        marks = [Mark(column.edges, share, "bars")]
        if np.isfinite(column.mean):
            marks.append(Mark([column.mean] * 2, [0.0, float(share.max())], colour="orange"))
        text = (
            f"Distribution of {column.name}: 1% below {significant(column.quantiles[1])}, median"
            f" {significant(column.quantiles[4])}, 1% above {significant(column.quantiles[7])}."
        )
        heights = Axis(0.0, max(1e-9, float(share.max())) * 1.05, "% of the values")
        charts.append(Chart(column.name, text, across, heights, marks, height=90))
    text = "The middle 99.8% of the values; orange: the mean."
    return Section("Histograms", text + only, [Panels(charts)])


def _correlation(found: Eda, only: str) -> Section:
    names = [column.name for column in found.columns[:MOST_CHANNELS]]
    numbered = len(names) <= _NUMBERED
    rows: Rows = []
    for name, values in zip(names, found.correlation.tolist(), strict=False):
        cells = []
        for value in values[: len(names)]:
            known = np.isfinite(value)
            text = f"{value:.2f}".replace("0.", ".").replace("1.00", "1") if known else DASH
            colour = "red" if known and value > 0 else "blue"
            cells.append(heat(text if numbered else "", abs(value) if known else 0.0, colour))
        rows.append([name, *cells])
    pairs: Rows = [
        [f"{a} / {b}", f"{r:+.4f}", f"{count:,}"]
        for a, b, r, count in eda_summary.top_pairs(found, _SHOWN_PAIRS)
    ]
    return Section(
        "Correlation",
        "Pearson's r over the rows in which both have a value; red: together, blue: against each"
        " other." + only,
        [Table("Correlation of every two channels", ["", *names], rows, dense=True, upright=True),
         Table("Strongest pairs", ["pair", "r", "rows"], pairs, titled=True)],
    )  # fmt: skip


def _statistics(found: Eda) -> Section:
    def row(c: Column) -> list[str]:
        figures = (c.mean, c.std, c.low, c.quantiles[1], c.quantiles[4], c.quantiles[7], c.high,
                   c.skew, c.kurtosis)  # fmt: skip
        lost = f"{c.missing + c.infinite + c.text:,}"
        return [c.name, lost, *(significant(value) for value in figures)]

    head = ["channel", "missing", "mean", "std", "min", "1%", "median", "99%", "max", "skew",
            "kurtosis"]  # fmt: skip
    return Section(
        "Statistics",
        "Over all rows, labelled ones included. Skewness and excess kurtosis are the sample "
        "figures G1 and G2. More columns are in stats_completo.csv.",
        [Table("Statistics by channel", head, [row(c) for c in found.columns], dense=True)],
    )


def _changes(found: Eda) -> Section:
    head = ["channel", "hint", "trend σ", "R²", "level share", "last − first third σ",
            "spread ratio", "lag-1 r", "repeated", "longest run"]  # fmt: skip
    rows = [
        [c.name, c.drift.hint, f"{c.drift.trend_sigma:.2f}", f"{c.drift.trend_r2:.2f}",
         f"{c.drift.level_share:.2f}", f"{c.drift.shift_sigma:.2f}",
         significant(c.drift.spread_ratio, 3), significant(c.autocorrelation), f"{c.repeated:.1%}",
         f"{c.longest_run:,}"]
        for c in found.columns
    ]  # fmt: skip
    return Section(
        "Stationarity and drift",
        f"{RULES} A run is a stretch of exactly equal values; {STUCK_ROWS} rows count as stuck.",
        [Table("Changes by channel", head, rows, dense=True)],
    )


def _clip(clip: Clip) -> Section:
    rows = [
        [f"±{row.clip:g} σ", f"{row.lsb:.4f}", f"{row.clipped:.2e}", f"{row.rmse:.4f}"]
        for row in clip.rows
    ]
    head = ["clip", "one int8 step, σ", "values clipped", "input RMSE, σ"]
    text = f"Suggested: ±{clip.sigma:g} σ. {clip.reason}."
    return Section("Clip", text, [Table("What each clip costs", head, rows)])


def _sampling(found: Eda) -> list[Section]:
    facts = found.sampling
    if facts.period is None:
        return []
    steps = [[duration(seconds), f"{count:,}"] for seconds, count in facts.steps]
    tables = [Table("Most frequent steps", ["step", "times"], steps)]
    if facts.longest:
        gaps = [[f"{gap.file}:{gap.line}", duration(gap.seconds)] for gap in facts.longest]
        tables.append(Table("Longest gaps", ["gap before line", "length"], gaps, titled=True))
    text = "The most frequent steps between rows, and the longest gaps (above 2.5 median steps)."
    return [Section("Sampling", text, tables)]


def render(found: Eda, clip: Clip) -> str:
    """Return the page."""
    cut = len(found.columns) > MOST_CHANNELS
    only = f" Only the first {MOST_CHANNELS} channels are drawn." if cut else ""
    sections = [_findings(found), _reading(found), _timeline(found, only), _statistics(found),
                _histograms(found, only), _correlation(found, only), _changes(found), _clip(clip),
                *_sampling(found)]  # fmt: skip
    names = [name for name, _ in found.files]
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    return Page(
        "Data summary", [shown, found.reading.summary()], _cards(found, clip), sections
    ).html()
