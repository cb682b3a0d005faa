"""The on-device chain, written once: raw sample → baseline, model → level, residual → alarm.

This is the specification that the SDK (`sdk/src/{scaler,window,baseline,quadratic,detector}.c`)
follows to the last bit. float32, one rounding per operation (no fused multiply-add), sums in
the order written, nothing from libm: the square root is the correctly rounded one. numpy's
element-wise operations round once each, so each line here is one line of C over the channels.

For each sample x, float32 [C], with n samples since the last gap:

1. A value that is not finite: a gap. Recent samples and the score are forgotten, the baseline
   stays; state FAULT, status NOT_FINITE, `top` names the channels that are not finite.
2. z = clamp((x − mean) · inv_std, ±score_limit) joins the level ring (`rows` samples).
   While nothing is learned yet the baseline's mean is the mean of the z since the gap.
3. Model input: u = z, or relative to the baseline
   u = clamp(((z − baseline mean) · inv_level) · input_gain, ±score_limit).
4. From n = window + horizon − 1 on a sample has been forecast `horizon` times; the residual
   u − (mean of the forecasts) joins the residual ring.
5. Row means of both rings, once full, give the features
   f_level = clamp((row mean − baseline mean) · inv_level, ±feature_limit) and
   f_residual = clamp(row mean · inv_residual, ±feature_limit); level and residual are
   |factor · f|² over the scored channels, 0 while there is none.
6. s = the larger one; e = s the first time since a gap, e + alpha · (s − e) later.
7. State: WARMUP without a statistic, LEARN while the baseline is learned, else ALARM when
   e > threshold, else OK. In ALARM `top` names the channels that contribute most to the larger
   statistic of this sample (`statistic.contributions`).
8. The baseline learns from full level rings until `learn_samples`: running mean and variance
   (Welford) of the row means, mean square of the residual's. Later its mean follows by `track`
   while e ≤ quiet. `relearn_samples` in ALARM without a break: everything is forgotten.
9. u joins the window; a full window runs the model (from reset state), and its forecasts are
   added for the coming `horizon` samples.
"""

import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from host_tools.data.table import finite_rows
from host_tools.detection.rings import Forecaster, IntegerForecaster
from host_tools.detection.statistic import (
    ONE,
    ZERO,
    contributions,
    quadratic,
    row_mean,
    top,
)
from host_tools.errors import DataError
from host_tools.formats import detector as detectors
from host_tools.formats.detector import F32, Detector, unpack
from host_tools.formats.record import NO_CHANNEL, RECORD, TOP, State
from host_tools.runtimes import adapter as adapters
from host_tools.runtimes.adapter import Adapter

Forecast = Callable[[NDArray[np.int8]], NDArray[np.int8]]
"""int8 [N, window, channels] to int8 [N, horizon, channels], each from reset state."""

STATUS_OK, STATUS_NOT_FINITE = 0, 4
NONE: tuple[int, ...] = ()


@dataclass(frozen=True)
class Result:
    """What one sample gives; the statistics are 0 while their rows are not full."""

    index: int
    state: State
    level: np.float32
    residual: np.float32
    score: np.float32
    top: tuple[int, ...] = ()


class Baseline:
    """What a deployment is like: mean and 1/spread of each channel's level and residual."""

    def __init__(self, detector: Detector) -> None:
        """Starts as after power-up."""
        self._d = detector
        self._level_mass = detector.prior_level * detector.prior_rows
        self._residual_mass = detector.prior_residual * detector.prior_rows
        self.forget()

    def forget(self) -> None:
        """Nothing is learned: mean 0, spreads of the training rows."""
        self.mean = np.zeros_like(self._d.prior_level)
        self.inv_level = ONE / np.sqrt(self._d.prior_level)
        self.inv_residual = ONE / np.sqrt(self._d.prior_residual)
        self._m2 = np.zeros_like(self._d.prior_level)
        self._r2 = np.zeros_like(self._d.prior_residual)
        self._learned = self._residuals_learned = 0

    @property
    def is_learning(self) -> bool:
        """Whether no verdict can be given yet."""
        return self._learned < self._d.learn_samples

    def prime(self, z: F32, samples: int) -> None:
        """Before the first row mean: the mean of the samples so far, `samples` before z."""
        if self.is_learning and self._learned == 0:
            self.mean = self.mean + (z - self.mean) / np.float32(samples + 1)

    def learn(self, level: F32, residual: F32 | None) -> None:
        """Running mean and variance of the level (Welford), mean square of the residual."""
        self._learned += 1
        count = np.float32(self._learned)
        delta = level - self.mean
        self.mean = self.mean + delta / count
        square = delta * (level - self.mean)
        self._m2 = np.where(square > ZERO, self._m2 + square, self._m2)
        variance = (self._level_mass + self._m2) / (self._d.prior_rows + count)
        self.inv_level = ONE / np.sqrt(variance)
        if residual is None:
            return
        self._residuals_learned += 1
        self._r2 = self._r2 + residual * residual
        count = np.float32(self._residuals_learned)
        variance = (self._residual_mass + self._r2) / (self._d.prior_rows + count)
        self.inv_residual = ONE / np.sqrt(variance)

    def track(self, level: F32) -> None:
        """Follows a quiet level."""
        self.mean = self.mean + self._d.track * (level - self.mean)


class Chain:
    """A running detector. `step`, then, when it returns a window, `forecaster.accept`."""

    def __init__(self, detector: Detector, adapter: Adapter, forecaster: Forecaster) -> None:
        """Binds constants and model and starts as after power-up."""
        self._d, self._a = detector, adapter
        self.forecaster = forecaster
        self._level_channels = np.array(detector.level_channels, dtype=np.intp)
        self._residual_channels = np.array(detector.residual_channels, dtype=np.intp)
        self._level_factor = unpack(detector.level_factor, len(self._level_channels))
        self._residual_factor = unpack(detector.residual_factor, len(self._residual_channels))
        self._inv_rows = ONE / np.float32(detector.rows)
        self.baseline = Baseline(detector)
        self.reset()

    def reset(self) -> None:
        """Forgets everything, the baseline too: it is learned anew."""
        self._is_new_normal = False
        self.baseline.forget()
        self.gap()

    def gap(self) -> None:
        """Forgets recent samples and the score, keeps the baseline."""
        self._samples = self._residuals = self._alarms = 0
        self._level_ring = np.zeros((self._d.rows, self._d.channels), np.float32)
        self._residual_ring = np.zeros((self._d.rows, len(self._residual_channels)), np.float32)
        self._score: np.float32 | None = None
        self.forecaster.reset()

    def step(self, sample: F32) -> tuple[Result, NDArray[np.generic] | None]:
        """One raw sample, float32 [C], to its result and the model window to run, if full."""
        if self._is_new_normal:
            self.reset()
        finite = np.isfinite(sample)
        if not finite.all():
            self.gap()
            bad = tuple(int(c) for c in np.flatnonzero(~finite)[:TOP])
            return Result(0, State.FAULT, ZERO, ZERO, ZERO, bad), None
        limit = self._a.scaler.score_limit
        z = np.clip(self._a.scaler.standardize(sample), -limit, limit)
        self.baseline.prime(z, self._samples)
        inputs = self._inputs(z)
        level_mean, residual_mean = self._row_means(z, inputs)
        level, level_feature = self._level(level_mean)
        residual, residual_feature = self._residual(residual_mean)
        state, channels = State.WARMUP, NONE
        if level_feature is not None or residual_feature is not None:
            state = self._smooth(level if level >= residual else residual)
        if state == State.ALARM:
            channels = self._contributors(level >= residual, level_feature, residual_feature)
        score = ZERO if self._score is None else self._score
        result = Result(self._samples, state, level, residual, score, channels)
        self._is_new_normal = self._adapt(state, level_mean, residual_mean)
        self._samples += 1
        return result, self.forecaster.push(inputs)

    def _inputs(self, z: F32) -> F32:
        if self._d.input == detectors.SCALER:
            return z
        limit, base = self._a.scaler.score_limit, self.baseline
        with np.errstate(over="ignore"):  # an infinite product is limited on this very line
            u = ((z - base.mean) * base.inv_level) * self._d.input_gain
        return np.asarray(np.clip(u, -limit, limit), np.float32)

    def _row_means(self, z: F32, inputs: F32) -> tuple[F32 | None, F32 | None]:
        """Means of both rings with this sample in them; None while a ring is not full."""
        rows = self._d.rows
        self._level_ring[self._samples % rows] = z
        forecast = self.forecaster.forecast()
        if forecast is not None:
            error = (inputs - forecast)[self._residual_channels]
            self._residual_ring[self._residuals % rows] = error
            self._residuals += 1
        level = row_mean(self._level_ring, self._inv_rows) if self._samples + 1 >= rows else None
        full = self._residuals >= rows
        return level, row_mean(self._residual_ring, self._inv_rows) if full else None

    def _level(self, mean: F32 | None) -> tuple[np.float32, F32 | None]:
        if mean is None or not len(self._level_channels):
            return ZERO, None
        scaled = ((mean - self.baseline.mean) * self.baseline.inv_level)[self._level_channels]
        feature: F32 = np.clip(scaled, -self._d.feature_limit, self._d.feature_limit)
        return quadratic(self._level_factor, feature), feature

    def _residual(self, mean: F32 | None) -> tuple[np.float32, F32 | None]:
        if mean is None or not len(self._residual_channels):
            return ZERO, None
        scaled = mean * self.baseline.inv_residual
        feature: F32 = np.clip(scaled, -self._d.feature_limit, self._d.feature_limit)
        return quadratic(self._residual_factor, feature), feature

    def _smooth(self, present: np.float32) -> State:
        if self._score is None:
            self._score = present
        else:
            change = np.float32(present - self._score)
            self._score = np.float32(self._score + np.float32(self._d.alpha * change))
        if self.baseline.is_learning:
            return State.LEARN
        return State.ALARM if self._score > self._d.threshold else State.OK

    def _contributors(
        self, by_level: np.bool_ | bool, level: F32 | None, residual: F32 | None
    ) -> tuple[int, ...]:
        feature, factor = (
            (level, self._level_factor) if by_level else (residual, self._residual_factor)
        )
        if feature is None:
            return ()
        names = self._level_channels if by_level else self._residual_channels
        return tuple(int(names[i]) for i in top(contributions(factor, feature), TOP))

    def _adapt(self, state: State, level: F32 | None, residual: F32 | None) -> bool:
        """Learn or track; return whether the alarm has lasted so long that all is forgotten."""
        if level is not None and self.baseline.is_learning:
            self.baseline.learn(level, residual)
        elif level is not None and self._score is not None and self._score <= self._d.quiet:
            self.baseline.track(level)
        self._alarms = self._alarms + 1 if state == State.ALARM else 0
        return 0 < self._d.relearn_samples <= self._alarms


@dataclass(frozen=True, eq=False)
class ChainConfig:
    """Everything that a chain is made of."""

    adapter: Adapter
    detector: Detector


def load(directory: Path) -> ChainConfig:
    """Return the chain of a model directory: model, `scaler.json`, `detector.json`.

    Raises:
        DataError: A file is missing or malformed, or they do not fit each other.
    """
    adapter = adapters.load(directory)
    return ChainConfig(
        adapter, detectors.load(directory / detectors.FILE, len(adapter.scaler.channels))
    )


def run_chain(
    config: ChainConfig,
    samples: NDArray[np.float32],
    forecast: Forecast,
    resets: Collection[int] = (),
) -> NDArray[np.void]:
    """Run the whole chain from power-up.

    Args:
        config: Constants.
        samples: float32 [rows, channels], raw; a row that is not finite is a gap.
        forecast: The model.
        resets: Rows before which the detector is told to forget everything.

    Returns:
        RECORD [rows].

    Raises:
        DataError: Another channel count.
    """
    a = config.adapter
    if samples.ndim != 2 or samples.shape[1] != a.channels:
        raise DataError(f"samples have shape {samples.shape}, the chain {a.channels} channels")
    samples = samples.astype(np.float32)
    chain = Chain(config.detector, a, IntegerForecaster(a))
    model = _Batch(config, samples, forecast)
    records = np.zeros(len(samples), dtype=RECORD)
    for row, sample in enumerate(samples):
        if row in resets:
            chain.reset()
        result, window = chain.step(sample)
        output = None
        if window is not None:
            output = model.output(row, window)
            chain.forecaster.accept(output)
        records[row] = record(result, output)
    return records


def record(result: Result, output: NDArray[np.generic] | None) -> np.void:
    """Return one RECORD of a result and the model's output bytes, None when it did not run."""
    names = [*result.top, *[NO_CHANNEL] * TOP][:TOP]
    status = STATUS_NOT_FINITE if result.state == State.FAULT else STATUS_OK
    crc = 0 if output is None else zlib.crc32(np.ascontiguousarray(output).tobytes())
    found = np.zeros(1, dtype=RECORD)
    found[0] = (
        result.index,
        result.state,
        output is not None,
        status,
        result.level,
        result.residual,
        result.score,
        crc,
        names,
    )
    row: np.void = found[0]
    return row


class _Batch:
    """The model; windows that depend on samples only are run in one batch at first use."""

    def __init__(self, config: ChainConfig, samples: F32, forecast: Forecast) -> None:
        self._forecast = forecast
        self._outputs: dict[int, NDArray[np.int8]] = {}
        if config.detector.input != detectors.SCALER or not len(samples):
            return
        a, finite = config.adapter, finite_rows(samples)
        z = a.scaler.standardize(np.where(finite[:, None], samples, np.float32(0)))
        q = a.quantize(np.clip(z, -a.scaler.score_limit, a.scaler.score_limit))
        rows = [r for r in range(a.window - 1, len(q)) if finite[r - a.window + 1 : r + 1].all()]
        if rows:
            windows = q[np.array(rows)[:, None] + np.arange(1 - a.window, 1)]
            outputs = np.ascontiguousarray(forecast(windows))
            self._outputs = dict(zip(rows, outputs, strict=True))

    def output(self, row: int, window: NDArray[np.generic]) -> NDArray[np.int8]:
        """Return the output of the window that ends with `row`."""
        if row in self._outputs:
            return self._outputs[row]
        outputs = self._forecast(np.ascontiguousarray(window.astype(np.int8))[None])
        return np.asarray(outputs[0], np.int8)
