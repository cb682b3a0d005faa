"""Fit of the detector's constants from training rows only; float64, rounded to float32 at the end.

Training rows come as segments: stretches of quiet rows in time order. Nothing here sees a label
or a row after the training rows. There are two ways (docs/detection.md):

- learned baseline (`learn_rows` > 0): each segment stands for a deployment that learns its own
  baseline from it; what is typical is the median over segments, so that a bad one moves nothing.
- training baseline (`learn_rows` = 0): all segments are one plant; what is typical is the mean.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from host_tools.errors import DataError, TrainingError
from host_tools.formats.detector import (
    BASELINE,
    LEAST_VARIANCE,
    MOST_VARIANCE,
    SCALER,
    Detector,
)
from host_tools.formats.scaler import Scaler

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
Predict = Callable[[F32], F32]
"""Model: inputs [N, W, C] in standard deviations, not clipped, to forecasts [N, H, C]."""

LEAST_SCORES = 100
"""Scores below which a 0.99 quantile means nothing."""
LEAST_MOMENT = 0.01
"""Of a feature, whose spread is about 1 by definition."""
LEAST_RESIDUAL = 0.02
"""Standard deviations. A channel that the model forecasts better than int8 can express would
get a factor that amplifies quantization noise."""


@dataclass(frozen=True)
class Rule:
    """Every choice of the fit; the defaults are the rule and no default was set on test rows.

    Attributes:
        input: What the model's inputs are relative to: detector.SCALER or BASELINE.
        rows: Samples in a row mean.
        alpha: Of the EWMA.
        shrinkage: Of second moments to their diagonal.
        drift_blocks: Blocks into which the rows that a baseline stands for are cut.
        drift_share: A channel drifts when the means of these blocks hold more than this share
            of its variance (white noise: one over the block's length).
        quantile: Of the smoothed score over training rows; becomes 1 by scaling.
        factor: The threshold in such units.
        learn_rows: Rows that a device learns its baseline from; 0: that of the training rows.
        prior_rows: Weight of the priors while it learns.
        track_rows: Time constant of the baseline's mean in quiet rows; 0: fixed.
        quiet: The mean is tracked up to this score.
        relearn_rows: Alarm that lasts so long is the new normal; 0: never. Not for a baseline of
            the training rows: it would only begin again where it was.
        feature_limit: Limit of features, in spreads.
    """

    input: str = SCALER
    rows: int = 10
    alpha: float = 0.1
    shrinkage: float = 0.3
    drift_blocks: int = 8
    drift_share: float = 1.0 / 3.0
    quantile: float = 0.99
    factor: float = 2.0
    learn_rows: int = 400
    prior_rows: float = 10.0
    track_rows: float = 400.0
    quiet: float = 1.0
    relearn_rows: int = 1200
    feature_limit: float = 32.0

    def words(self) -> str:
        """Return the threshold's origin in words."""
        where = "training rows" if self.learn_rows else "training or validation rows"
        return (
            f"{self.factor:g} x the {self.quantile:g} quantile of the smoothed score over quiet"
            f" {where}"
        )


def row_means(values: F64, rows: int) -> F64:
    """Mean of each row with the rows - 1 before it; [T, n] to [T - rows + 1, n]."""
    total = np.cumsum(np.vstack([np.zeros((1, values.shape[1])), values]), axis=0)
    return np.asarray((total[rows:] - total[:-rows]) / rows, np.float64)


def ewma(score: F64, alpha: float) -> F64:
    """Exponential smoothing, e = e + alpha * (s - e), started at the first score."""
    out = np.empty_like(score)
    level = score[0]
    for i, value in enumerate(score):
        level = level + alpha * (value - level)
        out[i] = level
    return out


def drift_shares(values: F64, blocks: int) -> F64:
    """Share of each channel's variance that lies in the means of `blocks` blocks; [T, C] to [C].

    1 / (T / blocks) for white noise. A constant channel has 0.
    """
    size = len(values) // blocks
    means = values[: blocks * size].reshape(blocks, size, -1).mean(axis=1)
    total = values.var(axis=0, ddof=1)
    between = means.var(axis=0, ddof=1)
    return np.asarray(np.where(total > 0, between / np.maximum(total, 1e-300), 0.0), np.float64)


def steady(parts: Sequence[F64], rule: Rule) -> tuple[tuple[int, ...], F64]:
    """Return the channels that do not drift, and the share of each; [T, C] each."""
    if rule.learn_rows == 0:
        parts = [np.concatenate(parts)]
    shares = np.median([drift_shares(part, rule.drift_blocks) for part in parts], axis=0)
    return tuple(int(c) for c in np.flatnonzero(shares < rule.drift_share)), shares


@dataclass(frozen=True)
class Normalizer:
    """Scaler and spread of the training rows: how raw rows become features and model inputs."""

    mean: F64
    inv_std: F64
    prior_level: F64
    input_gain: F64

    def standardize(self, segment: F64) -> F64:
        """Raw [T, C] to z [T, C]."""
        return np.asarray((segment - self.mean) * self.inv_std, np.float64)

    def baseline(self, z: F64, rule: Rule) -> tuple[F64, F64]:
        """Mean and 1/spread that a device has after learning these rows; [C], [C]."""
        if rule.learn_rows == 0:
            return np.zeros(z.shape[1]), 1.0 / np.sqrt(self.prior_level)
        level = row_means(z, rule.rows)
        mass = rule.prior_rows * self.prior_level + len(level) * level.var(axis=0)
        return level.mean(axis=0), np.sqrt((rule.prior_rows + len(level)) / mass)

    def inputs(self, segment: F64, rule: Rule) -> F64:
        """Raw rows to what the model sees before clipping; [T, C]."""
        z = self.standardize(segment)
        if rule.input == SCALER:
            return z
        mean, inverse = self.baseline(z, rule)
        return np.asarray((z - mean) * inverse * self.input_gain, np.float64)


def normalizer(segments: Sequence[F64], rule: Rule, scaler: Scaler | None = None) -> Normalizer:
    """Return scaler and spreads; without `scaler` that of all training rows.

    Raises:
        DataError: A channel is constant or not finite.
    """
    if scaler is None:
        rows = np.concatenate(segments)
        std = rows.std(axis=0)
        if not np.isfinite(std).all() or (std <= 0.0).any():
            raise DataError("fit: a channel is constant or not finite over the training rows")
        mean, inv_std = rows.mean(axis=0), 1.0 / std
    else:
        mean, inv_std = scaler.mean.astype(np.float64), scaler.inv_std.astype(np.float64)
    standard = [(s - mean) * inv_std for s in segments]
    means = [row_means(z, rule.rows) for z in standard]
    if rule.learn_rows == 0:
        level = np.mean(np.concatenate(means) ** 2, axis=0)
        return Normalizer(mean, inv_std, np.maximum(level, LEAST_VARIANCE), np.ones_like(mean))
    raw = np.median([z.var(axis=0) for z in standard], axis=0)
    level = np.median([m.var(axis=0) for m in means], axis=0)
    if (level <= 0.0).any():
        raise DataError("fit: a channel is stuck in more than half of the training segments")
    return Normalizer(mean, inv_std, level, np.sqrt(level / raw))


def forecasts(inputs: F64, predict: Predict, window: int, horizon: int) -> F64:
    """Mean of the `horizon` forecasts of each row; [T, C] to [T - window - horizon + 1, C]."""
    count = len(inputs) - window
    view = np.lib.stride_tricks.sliding_window_view(inputs.astype(np.float32), window, axis=0)
    output = predict(np.ascontiguousarray(view[:count].transpose(0, 2, 1)))
    total = np.zeros((count + horizon - 1, inputs.shape[1]))
    for h in range(horizon):
        total[h : h + count] += output[:, h]
    return np.asarray(total[horizon - 1 : count] / horizon, np.float64)


@dataclass(frozen=True)
class Material:
    """What a fit works on.

    Attributes:
        segments: Quiet training rows, raw float64 [T, C] each.
        heads: The segments on which drift is judged, usually the same.
        checks: Quiet rows that the network was not trained on: they may raise the threshold of
            a training baseline.
        predict: The model.
        window: Samples that the model sees.
        horizon: Samples that it forecasts.
    """

    segments: Sequence[F64]
    heads: Sequence[F64]
    predict: Predict
    window: int
    horizon: int
    checks: Sequence[F64] = ()


def fit(material: Material, rule: Rule, norm: Normalizer) -> Detector:
    """Return the detector's constants by the rule.

    After scaling, the smoothed score's training quantile is 1, so that the threshold is `factor`
    and quiet is 1.

    Raises:
        TrainingError: Too few rows to score, or every channel drifts.
    """
    count = len(material.segments)
    level_channels, _ = steady([norm.standardize(h) for h in material.heads], rule)
    both = [_features(s, material, rule, norm) for s in (*material.segments, *material.checks)]
    errors = [error for _, error in both]
    scores = sum(len(error) for error in errors[:count])
    if scores < LEAST_SCORES:
        raise TrainingError(
            f"only {scores} training rows have a forecast and a row mean, {LEAST_SCORES} are"
            " needed: gaps are too close together, or the window is too long"
        )
    residual_channels, _ = steady([e for e in errors[:count] if len(e)], rule)
    if rule.input == BASELINE:
        # An input that drifts leaves the baseline that the model's inputs are relative to;
        # within a segment its errors do not show it yet.
        residual_channels = tuple(c for c in residual_channels if c in level_channels)
    if not (level_channels or residual_channels):
        raise TrainingError("every channel and every forecast error drifts: nothing to score")
    level = [feature[:, list(level_channels)] for feature, _ in both]
    means = [
        row_means(e, rule.rows)[:, list(residual_channels)]
        if len(e)
        else np.empty((0, len(residual_channels)))
        for e in errors
    ]
    usable = [m for m in means[:count] if len(m)]
    prior = _typical([np.mean(r * r, axis=0) for r in usable], usable, rule)
    prior = np.maximum(prior, LEAST_RESIDUAL**2 / rule.rows)
    residual = [_scale(r, prior, rule) for r in means]
    factors = _factors(level, residual, count, rule)
    single = np.float32
    return Detector(
        input=rule.input,
        rows=rule.rows,
        level_channels=level_channels,
        residual_channels=residual_channels,
        learn_samples=rule.learn_rows - rule.rows + 1 if rule.learn_rows else 0,
        relearn_samples=rule.relearn_rows if rule.learn_rows else 0,
        prior_rows=single(rule.prior_rows),
        prior_level=np.clip(norm.prior_level, LEAST_VARIANCE, MOST_VARIANCE).astype(single),
        prior_residual=prior.astype(single),
        input_gain=norm.input_gain.astype(single),
        feature_limit=single(rule.feature_limit),
        level_factor=factors[0],
        residual_factor=factors[1],
        alpha=single(rule.alpha),
        threshold=single(rule.factor),
        quiet=single(rule.quiet),
        track=single(1.0 / rule.track_rows) if rule.track_rows else single(0),
        rule=rule.words(),
    )


def _features(segment: F64, of: Material, rule: Rule, norm: Normalizer) -> tuple[F64, F64]:
    """Return level features [T - rows + 1, C] and forecast errors [T', C]; T' may be 0."""
    z = norm.standardize(segment)
    mean, inverse = norm.baseline(z, rule)
    level = (row_means(z, rule.rows) - mean) * inverse
    inputs = norm.inputs(segment, rule)
    if len(inputs) < of.window + of.horizon + rule.rows:
        return level, np.empty((0, z.shape[1]))
    predicted = forecasts(inputs, of.predict, of.window, of.horizon)
    return level, inputs[-len(predicted) :] - predicted


def _typical(values: Sequence[F64], of: Sequence[F64], rule: Rule) -> F64:
    """Return the median over segments, or the mean over all their rows."""
    if rule.learn_rows:
        return np.asarray(np.median(values, axis=0), np.float64)
    return np.asarray(np.average(values, axis=0, weights=[len(o) for o in of]), np.float64)


def _scale(residual: F64, prior: F64, rule: Rule) -> F64:
    """Residual row means in units of the spread that a device knows after learning them."""
    if rule.learn_rows == 0:
        return np.asarray(residual / np.sqrt(prior), np.float64)
    mass = rule.prior_rows * prior + (residual * residual).sum(axis=0)
    return np.asarray(residual / np.sqrt(mass / (rule.prior_rows + len(residual))), np.float64)


def _factors(
    level: Sequence[F64], residual: Sequence[F64], count: int, rule: Rule
) -> tuple[F32, F32]:
    """Return both packed factors; the first `count` segments train, the others are checks."""
    forms, highs, moments = [], [], []
    for features in (level, residual):
        moment = _shrunk(features[:count], rule)
        squares = [_square(moment, f) for f in features]
        moments.append(moment)
        forms.append(squares)
        highs.append(_high(squares, count, rule) if len(moment) else 1.0)
    joint = [
        np.maximum(a[len(a) - len(b) :] / highs[0], b / highs[1])
        for a, b in zip(*forms, strict=True)
    ]
    scale = _high(joint, count, rule)
    first, second = (_pack(m, h * scale) for m, h in zip(moments, highs, strict=True))
    return first, second


def _shrunk(features: Sequence[F64], rule: Rule) -> F64:
    """Second moments, shrunk to their diagonal; [K, K] positive."""
    usable = [f for f in features if len(f)]
    moments = _typical([f.T @ f / len(f) for f in usable], usable, rule)
    # A channel that hardly moved in training would make every later movement an alarm.
    diagonal = np.diag(np.maximum(np.diag(moments), LEAST_MOMENT))
    out = (1.0 - rule.shrinkage) * (moments - np.diag(np.diag(moments))) + diagonal
    if len(out) and np.linalg.eigvalsh(out).min() <= 0.0:
        raise TrainingError("fit: covariance is not positive definite; raise the shrinkage")
    return np.asarray(out, np.float64)


def _square(moments: F64, feature: F64) -> F64:
    """Quadratic form f' moments^-1 f of each row."""
    if not len(moments):
        return np.zeros(len(feature))
    return np.asarray(np.einsum("ti,ti->t", feature, np.linalg.solve(moments, feature.T).T))


def _high(scores: Sequence[F64], count: int, rule: Rule) -> float:
    """Quantile of the smoothed score: median over segments, or the larger of rows and checks."""
    smooth = [ewma(s, rule.alpha) if len(s) else s for s in scores]
    if rule.learn_rows:
        return float(np.median([np.quantile(s, rule.quantile) for s in smooth[:count] if len(s)]))
    parts = [np.concatenate(p) for p in (smooth[:count], smooth[count:] or [np.empty(0)])]
    return max(float(np.quantile(p, rule.quantile)) for p in parts if len(p) >= LEAST_SCORES)


def _pack(moments: F64, high: float) -> F32:
    """Lower triangular A with |A f|^2 = f' moments^-1 f / high, packed row by row."""
    if not len(moments):
        return np.zeros(0, np.float32)
    factor = np.linalg.inv(np.linalg.cholesky(moments)) / np.sqrt(high)
    return np.asarray(factor[np.tril_indices(len(factor))], np.float32)
