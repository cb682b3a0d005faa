"""Fit of the detector's constants from training rows only; float64, rounded to float32 at the end.

Training rows come as segments: stretches of quiet rows in time order, each at least
`learn_rows` long where possible (the first rows of a labelled run, or a block of an
anomaly-free recording). Nothing here sees a label or a row after the training rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from host_tools.detection.statistic import F32, Detector, Statistic
from host_tools.errors import DataError

F64 = npt.NDArray[np.float64]
Predict = Callable[[F32], F32]
"""Float model: windows [N, W, C] (normalized, clipped) -> forecasts [N, H, C]."""


@dataclass(frozen=True)
class Rule:
    """Every choice of the fit; the defaults are the rule and no default was set on test rows."""

    window: int = 30
    horizon: int = 10
    rows: int = 10
    alpha: float = 0.1
    shrinkage: float = 0.3
    drift_block: int = 50
    drift_share: float = 1.0 / 3.0
    quantile: float = 0.99
    factor: float = 2.0
    learn_rows: int = 400
    prior_rows: float = 10.0
    track_rows: float = 400.0
    quiet: float = 1.0
    relearn_rows: int = 1200
    clip: float = 4.0
    score_limit: float = 64.0
    feature_limit: float = 32.0
    statistic: str = "max"
    """"max" is the detector; "level" and "residual" are ablations (the other factor is 0)."""


def row_means(values: F64, rows: int) -> F64:
    """Mean of each row with the rows - 1 before it; [T, n] -> [T - rows + 1, n]."""
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


def drift_share(values: F64, block: int) -> F64:
    """Share of a channel's variance that lies in its block means; 1/block for white noise. [C]."""
    count = len(values) // block
    means = values[: count * block].reshape(count, block, -1).mean(axis=1)
    return np.asarray(means.var(axis=0, ddof=1) / values.var(axis=0, ddof=1), np.float64)


def scored_channels(heads: Sequence[F64], rule: Rule) -> tuple[tuple[int, ...], F64]:
    """Channels whose median drift share over the heads is below the cutoff, and the shares."""
    shares = np.median([drift_share(h, rule.drift_block) for h in heads], axis=0)
    return tuple(int(c) for c in np.flatnonzero(shares < rule.drift_share)), shares


def shrunk(features: Sequence[F64], shrinkage: float) -> F64:
    """Median over segments of the second moments, shrunk to its diagonal; [K, K] positive."""
    moments = np.median([f.T @ f / len(f) for f in features], axis=0)
    out = (1.0 - shrinkage) * moments + shrinkage * np.diag(np.diag(moments))
    if np.linalg.eigvalsh(out).min() <= 0.0:
        raise DataError("fit: covariance is not positive definite; raise the shrinkage")
    return np.asarray(out, np.float64)


def level_high(scores: Sequence[F64], rule: Rule) -> float:
    """Median over segments of the smoothed score's quantile: one bad segment cannot move it."""
    return float(np.median([np.quantile(ewma(s, rule.alpha), rule.quantile) for s in scores]))


@dataclass(frozen=True)
class Normalizer:
    """Scaler and spread of the training rows: how raw rows become model inputs."""

    mean: F64
    inv_std: F64
    prior_level: F64
    input_gain: F64

    def standardize(self, segment: F64) -> F64:
        """Raw [T, C] -> z [T, C]."""
        return np.asarray((segment - self.mean) * self.inv_std, np.float64)

    def baseline(self, z: F64, rule: Rule) -> tuple[F64, F64]:
        """Mean and 1/spread that a device has after learning these rows; [C], [C]."""
        level = row_means(z, rule.rows)
        mass = rule.prior_rows * self.prior_level + len(level) * level.var(axis=0)
        return level.mean(axis=0), np.sqrt((rule.prior_rows + len(level)) / mass)

    def inputs(self, segment: F64, rule: Rule) -> F64:
        """Raw rows -> what the model sees (before clipping) with their own baseline; [T, C]."""
        z = self.standardize(segment)
        mean, inverse = self.baseline(z, rule)
        return np.asarray((z - mean) * inverse * self.input_gain, np.float64)


def fit_normalizer(segments: Sequence[F64], rule: Rule) -> Normalizer:
    """Global scaler of all training rows; spreads are medians over segments."""
    rows = np.concatenate(segments)
    std = rows.std(axis=0)
    if not np.isfinite(std).all() or (std <= 0.0).any():
        raise DataError("fit: a channel is constant or not finite over the training rows")
    mean, inv_std = rows.mean(axis=0), 1.0 / std
    standard = [(s - mean) * inv_std for s in segments]
    raw = np.median([z.var(axis=0) for z in standard], axis=0)
    level = np.median([row_means(z, rule.rows).var(axis=0) for z in standard], axis=0)
    if (level <= 0.0).any():
        raise DataError("fit: a channel is stuck in more than half of the training segments")
    return Normalizer(mean, inv_std, level, np.sqrt(level / raw))


def forecasts(inputs: F64, predict: Predict, rule: Rule) -> F64:
    """Mean of the `horizon` forecasts of each row; [T, C] -> [T - W - H + 1, C]."""
    clipped = np.clip(inputs, -rule.clip, rule.clip).astype(np.float32)
    count = len(clipped) - rule.window
    view = np.lib.stride_tricks.sliding_window_view(clipped, rule.window, axis=0)[:count]
    output = predict(np.ascontiguousarray(view.transpose(0, 2, 1)))
    total = np.zeros((count + rule.horizon - 1, clipped.shape[1]))
    for h in range(rule.horizon):
        total[h : h + count] += output[:, h]
    return np.asarray(total[rule.horizon - 1 : count] / rule.horizon, np.float64)


def _pack(moments: F64, high: float) -> F32:
    """Lower triangular A with |A f|^2 = f' moments^-1 f / high, packed row by row."""
    factor = np.linalg.inv(np.linalg.cholesky(moments)) / np.sqrt(high)
    return np.asarray(factor[np.tril_indices(len(factor))], np.float32)


def _square(moments: F64, feature: F64) -> F64:
    """Quadratic form f' moments^-1 f of each row."""
    return np.asarray(np.einsum("ti,ti->t", feature, np.linalg.solve(moments, feature.T).T))


def fit_statistic(
    segments: Sequence[F64],
    heads: Sequence[F64],
    predict: Predict,
    rule: Rule | None = None,
    normalizer: Normalizer | None = None,
) -> Detector:
    """The whole rule: segments of training rows and a float model -> the detector's constants.

    `heads` are the segments on which drift is judged (deployments), usually the first rows of
    the runs. After scaling, the smoothed score's training quantile is 1, so that the threshold
    is `factor` itself and quiet is 1.
    """
    rule = rule or Rule()
    norm = normalizer or fit_normalizer(segments, rule)
    scored, _ = scored_channels(heads, rule)
    if not scored:
        raise DataError("fit: every channel drifts; the detector would be blind")
    keep = np.array(scored)
    level, residual = [], []
    for segment in segments:
        z = norm.standardize(segment)
        mean, inverse = norm.baseline(z, rule)
        level.append(((row_means(z, rule.rows) - mean) * inverse)[:, keep])
        inputs = norm.inputs(segment, rule)
        predicted = forecasts(inputs, predict, rule)
        error = (inputs[-len(predicted) :] - predicted)[:, keep]
        residual.append(row_means(error, rule.rows))
    prior = np.median([(r * r).mean(axis=0) for r in residual], axis=0)
    scaled = [
        r / np.sqrt((rule.prior_rows * prior + (r * r).sum(axis=0)) / (rule.prior_rows + len(r)))
        for r in residual
    ]
    return _assemble(norm, scored, (level, scaled), prior, rule)


def _assemble(
    norm: Normalizer,
    scored: tuple[int, ...],
    features: tuple[Sequence[F64], Sequence[F64]],
    prior_residual: F64,
    rule: Rule,
) -> Detector:
    """Moments, scales and threshold; everything is rounded to float32 here."""
    moments = [shrunk(f, rule.shrinkage) for f in features]
    squares = [[_square(m, f) for f in fs] for m, fs in zip(moments, features, strict=True)]
    high = [level_high(s, rule) for s in squares]
    pairs = zip(*squares, strict=True)
    if rule.statistic == "max":
        joint = [np.maximum(a[-len(b) :] / high[0], b / high[1]) for a, b in pairs]
    else:
        pick = 0 if rule.statistic == "level" else 1
        joint = [p[pick] / high[pick] for p in pairs]
    scale = level_high(joint, rule)
    factors = [_pack(m, h * scale) for m, h in zip(moments, high, strict=True)]
    zero = np.zeros_like(factors[0])
    single = np.float32
    statistic = Statistic(
        rows=rule.rows,
        scored=scored,
        learn_samples=rule.learn_rows - rule.rows + 1,
        relearn_samples=rule.relearn_rows,
        prior_rows=float(single(rule.prior_rows)),
        prior_level=norm.prior_level.astype(single),
        prior_residual=prior_residual.astype(single),
        input_gain=norm.input_gain.astype(single),
        feature_limit=float(single(rule.feature_limit)),
        level_factor=zero if rule.statistic == "residual" else factors[0],
        residual_factor=zero if rule.statistic == "level" else factors[1],
        track=float(single(1.0 / rule.track_rows)) if rule.track_rows else 0.0,
        quiet=float(single(rule.quiet)),
    )
    return Detector(
        window=rule.window,
        horizon=rule.horizon,
        mean=norm.mean.astype(single),
        inv_std=norm.inv_std.astype(single),
        clip=float(single(rule.clip)),
        score_limit=float(single(rule.score_limit)),
        alpha=float(single(rule.alpha)),
        threshold=float(single(rule.factor)),
        statistic=statistic,
    )
