"""What a detector sees, as a page beside it: injected faults, thresholds, what the network adds."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from host_tools.detection.sight import CURVE_HEAD, QuietPoint
from host_tools.report.chart import Axis, Chart, Mark
from host_tools.report.page import Bullets, Cell, Page, Part, Section, Table, heat
from host_tools.report.words import DASH, number
from targets import output

FILE = "detector.html"

Record = Mapping[str, Any]


def write(folder: Path, figures: Record, name: str, refused: str = "") -> None:
    """Write the page of the figures of a fit (`training.json`); raises OutputError."""
    output.write(folder / FILE, page(figures, name, refused))


def page(figures: Record, name: str, refused: str = "") -> str:
    """Return the HTML page; `refused` says why the detector is not installed."""
    seen = figures["injected_faults"]
    sections = [faults(seen), _operating(seen, figures["notice"])] if seen else []
    sections += [_network(figures), _channels(figures)]
    cards = [
        (_percent(figures["quiet_alarm_share"]), "of quiet held-out rows in alarm"),
        (_percent(figures["quiet_notice_share"]), "in notice or alarm"),
        (number(figures["episodes_per_quiet_day"], 1), "alarms a quiet day"),
    ]
    if seen:
        share, delay = seen["step_share"], seen["step_delay_rows"]
        cards += [
            (_percent(None if share is None else 100.0 * share), "of injected steps noticed"),
            (DASH if delay is None else f"{delay:.3g} rows", "median delay of the notice"),
        ]
    lines = [f"baseline: {figures['baseline']}"]
    if refused:
        lines.append(refused)
    verdict = ("not installed", False) if refused else ("installed", True)
    return Page(f"Detector of {name}", lines, cards, sections, *verdict).html()


def _percent(value: float | None) -> str:
    return DASH if value is None else f"{value:.2g}%"


def _cell(found: Record) -> Cell:
    if not found["trials"]:
        return Cell(DASH)
    share = found["noticed"] / found["trials"]
    delay = "" if found["delay"] is None else f" · {found['delay']:.0f}"
    return heat(f"{share:.0%}{delay}", 1.0 - share)


def faults(seen: Record) -> Section:
    """Return the section about injected faults, `injected_faults` of training.json.

    Raises:
        LookupError, TypeError, AttributeError: It is not what a fit writes.
    """
    channels, rows = seen["channels"], seen["ramp_rows"]
    kinds = list(next(iter(channels.values()), {}))
    table = [[name, *(_cell(found[k]) for k in kinds)] for name, found in channels.items()]
    chance = seen["chance"]
    table.append(["no fault", *(_cell(chance[k.split()[0]]).text for k in kinds)])
    text = (
        "Faults of known size, put into quiet rows that trained nothing, one channel at a time: the"
        f" share that is noticed (a step within {seen['step_rows']} rows), and the median number of"
        " rows until then. Sizes are in spreads of the channel. The last line says what quiet rows"
        " raise by themselves."
    )
    if rows:
        minutes = rows / seen["rate_hz"] / 60.0
        text += f" Ramps rise over {rows:,} rows ({minutes:.3g} min)."
    parts: list[Part] = [Table("Injected faults", ["channel", *kinds], table, dense=True)]
    steps = [k for k in kinds if k.startswith("step")]
    parts.insert(0, _picture(channels, steps))
    blind = seen["blind_to_ramps"]
    if rows:
        told = f"Slow ramps pass unnoticed in {', '.join(blind) or 'no channel'}."
        if not seen["tells_ramps"]:
            told = "The quiet rows raise a notice within that time: ramps tell nothing."
        parts.append(Bullets([told]))
    return Section("What it sees", text, parts)


def _picture(channels: Record, steps: Sequence[str]) -> Chart:
    """Share of steps noticed against their size: the mean, and from the worst to the best."""
    sizes = [float(name.split()[1]) for name in steps]
    shares = [
        [100.0 * c[s]["noticed"] / c[s]["trials"] for c in channels.values() if c[s]["trials"]]
        or [0.0]
        for s in steps
    ]
    mean = [sum(some) / len(some) for some in shares]
    marks = [
        Mark(sizes, [max(s) for s in shares], "band", "blue", "worst to best channel", "pale",
             [min(s) for s in shares]),
        Mark(sizes, mean, name="mean of the channels"),
        Mark(sizes, mean, "dots"),
    ]  # fmt: skip
    text = "; ".join(f"{s:g} spreads {m:.0f}%" for s, m in zip(sizes, mean, strict=True))
    across = Axis(0.0, max(sizes) * 1.05, "size of the step in spreads")
    return Chart("", f"Steps noticed: {text}.", across, Axis(0.0, 100.0, "% noticed"), marks)


def _operating(seen: Record, own: float) -> Section:
    points = [QuietPoint(**point) for point in seen["operating_curve"]]
    at = [p.threshold for p in points]
    marks = [
        Mark(at, [p.quiet_share or 0.0 for p in points], colour="orange",
             name="% of the quiet time in notice or alarm"),
        Mark(at, [100.0 * p.caught for p in points], name="% of the injected steps noticed"),
        Mark([own, own], [0.0, 100.0], "line", "ink", f"notice {own:.4g}", "dashed"),
    ]  # fmt: skip
    text = "; ".join(
        f"at {p.threshold:.3g} {p.quiet_share or 0.0:.2g}% of the quiet time, {p.caught:.0%} of the"
        " steps"
        for p in points[::3]
    )
    across = Axis(at[0], at[-1], "threshold of the notice, logarithmic", "log")
    chart = Chart("", f"Other thresholds: {text}.", across, Axis(0.0, 100.0, "%"), marks)
    head, rows = list(CURVE_HEAD), [p.cells() for p in points]
    return Section(
        "Operating curve",
        "What other thresholds would give on the same rows, each with its own learning and"
        " following. Choose one with fit --threshold; the alarm is half as much again.",
        [chart, Table("Operating curve", head, rows, dense=True)],
    )


def _network(figures: Record) -> Section:
    found = figures["network_adds"]
    if found is None:
        return Section("What the network adds", "Nothing was compared: no residual is tried.", [])
    rows = [
        [
            name,
            _percent(100.0 * found[side]["caught"]),
            DASH if found[side]["delay"] is None else f"{found[side]['delay']:.3g}",
            _percent(found[side]["notices"]),
        ]
        for name, side in (("with the residual", "with"), ("without", "without"))
    ]
    verdict = "stays" if found["pays"] else "is left out"
    return Section(
        "What the network adds",
        f"The residual of the network's forecasts {verdict}: of {found['trials']} injected steps"
        f" {found['gained']} are noticed only with it, {found['lost']} only without it.",
        [
            Table(
                "With and without", ["detector", "steps noticed", "after rows", "quiet time"], rows
            )
        ],
    )


def _channels(figures: Record) -> Section:
    kinds = (
        ("level", "level_channels"),
        ("medians, for single spikes", "median_channels"),
        ("residual of the forecasts", "residual_channels"),
        ("watched for slow drift", "drift_channels"),
    )
    lines = [f"{word}: {', '.join(figures[key]) or 'none'}" for word, key in kinds]
    lines.insert(2, "innovations: all")
    return Section("Channels", "", [Bullets(lines)])
