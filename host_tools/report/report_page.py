"""The report of a run as one page."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.compare.metrics import RealDelta
from host_tools.data.reading.record import duration
from host_tools.report import sight_page
from host_tools.report.chart import Axis, Chart, Lane, Mark, axis_of
from host_tools.report.page import Bullets, Cell, Page, Panels, Section, Table
from host_tools.report.record import DEFINITIONS, Report, Series
from host_tools.report.table import verdict
from host_tools.report.words import DASH, counted, number, significant

_PANELS = 4
_MOST_LSB = 24
WARMUP, OK, ALARM, LEARN, DEGRADED, NOTICE = range(6)
"""States of a record, as safe_detector_state_t."""

Flags = NDArray[np.bool_]


def spans(flags: Flags) -> list[tuple[float, float]]:
    """Return the stretches of true values as (first row, row after the last)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return [(float(first), float(last)) for first, last in edges.reshape(-1, 2)]


def _cards(report: Report) -> list[tuple[str, str]]:
    wrong = report.mismatched_bytes + report.chain_mismatches
    bound = report.stack_bound_bytes
    proved = "no bound proved" if bound is None else f"at most {bound:,}"
    cards = [
        (number(wrong), f"differences in {report.windows} windows, {report.chain_samples} samples"),
        (number(report.rmse_vs_float, 4), "RMSE against float, in σ, in-distribution"),
        (number(report.instructions_per_inference), "instructions per inference"),
        (number(report.instructions_per_step), "instructions per sample beside it"),
        (number(report.flash_bytes), "bytes of flash"),
        (number(report.static_ram_bytes), "bytes of static RAM"),
        (number(report.arena_bytes), "bytes of arena"),
        (number(report.stack_bytes), f"bytes of stack, {proved}"),
        (number(report.alarms), f"samples in alarm, {counted(report.alarm_episodes, 'episode')}"),
    ]
    if report.has_network:
        return cards
    step = (number(report.instructions_per_step), "instructions per sample")
    first = (number(wrong), f"differences in the records of {report.chain_samples} samples")
    return [first, step, *(c for c in cards[4:] if "arena" not in c[1])]


def _forecast(series: Series) -> Section:
    """Show one window: history, truth, float and device forecast of the liveliest channels."""
    whole = np.concatenate([series.history, series.truth])
    chosen = sorted(int(c) for c in np.argsort(-np.ptp(whole, axis=0))[:_PANELS])
    past, future = len(series.history), len(series.truth)
    before, after = np.arange(-past + 1, 1), np.arange(1, future + 1)
    charts = []
    for c in chosen:
        size, offset = series.physical(c)
        lines = [
            Mark(before, series.history[:, c] * size + offset, colour="muted", name="window"),
            Mark(after, series.float_forecast[:, c] * size + offset, colour="orange",
                 name="float forecast", style="thick pale"),
            Mark(after, series.truth[:, c] * size + offset, colour="ink", name="truth"),
            Mark(after, series.int8_forecast[:, c] * size + offset, name="device forecast"),
        ]  # fmt: skip
        error = float(np.abs(series.int8_forecast[:, c] - series.truth[:, c]).max()) * size
        unit = series.unit(c)
        name = series.channel_names[c]
        text = (
            f"{name} over {past} past and {future} coming samples; the device's forecast misses"
            f" the truth by at most {significant(error, 3)} {unit}."
        )
        heights = axis_of(*(line.y for line in lines))
        across = Axis(-past + 1, future + 0.5, "samples from the end of the window", "integer")
        shade = {"muted": [(0.5, future + 0.5)]}
        title = f"{name}, {unit}"
        charts.append(Chart(title, text, across, heights, lines, shades=shade, height=150))
    return Section(
        "Forecast against truth",
        "The in-distribution window whose truth moves most, and its liveliest channels.",
        [Panels(charts, wide=True)],
    )


def score_axis(score: NDArray[np.float64], *thresholds: float) -> Axis:
    """Return the axis of a score: from 0, or logarithmic where the score leaves the thresholds
    more than tenfold behind.
    """
    good = score[np.isfinite(score)]
    top = max([*thresholds, float(good.max()) if len(good) else 0.0, 1e-6])
    if top <= 10 * max(thresholds, default=top):
        return Axis(0.0, top * 1.06, "score")
    low = max(float(np.quantile(good[good > 0], 0.001)), top * 1e-6)
    return Axis(min(low, min(thresholds) / 2), top * 1.3, "score, logarithmic", "log")


def _chain(report: Report, series: Series) -> Section:
    """Show the score against the threshold, alarms, and the labelled faults below."""
    scored = np.isin(series.state, (OK, ALARM, LEARN))
    score = np.where(scored, series.score.astype(np.float64), np.nan)
    step = 1 / report.rate_hz if report.rate_hz else 1.0
    form, label = ("elapsed", "") if report.rate_hz else ("integer", "raw sample")

    def where(flags: Flags) -> list[tuple[float, float]]:
        return [(first * step, last * step) for first, last in spans(flags)]

    alarms, faults = where(series.state == ALARM), where(series.labels > 0)
    waiting = np.isin(series.state, (WARMUP, DEGRADED))
    shades = {"muted": where(waiting), "blue": where(series.state == LEARN), "red": alarms}
    marks = [
        Mark((np.arange(len(score)) + 0.5) * step, score, name="score"),
        Mark([0], [series.threshold], "level", "red", f"threshold {series.threshold:g}", "dashed"),
    ]
    notices = where(np.isin(series.state, (NOTICE, ALARM)))
    lanes = [
        Lane("notice", notices, "blue"),
        Lane("alarm", alarms, "red"),
        Lane("labelled fault", faults, "orange"),
    ]
    text = (
        f"Score of {len(score)} raw samples against the threshold {series.threshold:g}:"
        f" {counted(len(alarms), 'alarm')}, {counted(len(faults), 'labelled fault')}."
    )
    across = Axis(0.0, len(score) * step, label, form)
    heights = score_axis(score, series.threshold)
    return Section(
        "Score and alarms on the device",
        "Raw samples in, score out. Grey: warm-up, or too many sensors masked; blue: learning"
        " the baseline; red: alarm.",
        [Chart("", text, across, heights, marks, lanes, shades, height=240)],
    )


def _exactness(report: Report) -> Section:
    rows: list[Sequence[str | Cell]] = []
    for pair in report.comparisons:
        delta = pair.delta
        differ = Cell(number(delta.mismatched_bytes), "bad" if delta.mismatched_bytes else "")
        rows.append([f"{pair.left} / {pair.right}", number(delta.windows), number(delta.values),
                     differ, number(delta.max_lsb)])  # fmt: skip
    kinds = ", ".join(f"{count} {name}" for name, count in report.windows_by_kind.items())
    if not report.has_network:
        text = (
            f"There is no network. Raw samples through the whole chain: {report.chain_samples},"
            f" records that differ: {report.chain_mismatches}."
        )
        return Section("Exactness", text, [])
    return Section(
        "Exactness",
        f"Every pair of results, byte by byte, over {kinds} windows. Raw samples through the"
        f" whole chain: {report.chain_samples}, records that differ: {report.chain_mismatches}.",
        [Table("Pairs of results", ["pair", "windows", "bytes", "differ", "max LSB"], rows)],
    )


def lsb_chart(histogram: Mapping[int, int], title: str, colour: str = "blue") -> Chart:
    """Return differences in LSB as bars on a logarithmic axis that begins below one byte."""
    bound = min(_MOST_LSB, max(3, *(abs(value) for value in histogram)))
    keys = range(-bound, bound + 1)
    counts = [histogram.get(key, 0) for key in keys]
    whole = sum(histogram.values())
    beyond = whole - sum(counts)
    equal = histogram.get(0, 0)
    most = max(abs(value) for value in histogram)
    text = f"{equal:,} of {whole:,} bytes are equal; the largest difference is {most} LSB."
    edges = (np.arange(-bound, bound + 1)[:, None] + [-0.42, 0.42]).ravel()
    # A single byte must show, and no byte must not: the foot lies at half a byte.
    heights = Axis(0.5, max(10.0, 2.0 * max(counts)), "output bytes, logarithmic", "log")
    shown = np.full(2 * len(counts) - 1, np.nan)  # a gap follows each bar
    shown[::2] = [count if count else np.nan for count in counts]
    note = f" ({beyond:,} beyond ±{bound})" if beyond else ""
    marks = [Mark(edges, shown, "bars", colour)]
    return Chart(title + note, text, Axis(-bound - 0.6, bound + 0.6, "LSB", "integer"), heights,
                 marks, height=170)  # fmt: skip


def _deltas(report: Report, series: Series) -> Section:
    must = ": must be one bar" if report.rounding is None else ""
    exact = lsb_chart(series.exact_lsb, f"device − exact reference{must}", "green")
    rounded = lsb_chart(series.float_lsb, "device − float model: quantization")
    return Section(
        "Deltas in LSB",
        "Output bytes by difference: to the reference over windows of every kind, to the float"
        " model over in-distribution windows.",
        [Panels([exact, rounded], wide=True)],
    )


def _detection(report: Report) -> list[Section]:
    """Show what became of the alarms where the forecasts need not be exact."""
    if report.rounding is None:
        return []
    change = report.rounding.detection
    rows: list[Sequence[str | Cell]] = [
        [name, number(chain.samples), number(chain.episodes), number(chain.f1, 4)]
        for name, chain in (("device", change.device), ("exact chain", change.host))
    ]
    text = (
        f"{change.samples} raw samples, {change.labelled} of them labelled as faults;"
        f" {change.alarms_differ} are in alarm in one chain only, {change.states_differ} have"
        f" another state. RMSE of the outputs: {report.rounding.rmse_lsb:.4f} LSB."
    )
    table = Table("Alarms", ["chain", "alarm samples", "episodes", "F1"], rows)
    return [Section("Change in detection", text, [table])]


def _errors(report: Report) -> Section:
    def row(name: str, delta: RealDelta | None) -> list[str]:
        if delta is None:
            return [name, DASH, DASH, DASH]
        return [name, number(delta.rmse, 4), number(delta.mae, 4), number(delta.max, 3)]

    quantization = [number(report.rmse_vs_float, 4), number(report.mae_vs_float, 4),
                    number(report.max_vs_float, 3)]  # fmt: skip
    rows = [
        ["int8 on the device against float (quantization)", *quantization],
        row("int8 on the device against truth", report.int8_vs_truth),
        row("float against truth", report.float_vs_truth),
    ]
    return Section(
        "Forecast error",
        "In standard deviations of the channels, over in-distribution windows only. The error of "
        "quantization and the error of forecasting are different things and stand apart.",
        [Table("Errors in standard deviations", ["pair", "RMSE", "MAE", "max"], rows)],
    )


def _channels(report: Report, series: Series) -> Section:
    rows: list[Sequence[str | Cell]] = []
    for index, name in enumerate(series.channel_names):
        size, offset = series.physical(index)
        known = bool(series.std)
        rows.append([name, series.units[index] if series.units else "",
                     significant(offset) if known else DASH, significant(size) if known else DASH,
                     significant(size * series.scale, 3) if known and series.scale else DASH,
                     Cell(report.scored.get(name, "not scored: a fault seen only here is missed"),
                          "words")])  # fmt: skip
    head = ["channel", "unit", "mean", "1 σ", "1 LSB of a forecast", "verdict"]
    return Section("Channels", "Mean and standard deviation of the training rows, in the units of"
                   " the log, and what the detector makes of each channel.",
                   [Table("Channels", head, rows, dense=True)])  # fmt: skip


def _memory(report: Report, capacity: Mapping[str, int]) -> Section:
    model, arena = report.model_bytes or 0, report.arena_bytes or 0
    static, stack = report.static_ram_bytes or 0, report.stack_bytes or 0
    flash = report.flash_bytes or 0
    parts = [
        ("flash: model constants", model, "flash"),
        ("flash: code and the rest", max(0, flash - model), "flash"),
        ("flash in all", flash, "flash"),
        ("RAM: arena", arena, "ram"),
        ("RAM: buffers and state", max(0, static - arena), "ram"),
        ("RAM: stack, deepest", stack, "ram"),
        ("RAM in all", static + stack, "ram"),
    ]
    rows: list[Sequence[str | Cell]] = []
    for name, size, region in parts:
        room = capacity.get(region)
        share = size / room if room else size / max(1, flash if region == "flash" else static)
        text = f"{size / room:.1%} of {room:,}" if room else f"{share:.1%}"
        rows.append([name, number(size), Cell(text, "words", min(1.0, share))])
    head = ["part", "bytes", "of the chip" if capacity else "share"]
    return Section("Memory of the image", "", [Table("Memory of the image", head, rows)])


def _operators(report: Report) -> list[Section]:
    counted = [cost for cost in report.operators if cost.instructions is not None]
    total = max(1, sum(cost.instructions or 0 for cost in counted))
    rows: list[Sequence[str | Cell]] = []
    for cost in counted:
        share = (cost.instructions or 0) / total
        per_mac = number((cost.instructions or 0) / cost.macs, 2) if cost.macs else DASH
        rows.append([f"{cost.index} {cost.kind}", number(cost.macs), number(cost.instructions),
                     per_mac, Cell(f"{share:.1%}", "words", share)])  # fmt: skip
    if not rows:
        return []
    head = ["operator", "MACs", "instructions", "per MAC", "share"]
    return [Section("Instructions by operator", "Per inference, counted by the emulator, exactly.",
                    [Table("Instructions by operator", head, rows)])]  # fmt: skip


def _data(report: Report) -> list[Section]:
    lines = list(report.reading)
    if report.rate_hz:
        lines.insert(0, f"Sampling rate of the model: {report.rate_hz:.6g} Hz, a sample every"
                     f" {duration(1 / report.rate_hz)}.")  # fmt: skip
    text = "How the log was read, and what was left out."
    return [Section("Data", text, [Bullets(lines)])] if lines else []


def render(report: Report, series: Series | None) -> str:
    """Return the page; without `series` the pictures that need it are left out."""
    sections = _data(report)
    if series is not None:
        sections += [_forecast(series)] if len(series.history) else []
        sections.append(_chain(report, series))
    if report.injected_faults is not None:
        sections.append(sight_page.faults(report.injected_faults))
    sections.append(_exactness(report))
    if report.has_network:
        sections += [_deltas(report, series)] if series is not None else []
        sections += _detection(report)
        sections.append(_errors(report))
    if series is not None:
        sections.append(_channels(report, series))
    if report.flash_bytes is not None:
        sections.append(_memory(report, series.memory if series is not None else {}))
    sections += _operators(report)
    if report.seconds:
        rows = [[step, number(seconds, 1)] for step, seconds in report.seconds.items()]
        sections.append(Section("Time", "Wall clock on this host, in seconds.",
                                [Table("Time by step", ["step", "s"], rows)]))  # fmt: skip
    words: list[Sequence[Any]] = [[name, Cell(text, "words")] for name, text in DEFINITIONS.items()]
    sections.append(Section("What the figures mean", "Keys as in report.json.",
                            [Table("Definitions", ["key", "meaning"], words)]))  # fmt: skip
    return Page(
        f"{report.model} on {report.target}",
        [f"{report.data} · {report.shape} · backend {report.backend}",
         f"model SHA-256 {report.model_sha256}"],
        _cards(report),
        sections,
        verdict(report).replace("IDENTICAL", "identical"),
        report.agrees,
    ).html()  # fmt: skip
