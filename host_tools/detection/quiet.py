"""Fit a detector on the quiet rows of a table, choose its baseline, and say how it does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.data import scaling, window
from host_tools.data.table import Table, finite_rows, stream
from host_tools.detection import assess, fast, replay, trials, worth
from host_tools.detection import fit as fitting
from host_tools.detection.choice import AUTO, Choice
from host_tools.detection.features import F32, F64
from host_tools.detection.fit import Fitted, Material, Network
from host_tools.detection.replay import ChainConfig, Forecast
from host_tools.detection.rule import Rule
from host_tools.detection.sight import Sight
from host_tools.detection.trials import Bench
from host_tools.detection.worth import Worth
from host_tools.errors import TrainingError
from host_tools.formats import detector as detectors
from host_tools.formats.detector import LEARNED, TRAINING, Detector
from host_tools.formats.record import VERDICTS, State
from host_tools.formats.scaler import Scaler
from host_tools.runtimes.adapter import Adapter

DEPLOYMENT_ROWS = 24_000
"""Training rows that the detector is fitted to, from everywhere: it bounds the time."""
HELD_ROWS = 8_000
"""Held-out rows with a training baseline: the network runs on all of them."""
PIECE_ROWS = 400
"""Rows of a piece that moments of a training baseline are crossed over."""

LEAST_QUIET = 300
"""Quiet rows of the test part from which they alone tell how often the detector is in alarm."""

DAYS = 2.0
"""Days of quiet training rows from which they are the baseline: they show what a day is like."""


def quiet_stretches(part: Table, longest: int | None = None) -> list[F64]:
    """Return the stretches of rows without gap and label, in time order, as a device gets them.

    Args:
        part: Rows.
        longest: Cut stretches into pieces of so many rows and drop what is shorter.
    """
    rows, labels = stream(part)
    usable = finite_rows(rows) & (labels == 0)
    found = []
    for first, last in assess.runs(usable):
        size = longest or last - first
        whole = range(first, last - size + 1, size)
        found += [rows[i : i + size].astype(np.float64) for i in whole]
    return found


def _pieces(part: Table, rule: Rule, longest: int) -> list[F64]:
    """Pieces of a part; with a training baseline a short rest joins the piece before it."""
    if rule.learn_rows:
        return quiet_stretches(part, rule.learn_rows)
    found = []
    for stretch in quiet_stretches(part):
        count = max(1, len(stretch) // longest)
        found += [p for p in np.array_split(stretch, count) if len(p) > 2 * rule.rows]
    return found


def choose(parts: window.TimeSplit, choice: Choice) -> tuple[str, str]:
    """Return TRAINING or LEARNED, and why, in words.

    Days of quiet rows show what a day is like; they are the baseline. Fewer do not tell what
    another day is like: the device learns where it stands. But where most channels wander within
    what it would learn from, or where that fails on held-out rows, the training rows are better.
    """
    if choice.wanted != AUTO:
        return choice.wanted, "as asked"
    quiet = sum(map(len, quiet_stretches(parts.train)))
    days = quiet / (parts.train.rate_hz * 86400.0)
    if days >= DAYS:
        return TRAINING, f"{days:.1f} days of quiet training rows show what a day is like"
    shares, steady = {}, 0.0
    for baseline in (LEARNED, TRAINING):
        try:
            fitted, scaler = _without_network(parts, choice.rule(baseline, parts.train.rate_hz))
        except TrainingError:
            continue
        shares[baseline] = _share(fitted.detector, scaler, parts.validation)
        if baseline == LEARNED:
            steady = len(fitted.detector.level.channels) / parts.train.channels
    if LEARNED not in shares:
        return TRAINING, f"too few quiet rows in a row to learn from ({choice.learn_rows} needed)"
    if TRAINING in shares and shares[TRAINING] <= choice.max_quiet_alarms and steady < 0.5:
        return TRAINING, f"most channels wander within {choice.learn_rows} rows"
    if shares[LEARNED] > max(choice.max_quiet_alarms, shares.get(TRAINING, 100.0)):
        return TRAINING, "held-out rows are quieter with it"
    return LEARNED, f"{days:.2g} days of quiet rows do not tell what another day is like"


def kept(home: Path, parts: window.TimeSplit) -> tuple[Rule, bool]:
    """Return the rule by which the detector of a model directory was made, or by the data, and
    whether it scores the network's residual.
    """
    choice, scores = Choice(), True
    if (home / detectors.FILE).exists():
        before = detectors.load(home / detectors.FILE, parts.train.channels)
        rows = before.learn_samples or choice.learn_rows
        count = max(1, len(before.regimes))
        choice = Choice(before.baseline, rows, float(before.notice), regimes=count)
        scores = bool(before.residual.channels)
    return choice.rule(choose(parts, choice)[0], parts.train.rate_hz), scores


def _without_network(parts: window.TimeSplit, rule: Rule) -> tuple[Fitted, Scaler]:
    scaler = scaling.fit(parts.train, centre_rows=rule.learn_rows)
    return fitting.fit(material(parts, rule), rule, scaler), scaler


def _share(detector: Detector, scaler: Scaler, part: Table) -> float:
    """Percent of the quiet rows of a part in alarm; 100 where there is no verdict."""
    rows, labels = stream(part)
    found = fast.run(detector, scaler, rows.astype(np.float64))
    quiet = np.isin(found.state, VERDICTS) & (labels == 0)
    if not quiet.any():
        return 100.0
    return 100.0 * float((found.state[quiet] == State.ALARM).mean())


def _spread(segments: list[F64], most: int) -> list[F64]:
    """Return segments of together about `most` rows, spread evenly: each is a deployment."""
    count = max(1, most // max(1, len(segments[0]))) if segments else 0
    if len(segments) <= count:
        return segments
    return [segments[i * len(segments) // count] for i in range(count)]


def material(
    parts: window.TimeSplit,
    rule: Rule,
    network: Network | None = None,
    limits: tuple[F32, F32] | None = None,
) -> Material:
    """Return quiet pieces of the training and the validation part; the latter are held out.

    Raises:
        TrainingError: Too few rows between gaps and labels.
    """
    longest = max(PIECE_ROWS // 4, min(PIECE_ROWS, len(parts.train) // 16))
    most = DEPLOYMENT_ROWS if rule.learn_rows else HELD_ROWS
    train = _spread(_pieces(parts.train, rule, longest), DEPLOYMENT_ROWS)
    held = _spread(_pieces(parts.validation, rule, longest), most)
    if not train:
        least = rule.learn_rows or 2 * rule.rows
        raise TrainingError(
            f"no stretch of {least} quiet training rows to fit the detector to: gaps or labels are"
            " too close together"
        )
    low, high = limits if limits is not None else (None, None)
    return Material(
        [*train, *held],
        [False] * len(train) + [True] * len(held),
        network,
        low=low,
        high=high,
        rate_hz=parts.train.rate_hz,
    )


@dataclass(frozen=True, eq=False)
class Made:
    """A detector for a model, and what its fit found.

    Attributes:
        config: Model and detector.
        fitted: The fit.
        rule: By which it was made.
        network: The model; None: the statistics do without.
        worth: What the network's residual adds; None without a network.
        regimes: What several regimes add to one; None where one is asked for, or it cannot be told.
        sight: What the detector sees; None where too few rows tell.
    """

    config: ChainConfig
    fitted: Fitted
    rule: Rule
    network: Network | None = None
    worth: Worth | None = None
    regimes: Worth | None = None
    sight: Sight | None = None


def network_of(adapter: Adapter, output_scale: float, forecast: Forecast) -> Network:
    """Return the int8 model, exactly as the device runs it, for float inputs."""

    def predict(windows: NDArray[np.float32]) -> NDArray[np.float32]:
        centred = forecast(adapter.quantize(windows)).astype(np.float32)
        return (centred - np.float32(adapter.output_zero_point)) * np.float32(output_scale)

    return Network(predict, adapter.window, adapter.horizon)


def fit(
    parts: window.TimeSplit,
    adapter: Adapter,
    network: Network | None,
    rule: Rule,
    limits: tuple[F32, F32] | None = None,
    *,
    on_trial: bool = True,
) -> Made:
    """Fit on quiet training and validation rows, and try what the detector sees.

    The residual of the network stays only where it catches clearly more injected steps in the
    validation part, which trained no network; what is seen is measured in the test part.

    Args:
        parts: The table's parts; the validation part trained no network.
        adapter: Scaler and edges of the model.
        network: The model; None: the statistics do without.
        rule: Of the baseline that was chosen.
        limits: Physical range of each channel, float32 [C] each.
        on_trial: Whether to inject faults; if not, the residual stays.

    Raises:
        TrainingError: Too few rows between gaps and labels.
    """
    scaler, of = adapter.scaler, material(parts, rule, network, limits)
    fitted, found = fitting.fit(of, rule, scaler), None
    if not on_trial:
        return Made(ChainConfig(adapter, fitted.detector), fitted, rule, network)
    spread = _spreads(parts.train, rule)

    def bench(detector: Detector) -> Bench:
        return Bench(detector, scaler, network, spread, parts.train.rate_hz)

    if network is not None and fitted.detector.residual.channels:
        plain = fitting.fit(replace(of, network=None), rule, scaler)
        stretches = quiet_stretches(parts.validation)
        found = worth.compare(bench(fitted.detector), bench(plain.detector), stretches)
        if found is None or not found.pays:
            fitted = replace(plain, power_ratio=fitted.power_ratio)
        if found is not None:
            words = f"{fitted.detector.rule}; {found.words()}"
            fitted = replace(fitted, detector=replace(fitted.detector, rule=words))
    several = None
    if len(fitted.detector.regimes):
        of = of if fitted.detector.residual.channels else replace(of, network=None)
        one = fitting.fit(of, replace(rule, regimes=1), scaler).detector
        stretches = quiet_stretches(parts.validation)
        several = worth.compare(bench(fitted.detector), bench(one), stretches)
    seen = trials.sight(bench(fitted.detector), quiet_stretches(parts.test))
    config = ChainConfig(adapter, fitted.detector)
    return Made(config, fitted, rule, network, found, several, seen)


def _spreads(part: Table, rule: Rule) -> F64:
    """What a fault of size 1 is, [C]: the standard deviation of quiet rows; with a learned
    baseline the typical one within the rows that a device learns from.
    """
    rows = np.concatenate(quiet_stretches(part))
    overall = rows.std(axis=0)
    pieces = _spread(_pieces(part, rule, PIECE_ROWS), DEPLOYMENT_ROWS)
    if not rule.learn_rows or not pieces:
        return np.asarray(overall, np.float64)
    typical = np.median([p[rule.settle_rows :].std(axis=0) for p in pieces], axis=0)
    return np.asarray(np.where(typical > 0, typical, overall), np.float64)


def figures(made: Made, parts: window.TimeSplit, forecast: Forecast | None) -> dict[str, Any]:
    """Return which channels are scored, and counts over validation and test rows."""
    config = made.config
    names, detector = config.adapter.scaler.channels, config.detector
    found: dict[str, Any] = {
        "baseline": detector.baseline,
        "learn_rows": detector.learn_samples,
        "notice": float(detector.notice),
        "level_channels": [names[c] for c in detector.level.channels],
        "median_channels": [names[c] for c in detector.median.channels],
        "residual_channels": [names[c] for c in detector.residual.channels],
        "drift_channels": [names[c] for c in detector.drift_channels],
        "held_out_residual_power": made.fitted.power_ratio,
        "network_adds": made.worth.fields() if made.worth else None,
        "injected_faults": made.sight.fields() if made.sight else None,
    }
    if count := len(detector.regimes):
        found["regimes"] = count
        found["regimes_add"] = made.regimes.fields() if made.regimes else None
    counts = []
    for name, part in (("validation", parts.validation), ("test", parts.test)):
        rows, labels = stream(part)
        records = replay.run_chain(config, rows, forecast)
        counts.append(assess.assess(records, labels, part.rate_hz))
        found[f"detection_{name}"] = counts[-1].fields()
    # With a training baseline thresholds come from the validation part, too: the test part counts,
    # unless it is short. With a learned one each part is a deployment of its own.
    alone = detector.baseline == TRAINING and counts[1].quiet_rows >= LEAST_QUIET
    total = counts[1] if alone else assess.together(counts)
    return found | {
        "quiet_alarm_share": total.alarm_share,
        "quiet_notice_share": total.notice_share,
        "episodes_per_quiet_day": total.episodes_per_day,
    }


def tell_trials(made: Made, say: Callable[[str], None]) -> None:
    """Say what the network adds and what the detector sees, a line at a time."""
    if made.worth is not None:
        say(made.worth.words())
    elif made.network is not None:
        say(
            "too few held-out quiet rows to tell what the network's residual adds (with a learned"
            " baseline one stretch does not show how deployments differ): it is left out, and"
            " --network none makes a smaller product"
        )
    count = len(made.config.detector.regimes)
    if made.regimes is not None:
        say(made.regimes.regimes_words(count))
    elif made.rule.regimes > 1 and count < 2:
        say("the rows hold one regime: more of them would all have the same mean")
    if made.sight is None:
        say("too few quiet rows in a row in the test part to try injected faults on")
        return
    for line in (*made.sight.lines(), *made.sight.curve_lines(float(made.rule.notice))):
        say(line)


def tell(figures: Mapping[str, Any], say: Callable[[str], None]) -> None:
    """Say what `figures` returned, a line at a time."""
    level, residual = figures["level_channels"], figures["residual_channels"]
    say(
        f"scored by level: {', '.join(level) or 'none'}; by forecast residual:"
        f" {', '.join(residual) or 'none'}; by innovations: all"
    )
    drift = figures["drift_channels"]
    say(
        f"watched for slow drift: {', '.join(drift) or 'none'}; the other channels move by"
        " themselves as slowly, so that a ramp in them cannot be told from that"
    )
    ratio = figures["held_out_residual_power"]
    if ratio is not None and ratio > fitting.TELLING_POWER:
        say(
            f"warning: the forecast error is {ratio:.1f} times as strong in rows that did not"
            " train the network: it knows its training rows by heart; more rows or fewer epochs"
            " help"
        )
    for name in ("validation", "test"):
        found = figures[f"detection_{name}"]
        faults = f"{found['detected']} of {found['events']} labelled faults detected"
        say(
            f"{name} part: {faults if found['events'] else 'no labelled fault'};"
            f" {found['false_alarms']} false alarms, {found['false_rows']} of"
            f" {found['quiet_rows']} rows without a label in alarm"
        )
    share = figures["quiet_alarm_share"]
    if share is None:
        say("no quiet held-out row had a verdict: nothing is known of false alarms")
        return
    say(
        f"quiet held-out rows: {share:.2g}% of the time in alarm,"
        f" {figures['quiet_notice_share']:.2g}% in notice or alarm,"
        f" {figures['episodes_per_quiet_day']:.2g} alarms a day"
    )


def refuse(figures: Mapping[str, Any], most: float) -> str:
    """Return why the detector must not be installed, and what would help; empty: it may be."""
    share = figures["quiet_alarm_share"]
    if share is None or share <= most:
        return ""
    other = (
        "--baseline learned, where the device learns its own state"
        if figures["baseline"] == TRAINING
        else "--baseline training, where days of quiet rows show what the plant is like"
    )
    return (
        f"the detector would be in alarm {share:.1f}% of the quiet time (held-out rows; at most"
        f" {most:g}%, --max-quiet-alarms), so it is not installed. What helps: more quiet days,"
        f" {other}, or a higher --threshold"
    )
