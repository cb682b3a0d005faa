"""An evaluation of a detector: a table for the terminal, and a page."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from host_tools.data.reading.record import duration
from host_tools.detection.metrics import Summary
from host_tools.evaluation.detection_study import FLOAT, INT8, Study
from host_tools.evaluation.trace import Detection, Trace
from host_tools.report.chart import Axis, Chart, Lane, Mark
from host_tools.report.page import Bullets, Cell, Fold, Page, Part, Section, Table
from host_tools.report.report_page import score_axis, spans
from host_tools.report.words import DASH, number

_HEAD = ("method", "F1", "FAR %", "MAR %", "AUC-PR", "VUS-PR", "delay s", "missed", "false/day")


def render(study: Study) -> str:
    """Return the table, aligned; FAR and AUC-PR always stand beside F1."""
    rows = [_HEAD]
    for name, found in study.figures.items():
        delay = "never" if found.delay == float("inf") else f"{found.delay:.0f}"
        rows.append(
            (
                name,
                f"{found.f1:.3f}",
                f"{found.far:.1f}",
                f"{found.mar:.1f}",
                f"{found.auc_pr:.3f}",
                f"{found.vus_pr:.3f}",
                delay,
                str(found.missed),
                f"{found.false_alarms_per_day:.0f}",
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEAD))]
    lines = [
        "  ".join(["", row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])])
        for row in rows
    ]
    facts = [
        f"  baseline          {study.detector.baseline}",
        f"  scored by level   {', '.join(study.scored) or 'none'}",
        f"  left out (wander) {', '.join(study.left_out) or 'none'}: a slow fault seen only there"
        " is not detected",
    ]
    if study.rmse and FLOAT in study.figures:
        delta = study.figures[INT8].f1 - study.figures[FLOAT].f1
        worst = max(study.rmse, key=lambda name: study.rmse[name])
        facts.append(
            f"  int8 - float      F1 {delta:+.4f}; RMSE at most {study.rmse[worst]:.4f} ({worst})"
        )
    facts += [
        f"  {name:<17} middle 90% over resampled runs {low:.3g} to {high:.3g}"
        for name, (low, high) in study.spread.items()
    ]
    facts += [
        f"  {target:<16}  {differ} of {study.streamed[target]} records differ from the"
        " specification"
        for target, differ in study.differing.items()
    ]
    facts += [f"  quiet recording   {name}: {found.words()}" for name, found in study.quiet.items()]
    facts += _curve_lines(study)
    facts.append("  always-alarm shows what F1 costs without detecting anything")
    title = "Detection on labelled runs: rows after the training rows, pooled, no point adjustment"
    return "\n".join([title, "", *lines, "", *facts])


def _curve_lines(study: Study) -> list[str]:
    """Return the operating curve for the terminal."""
    head = ["threshold", "F1", "MAR %", "delay s", "missed", "a day", "% of quiet time"]
    rows = [head]
    for p in study.curve:
        mark = "*" if p.threshold == float(study.detector.notice) else ""
        delay = "never" if p.delay == float("inf") else number(p.delay)
        rows.append([mark + f"{p.threshold:.4g}", number(p.f1, 3), number(p.mar, 1), delay,
                     str(p.missed), number(p.episodes_per_day, 1),
                     number(p.quiet_alarm_share, 1)])  # fmt: skip
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    table = ["    " + "  ".join(map(str.rjust, row, widths)) for row in rows]
    return ["  operating curve   fit --threshold; * is the present notice", *table]


MOST_DRAWN = 100
"""Largest number of runs with a picture of their own, so that the page stays below some
megabytes."""
_LANES = 4
_HEAD_PAGE = ("F1", "FAR %", "MAR %", "AUC-PR", "VUS-PR", "delay", "missed", "false alarms a day")

Rows = list[Sequence[str | Cell]]


def _seconds(value: float) -> str:
    if np.isinf(value):
        return "never"
    return DASH if np.isnan(value) else "0 s" if value == 0 else duration(value)


def _figures(found: Summary) -> list[str]:
    return [number(found.f1, 3), number(found.far, 1), number(found.mar, 1),
            number(found.auc_pr, 3), number(found.vus_pr, 3), _seconds(found.delay),
            str(found.missed), number(found.false_alarms_per_day, 1)]  # fmt: skip


_HEAD_MORE = ("FAR before", "FAR after", "quiet time %", "no verdict %")
"""Columns of the tables by group and by method: FAR before and after the first fault of a run, and
what part of the quiet time is in alarm, of all time without a verdict."""


def _more(found: Summary) -> list[str]:
    values = (found.far_before, found.far_after, found.quiet_alarm_share, found.no_verdict_share)
    return [number(value, 1) for value in values]


def _table(title: str, first: str, found: Mapping[str, Summary], linked: bool = False) -> Table:
    def name(text: str) -> str | Cell:
        return Cell(text, link=keys[text]) if linked and text in keys else text

    keys = {text: f"run-{index + 1}" for index, text in enumerate(list(found)[:MOST_DRAWN])}
    if linked:
        rows: Rows = [[name(text), *_figures(figures)] for text, figures in found.items()]
        return Table(title, [first, *_HEAD_PAGE], rows, dense=True)
    rows = [[text, *_figures(figures), *_more(figures)] for text, figures in found.items()]
    return Table(title, [first, *_HEAD_PAGE, *_HEAD_MORE], rows, dense=True)


def _operating(found: Detection) -> Section:
    curve = found.curve
    across = Axis(curve[0].threshold, curve[-1].threshold, "threshold, logarithmic", "log")
    at = [point.threshold for point in curve]
    marks = [
        Mark(at, [point.far for point in curve], colour="orange", name="FAR: quiet rows in alarm"),
        Mark(at, [point.mar for point in curve], colour="blue", name="MAR: faulty rows missed"),
    ]
    for name, value in found.thresholds.items():
        colour = "red" if name == "alarm" else "ink"
        mark = Mark([value, value], [0.0, 100.0], "line", colour, f"{name} {value:.4g}", "dashed")
        marks.append(mark)
    text = "; ".join(
        f"at {point.threshold:.3g} FAR {point.far:.0f}%, MAR {point.mar:.0f}%"
        for point in curve[:: max(1, len(curve) // 4)]
    )
    picture = Chart("", text, across, Axis(0.0, 100.0, "% of the rows"), marks, height=230)
    head = ["threshold", "F1", "FAR %", "MAR %", "delay", "missed", "false alarms a day",
            "% of quiet time"]  # fmt: skip
    rows = [
        [f"{p.threshold:.4g}", number(p.f1, 3), number(p.far, 1), number(p.mar, 1),
         _seconds(p.delay), str(p.missed), number(p.episodes_per_day, 1),
         number(p.quiet_alarm_share, 1)]
        for p in curve
    ]  # fmt: skip
    return Section(
        "Operating curve",
        "What other thresholds of the notice give on the same runs, each with its own learning and"
        " following (by the rule in float64). A threshold that is chosen here is chosen on the"
        " labels that it is then judged by.",
        [picture, Table("Operating curve", head, rows, dense=True)],
    )


def _chart(found: Detection, run: Trace) -> Chart:
    """Draw one run; an array is cut into stretches, so that a year of rows stays small."""
    dated = run.start is not None
    at = run.seconds + (run.start or 0.0)
    step = float(np.median(np.diff(at))) if len(at) > 1 else 1.0
    ends = np.append(at, at[-1] + step)

    def where(flags: NDArray[np.bool_]) -> list[tuple[float, float]]:
        return [(float(ends[int(a)]), float(ends[int(b)])) for a, b in spans(flags)]

    lanes = [Lane("labelled fault", where(run.label), "orange"),
             Lane("alarm", where(run.alarm), "red")]  # fmt: skip
    if run.notice.any():
        lanes.append(Lane("notice", where(run.notice), "blue"))
    for channel in np.argsort(-run.masked.sum(axis=0), kind="stable")[:_LANES].tolist():
        if run.masked[:, channel].any():
            name = f"masked: {found.channels[channel]}"
            lanes.append(Lane(name, where(run.masked[:, channel]), "muted"))
    for channel in list(run.shares())[:_LANES]:
        flags = (run.named == channel).any(axis=1)
        lanes.append(Lane(f"named: {found.channels[channel]}", where(flags), "blue"))
    marks = [Mark(at, run.score, name="score")]
    for name, value in found.thresholds.items():
        colour = "red" if name == "alarm" else "ink"
        marks.append(Mark([0], [value], "level", colour, f"{name} {value:.4g}", "dashed"))
    alarms, faults = len(spans(run.alarm)), len(spans(run.label))
    text = f"Score of {len(at):,} rows: {alarms} alarms, {faults} labelled faults."
    across = Axis(float(at[0]), float(ends[-1]), "", "date" if dated else "elapsed")
    heights = score_axis(run.score, *found.thresholds.values())
    shades = {"muted": where(run.waiting), "red": where(run.alarm)}
    return Chart("", text, across, heights, marks, lanes, shades, height=190)


def _fold(found: Detection, run: Trace, key: str) -> Fold:
    alarms, faults = len(spans(run.alarm[run.first :])), len(spans(run.label[run.first :]))
    title = f"{run.name}: {faults} labelled, {alarms} alarm{'s' * (alarms != 1)}"
    parts: list[Part] = [_chart(found, run)]
    if shares := run.shares():
        # Isolated, so that a name written from right to left leaves the rest in order.
        names = ", ".join(
            f"\u2068{found.channels[c]}\u2069 {part:.0%}" for c, part in shares.items()
        )
        parts.append(Bullets([f"Channels named, in part of the alarm's rows: {names}."]))
    return Fold(key, title, parts)


def page(found: Detection) -> str:
    """Return the HTML page."""
    own = found.methods[found.method]
    drawn = found.traces[:MOST_DRAWN]
    quiet = found.traces[len(found.runs) :]
    rows = sum(len(run.alarm) - run.first for run in quiet)
    still = sum(int(run.alarm[run.first :].sum()) for run in quiet)
    folds = [_fold(found, run, f"run-{i + 1}") for i, run in enumerate(drawn)]
    cut = len(found.traces) - len(drawn)
    more = f" Only the first {MOST_DRAWN} are drawn." if cut else ""
    scored: Rows = [
        [name, Cell(found.scored.get(name, "not scored: a fault seen only here is missed"),
                    "words")] for name in found.channels
    ]  # fmt: skip
    sections = [
        Section("Runs", "Open a run to see it: score, thresholds, labelled fault, alarm, the"
                " channels left out and named. Grey: no verdict yet (rows that train, warm-up,"
                " learning)." + more, [_table("Figures by run", "run", found.runs, True), *folds]),
        _operating(found),
        Section("Groups", "Runs of one folder together.",
                [_table("Figures by group", "group", found.groups)]),
        Section("Methods", "All on the same rows, pooled, without point adjustment. always-alarm"
                " shows what F1 costs without detecting anything.",
                [_table("Figures by method", "method", found.methods)]),
        Section("Channels", "", [Table("Channels", ["channel", "verdict"], scored)]),
        Section("Facts", "", [Bullets(found.facts)]),
    ]  # fmt: skip
    events = sum(len(spans(run.label[run.first :])) for run in found.traces)
    cards = [
        (number(own.f1, 3), "F1 over rows"),
        (f"{own.far:.1f}%", "FAR: quiet rows in alarm"),
        (f"{own.mar:.1f}%", "MAR: faulty rows missed"),
        (_seconds(own.delay), "median delay of an alarm"),
        (f"{own.missed} of {events}", "labelled faults missed"),
        (number(own.false_alarms_per_day, 1), "false alarms a day"),
        (f"{still / rows:.1%}" if rows else DASH, "of the quiet recordings in alarm"),
    ]
    recordings = "recording" if len(quiet) == 1 else "recordings"
    line = f"{len(found.runs)} labelled runs, {len(quiet)} quiet {recordings} · {found.method}"
    return Page("Detection on labelled runs", [line], cards, sections).html()
