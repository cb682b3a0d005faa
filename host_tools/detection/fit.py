"""Fit of the detector's constants from quiet rows; float64, rounded to float32 at the end.

Rows come as segments: stretches of quiet rows in time order. Nothing here sees a label. There are
two ways (docs/detection.md):

- learned baseline (`learn_rows` > 0): each segment stands for a deployment that learns its own
  baseline from it; what is typical is the median over segments, so that a bad one moves nothing.
- training baseline (`learn_rows` = 0): all segments are one plant; what is typical is the mean.

Moments and quantiles come from rows that trained nothing: each segment is judged by moments of
the others, and the forecast's residual is taken only from segments that did not train the network.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from host_tools.detection import moments, pace, regimes, watch
from host_tools.detection.features import (
    F32,
    F64,
    Predict,
    drift_shares,
    errors,
    ewma,
    innovations,
    medians,
    row_means,
)
from host_tools.detection.rule import SMOOTHERS, Rule
from host_tools.errors import TrainingError
from host_tools.formats.detector import (
    INNOVATION_ROWS,
    LEARNED,
    LEAST_VARIANCE,
    MOST_MASKED,
    MOST_VARIANCE,
    TRAINING,
    Detector,
    Form,
)
from host_tools.formats.scaler import Scaler

LEAST_SCORES = 100
"""Scores below which a 0.99 quantile means nothing."""
LEAST_RESIDUAL = 0.02
"""Standard deviations. A channel that the model forecasts better than int8 can express would
get a factor that amplifies quantization noise."""
POWER_ROWS = 2_000
"""Trained rows whose forecast errors are compared with those of held-out rows."""
TELLING_POWER = 2.0
"""Held-out residual power over trained above which the network has learned its rows by heart."""


@dataclass(frozen=True)
class Network:
    """The model: what it forecasts, and how much it sees."""

    predict: Predict
    window: int
    horizon: int


@dataclass(frozen=True, eq=False)
class Material:
    """What a fit works on.

    Attributes:
        segments: Quiet rows, raw float64 [T, C] each, in time order.
        held: Of each segment whether its rows trained no network.
        network: None: the statistics do without forecasts.
        low: float32 [C], below it a value is no measurement; None: any is one.
        high: The same above.
        rate_hz: Rows per second; 0: not known.
    """

    segments: Sequence[F64]
    held: Sequence[bool]
    network: Network | None = None
    low: F32 | None = None
    high: F32 | None = None
    rate_hz: float = 0.0


@dataclass(frozen=True, eq=False)
class Fitted:
    """A detector, and what the fit found out.

    Attributes:
        detector: The constants.
        shares: Share of each channel's variance in slow movement, [C].
        spiky: Channels with single spikes.
        power_ratio: Mean square of the forecasts' error in held-out rows over that in trained
            rows; None without a network or without both kinds.
    """

    detector: Detector
    shares: F64
    spiky: tuple[int, ...]
    power_ratio: float | None


@dataclass(eq=False)
class _Segment:
    """The features of one segment, [T, K] each; rows without one are left out at the start."""

    z: F64
    level: F64
    median: F64
    innovation: F64
    residual: F64
    scaled: dict[str, F64] = field(default_factory=dict)


def fit(material: Material, rule: Rule, scaler: Scaler) -> Fitted:
    """Return the detector's constants by the rule.

    After scaling, the smoothed score's quantile over quiet rows is 1, so that `notice` and `alarm`
    are the thresholds.

    Raises:
        TrainingError: Too few rows to score, or every channel wanders.
    """
    learned = rule.learn_rows > 0
    standard = [_standard(scaler, s) for s in material.segments]
    shares = _shares(standard, rule)
    level = np.flatnonzero(shares < rule.drift_share) if learned else np.arange(len(shares))
    alpha = _smoothers(standard)
    found = [
        _features(z, material.network if measured else None, alpha, rule)
        for z, measured in zip(standard, _measured(material), strict=True)
    ]
    centres = _take_regimes(found, material.held, rule)
    spiky, by_median = _spiky(found, level, rule)
    channels = {
        "level": tuple(int(c) for c in level),
        "median": by_median if spiky else (),
        "innovation": tuple(range(len(shares))),
        "residual": tuple(range(len(shares))) if material.network else (),
    }
    if learned:
        channels["residual"] = tuple(c for c in channels["residual"] if c in channels["level"])
    priors = _priors(found, rule)
    _scale(found, priors, channels, rule)
    factors, peak = _factors(found, material.held, channels, rule)
    forms = {
        name: Form(
            channels[name],
            factors[name],
            np.clip(
                priors[name] if name == "level" else priors[name][list(channels[name])],
                LEAST_VARIANCE,
                MOST_VARIANCE,
            ).astype(np.float32),
        )
        for name in channels
    }
    detector = _detector(material, rule, forms, alpha=alpha, peak=peak, spiky=bool(spiky))
    white = [c for c in channels["level"] if shares[c] < rule.white_share]
    detector = watch.with_drift(detector, [s.z for s in found], white, rule)
    detector = pace.with_pace(detector, material.rate_hz, rule)
    detector = replace(detector, regime_mean=centres.astype(np.float32).ravel())
    return Fitted(detector, shares, spiky, _power_ratio(material, found))


def _standard(scaler: Scaler, segment: F64) -> F64:
    """Raw [T, C] to z [T, C]."""
    return np.asarray(
        (segment - scaler.mean.astype(np.float64)) * scaler.inv_std.astype(np.float64)
    )


def _shares(standard: Sequence[F64], rule: Rule) -> F64:
    """Share of each channel's variance in slow movement: the mean over the segments, so that a
    channel that wanders in some deployments is seen.
    """
    parts = standard if rule.learn_rows else [np.concatenate(standard)]
    return np.asarray(
        np.mean([drift_shares(part, rule.drift_blocks) for part in parts], axis=0), np.float64
    )


def _smoothers(standard: Sequence[F64]) -> F64:
    """Factor of each channel's smoother: that of the least typical squared one-step error."""
    count = standard[0].shape[1]
    squares = [
        np.median(
            [np.mean(innovations(z, np.full(count, a))[1:] ** 2, axis=0) for z in standard], axis=0
        )
        for a in SMOOTHERS
    ]
    return np.asarray(np.array(SMOOTHERS)[np.argmin(squares, axis=0)], np.float64)


def _measured(material: Material) -> list[bool]:
    """Segments whose forecasts are worth their time: held out, or the last POWER_ROWS others."""
    found, rows = [], 0
    for segment, held in reversed(list(zip(material.segments, material.held, strict=True))):
        found.append(held or rows < POWER_ROWS)
        rows += 0 if held else len(segment)
    return found[::-1]


def _features(z: F64, net: Network | None, alpha: F64, rule: Rule) -> _Segment:
    first = rule.rows - 1
    level = row_means(z, rule.rows)
    inputs = z - level[rule.settle_rows - first :].mean(axis=0) if rule.learn_rows else z
    residual = np.empty((0, z.shape[1]))
    if net is not None:
        smooth = errors(inputs, net.predict, net.window, net.horizon, rule.residual_alpha)
        residual = smooth[first:][~np.isnan(smooth[first:, 0])]
    return _Segment(
        z,
        level,
        row_means(medians(z), rule.rows),
        row_means(innovations(z, alpha), INNOVATION_ROWS)[first + 1 - INNOVATION_ROWS :],
        residual,
    )


def _take_regimes(found: Sequence[_Segment], held: Sequence[bool], rule: Rule) -> F64:
    """Return the means of the regimes, [K, C], and make the levels relative to the nearest one; no
    row where there is a single regime.
    """
    if rule.learn_rows or rule.regimes < 2:
        return np.zeros((0, found[0].level.shape[1]))
    centres, levels = regimes.take([s.level for s in found], held, rule.regimes)
    if len(centres) < 2:
        return centres[:0]
    for segment, level in zip(found, levels, strict=True):
        segment.level = level
    return centres


def _spiky(
    found: Sequence[_Segment], level: np.ndarray, rule: Rule
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the spiky channels, and those that keep their spread under medians."""
    ratios = np.median(
        [s.median.var(axis=0) / np.maximum(s.level.var(axis=0), 1e-300) for s in found], axis=0
    )
    spiky = tuple(int(c) for c in level if ratios[c] < rule.spiky_share)
    return spiky, tuple(int(c) for c in level if ratios[c] >= rule.median_share)


def _learned(values: F64, rule: Rule) -> F64:
    """Rows [.., K] of a feature that a device learns from: those after the settling."""
    skipped = rule.settle_rows - (rule.rows - 1)
    tail = rule.learn_rows - rule.settle_rows
    return values[max(skipped, len(values) - tail) :] if rule.learn_rows else values


def _priors(found: Sequence[_Segment], rule: Rule) -> dict[str, F64]:
    """Typical variance of each feature, [C] each."""
    out = {}
    for name in ("level", "median", "innovation", "residual"):
        rows = [_learned(getattr(s, name), rule) for s in found]
        rows = [r for r in rows if len(r)]
        if not rows:
            out[name] = np.ones(found[0].z.shape[1])
        elif not rule.learn_rows:
            out[name] = np.mean(np.concatenate(rows) ** 2, axis=0)
        elif name in ("level", "median"):
            out[name] = np.median([r.var(axis=0) for r in rows], axis=0)
        else:
            out[name] = np.median([np.mean(r * r, axis=0) for r in rows], axis=0)
    out["residual"] = np.maximum(out["residual"], LEAST_RESIDUAL**2 / rule.rows)
    return out


def _scale(
    found: Sequence[_Segment], priors: dict[str, F64], channels: dict[str, tuple[int, ...]],
    rule: Rule,
) -> None:  # fmt: skip
    """Features in spreads of the baseline that a device would have there."""
    limit = rule.feature_limit
    for segment in found:
        for name, kept in channels.items():
            values, mean, variance = getattr(segment, name), np.float64(0), priors[name]
            if rule.learn_rows and len(values):
                rows = _learned(values, rule)
                has_mean = name in ("level", "median")
                mean = rows.mean(axis=0) if has_mean else mean
                own = len(rows) * ((rows - mean) ** 2).mean(axis=0)
                variance = (rule.prior_rows * variance + own) / (rule.prior_rows + len(rows))
            variance = np.maximum(variance, LEAST_VARIANCE)
            scaled = np.clip((values - mean) / np.sqrt(variance), -limit, limit)
            segment.scaled[name] = scaled[:, list(kept)]


def _factors(
    found: Sequence[_Segment], held: Sequence[bool], channels: dict[str, tuple[int, ...]],
    rule: Rule,
) -> tuple[dict[str, np.ndarray], float]:  # fmt: skip
    """Return the packed factor of each form, and the typical peak of a quiet block."""
    typical = rule.learn_rows > 0
    matrices, highs = {}, {}
    joint = [np.zeros(len(s.level)) for s in found]
    for name, kept in channels.items():
        if not kept:
            continue
        usable = [s.scaled[name] if h or name != "residual" else s.scaled[name][:0]
                  for s, h in zip(found, held, strict=True)]  # fmt: skip
        if sum(map(len, usable)) < LEAST_SCORES:
            raise TrainingError(
                f"only {sum(map(len, usable))} quiet rows have a {name}, {LEAST_SCORES} are"
                " needed: gaps are too close together, or the window is too long"
            )
        matrices[name], forms = moments.crossed(usable, rule, typical)
        highs[name] = _high(forms, held, rule)
        for total, form in zip(joint, forms, strict=True):
            part = total[len(total) - len(form) :]
            np.maximum(part, form / highs[name], out=part)
    if not matrices:
        raise TrainingError("every channel wanders: nothing to score")
    scale = _high(joint, held, rule)
    peak = float(np.median([_peak(s / scale, rule) for s in joint]))
    packed = {
        name: moments.packed(matrices[name], highs[name] * scale)
        if name in matrices
        else np.zeros(0, np.float32)
        for name in channels
    }
    return packed, peak


def _high(forms: Sequence[F64], held: Sequence[bool], rule: Rule) -> float:
    """The typical quantile of a learned baseline, else the larger one of both kinds of rows."""
    if rule.learn_rows:
        return moments.high(forms, rule, typical=True)
    kinds = [[f for f, h in zip(forms, held, strict=True) if h == kind] for kind in (False, True)]
    usable = [part for part in kinds if sum(map(len, part)) >= LEAST_SCORES]
    return max(moments.high(part, rule, typical=False) for part in usable)


def _peak(score: F64, rule: Rule) -> float:
    """Mean over blocks of the block's largest smoothed score."""
    smooth = ewma(score, rule.alpha)
    size = min(rule.block_rows, len(smooth))
    starts = range(0, len(smooth) - size + 1, size)
    return float(np.mean([smooth[i : i + size].max() for i in starts]))


def _detector(
    of: Material, rule: Rule, forms: dict[str, Form], *, alpha: F64, peak: float,
    spiky: bool,
) -> Detector:  # fmt: skip
    single = np.float32
    count = len(alpha)
    learned = rule.learn_rows > 0
    largest = np.finfo(np.float32).max
    return Detector(
        baseline=LEARNED if learned else TRAINING,
        rows=rule.rows,
        level=forms["level"],
        median=forms["median"],
        innovation=forms["innovation"],
        residual=forms["residual"],
        innovation_alpha=alpha.astype(single),
        residual_alpha=single(rule.residual_alpha),
        learn_samples=rule.learn_rows,
        settle_samples=rule.settle_rows,
        prior_rows=single(rule.prior_rows),
        feature_limit=single(rule.feature_limit),
        alpha=single(rule.alpha),
        notice=single(rule.notice),
        alarm=single(rule.alarm),
        hold=single(rule.hold),
        confirm_rows=rule.confirm_rows,
        block_rows=rule.block_rows,
        mean_step=single(rule.mean_step),
        spread_step=single(rule.spread_step),
        growth=single(rule.spiky_growth if spiky else rule.growth),
        peak=single(np.clip(peak, 1e-6, 1e6)),
        recover_share=single(rule.recover_share),
        recover_samples=rule.recover_rows if learned else 0,
        change_samples=rule.change_rows if learned else 0,
        low=(np.full(count, -largest) if of.low is None else of.low).astype(single),
        high=(np.full(count, largest) if of.high is None else of.high).astype(single),
        **watch.stuck(of.segments, rule),
        max_masked=min(max(2, count // 8), count - 1, MOST_MASKED),
        return_samples=rule.return_rows,
        max_missed=rule.max_missed,
        rule=rule.words(),
    )


def _power_ratio(material: Material, found: Sequence[_Segment]) -> float | None:
    """Held-out residual power over trained, the median over channels."""
    powers = []
    for kind in (True, False):
        rows = [s.residual for s, h in zip(found, material.held, strict=True) if h == kind]
        rows = [r for r in rows if len(r)]
        if not rows:
            return None
        powers.append(np.mean(np.concatenate(rows) ** 2, axis=0))
    return float(np.median(powers[0] / np.maximum(powers[1], 1e-300)))
