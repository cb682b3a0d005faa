"""The on-device chain, version 2: one raw sample to a score and a state, bit for bit.

Single precision, one rounding per operation, no fused multiply-add, sums in the order written,
nothing from libm but sqrtf. numpy's float32 element-wise operations round once each, so each
line here is one line of C over the channels. Sums over rows and channels are explicit loops
because numpy's own sum is pairwise.
"""

import enum
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from host_tools.detection.statistic import F32, Detector

ZERO = np.float32(0.0)
ONE = np.float32(1.0)


class State(enum.IntEnum):
    """Same values as safe_detector_state_t."""

    WARMUP = 0
    OK = 1
    ALARM = 2


@dataclass(frozen=True)
class Result:
    """What one sample gives; level and residual are 0 while their rows are not full."""

    index: int
    state: State
    level_score: np.float32
    residual_score: np.float32
    score: np.float32


class Forecaster(Protocol):
    """The model between quantized windows and sums of forecasts, float or integer."""

    def forecast(self) -> F32 | None:
        """Mean of the `horizon` forecasts of the present sample, [C]; None while too few."""

    def push(self, values: F32) -> npt.NDArray[np.generic] | None:
        """Takes the present model input [C]; returns a full window [W, C] to run, or None."""

    def accept(self, output: npt.NDArray[np.generic]) -> None:
        """Takes the model's output [H, C] for the window that push returned."""

    def reset(self) -> None:
        """Forgets all samples."""


class IntegerForecaster:
    """Rings of the device: int8 window, int32 sums of forecasts (steps 2 to 4 of the chain)."""

    def __init__(
        self,
        detector: Detector,
        input_inv_scale: float,
        input_zero_point: int,
        output_scale: float,
        output_zero_point: int,
    ) -> None:
        """Binds the model's quantization; scales are rounded to float32 as the generator does."""
        self._window, self._horizon = detector.window, detector.horizon
        self._clip = np.float32(detector.clip)
        self._inv_scale = np.float32(input_inv_scale)
        self._in_zero, self._out_zero = input_zero_point, output_zero_point
        self._forecast_scale = np.float32(output_scale / detector.horizon)
        self._channels = detector.channels
        self.reset()

    def reset(self) -> None:
        """Forgets all samples."""
        self._ring = np.zeros((self._window, self._channels), np.int8)
        self._sums = np.zeros((self._horizon, self._channels), np.int32)
        self._samples = 0

    def forecast(self) -> F32 | None:
        """See Forecaster."""
        if self._samples < self._window + self._horizon - 1:
            return None
        sums = self._sums[self._samples % self._horizon]
        centred = sums - np.int32(self._horizon * self._out_zero)
        return np.asarray(centred.astype(np.float32) * self._forecast_scale, np.float32)

    def push(self, values: F32) -> npt.NDArray[np.generic] | None:
        """See Forecaster; rounds half away from zero by C truncation."""
        self._sums[self._samples % self._horizon] = 0
        scaled = np.clip(values, -self._clip, self._clip) * self._inv_scale
        half = np.where(scaled >= ZERO, np.float32(0.5), np.float32(-0.5)).astype(np.float32)
        rounded = (scaled + half).astype(np.int32)
        self._ring[self._samples % self._window] = np.clip(rounded + self._in_zero, -128, 127)
        self._samples += 1
        if self._samples < self._window:
            return None
        return np.roll(self._ring, -(self._samples % self._window), axis=0)

    def accept(self, output: npt.NDArray[np.generic]) -> None:
        """See Forecaster; forecast h belongs to the sample h + 1 after the last one pushed."""
        for h in range(self._horizon):
            self._sums[(self._samples + h) % self._horizon] += output[h].astype(np.int32)


class FloatForecaster:
    """The same with the float model: what int8 is compared with. Not on the device."""

    def __init__(self, detector: Detector) -> None:
        """Binds the shapes."""
        self._window, self._horizon = detector.window, detector.horizon
        self._clip, self._channels = np.float32(detector.clip), detector.channels
        self.reset()

    def reset(self) -> None:
        """Forgets all samples."""
        self._ring = np.zeros((self._window, self._channels), np.float32)
        self._sums = np.zeros((self._horizon, self._channels), np.float64)
        self._samples = 0

    def forecast(self) -> F32 | None:
        """See Forecaster."""
        if self._samples < self._window + self._horizon - 1:
            return None
        mean = self._sums[self._samples % self._horizon] / self._horizon
        return np.asarray(mean, np.float32)

    def push(self, values: F32) -> npt.NDArray[np.generic] | None:
        """See Forecaster."""
        self._sums[self._samples % self._horizon] = 0.0
        self._ring[self._samples % self._window] = np.clip(values, -self._clip, self._clip)
        self._samples += 1
        if self._samples < self._window:
            return None
        return np.roll(self._ring, -(self._samples % self._window), axis=0)

    def accept(self, output: npt.NDArray[np.generic]) -> None:
        """See Forecaster."""
        for h in range(self._horizon):
            self._sums[(self._samples + h) % self._horizon] += output[h]


def row_mean(ring: F32, inv_rows: np.float32) -> F32:
    """Mean of the ring's rows, summed slot 0 first; [rows, n] -> [n]."""
    total = ring[0].copy()
    for row in ring[1:]:
        total = total + row
    return np.asarray(total * inv_rows, np.float32)


def quadratic(factor: F32, values: F32) -> np.float32:
    """Sum of squares of factor @ values, factor lower triangular [K, K]; never negative.

    Inner sums run over j = 0..i, the outer over i = 0..K-1, each from its first term; entries
    above the diagonal are not touched by the device and are exact zeros here.
    """
    inner = factor[:, 0] * values[0]
    for j in range(1, len(values)):
        inner = inner + factor[:, j] * values[j]
    squares = inner * inner
    total = ZERO
    for value in squares:
        total = np.float32(total + value)
    return total


def unpack(packed: F32, size: int) -> F32:
    """Packed lower triangle -> [size, size] with zeros above the diagonal."""
    factor = np.zeros((size, size), np.float32)
    factor[np.tril_indices(size)] = packed
    return factor


class Chain:
    """A running detector. `score` then, when it returns a window, `forecaster.accept`."""

    def __init__(self, detector: Detector, forecaster: Forecaster) -> None:
        """Binds constants and model and starts with nothing learned."""
        self._d, self._s = detector, detector.statistic
        self.forecaster = forecaster
        self._scored = np.array(self._s.scored)
        size = len(self._scored)
        self._level_factor = unpack(self._s.level_factor, size)
        self._residual_factor = unpack(self._s.residual_factor, size)
        self._inv_rows = np.float32(1.0 / self._s.rows)
        self._prior_rows = np.float32(self._s.prior_rows)
        self._level_mass = self._s.prior_level * self._prior_rows
        self._residual_mass = self._s.prior_residual * self._prior_rows
        self.mean = np.zeros(detector.channels, np.float32)
        self.index = 0
        self.relearn()
        self.gap()

    def relearn(self) -> None:
        """Forgets what was learned of the baseline's spread; the mean restarts at the next one."""
        self._learned = 0
        self._residual_learned = 0
        self._alarm_run = 0
        self._m2 = np.zeros_like(self.mean)
        self._r2 = np.zeros(len(self._scored), np.float32)
        self._inv_level = ONE / np.sqrt(self._s.prior_level)
        self._inv_residual = ONE / np.sqrt(self._s.prior_residual)

    def gap(self) -> None:
        """Forgets recent samples and the smoothed score, keeps the learned baseline."""
        self._samples = 0
        self._level_ring = np.zeros((self._s.rows, self._d.channels), np.float32)
        self._residual_ring = np.zeros((self._s.rows, len(self._scored)), np.float32)
        self._residuals = 0
        self._smooth = ZERO
        self._has_score = False
        self.forecaster.reset()

    def score(self, sample: F32) -> tuple[Result, npt.NDArray[np.generic] | None]:
        """One raw sample [C] -> its result and the model window to run, if full.

        A value that is not finite is a gap: the result is WARMUP and nothing is learned.
        """
        index = self.index
        self.index += 1
        if not np.isfinite(sample).all():
            self.gap()
            return Result(index, State.WARMUP, ZERO, ZERO, ZERO), None
        limit = np.float32(self._d.score_limit)
        with np.errstate(over="ignore"):  # an infinite product is limited on this very line
            z = np.clip((sample - self._d.mean) * self._d.inv_std, -limit, limit)
        if self._learned == 0:
            self.mean = self.mean + (z - self.mean) / np.float32(self._samples + 1)
        u = np.clip(((z - self.mean) * self._inv_level) * self._s.input_gain, -limit, limit)
        level_mean = self._level(z)
        residual_mean = self._residual(u)
        level, residual = self._statistics(level_mean, residual_mean)
        state = State.WARMUP
        if level_mean is not None:
            self._smooth_score(level if level >= residual else residual)
            if self._learned >= self._s.learn_samples:
                state = State.ALARM if self._smooth > np.float32(self._d.threshold) else State.OK
            self._adapt(state, level_mean, residual_mean)
        self._samples += 1
        result = Result(index, state, level, residual, self._smooth)
        return result, self.forecaster.push(u)

    def _level(self, z: F32) -> F32 | None:
        """Mean of the last `rows` standardized samples; None while fewer."""
        self._level_ring[self._samples % self._s.rows] = z
        if self._samples + 1 < self._s.rows:
            return None
        return row_mean(self._level_ring, self._inv_rows)

    def _residual(self, u: F32) -> F32 | None:
        """Mean of the last `rows` forecast residuals of the scored channels; None while fewer."""
        forecast = self.forecaster.forecast()
        if forecast is None:
            return None
        self._residual_ring[self._residuals % self._s.rows] = (u - forecast)[self._scored]
        self._residuals += 1
        if self._residuals < self._s.rows:
            return None
        return row_mean(self._residual_ring, self._inv_rows)

    def _statistics(
        self, level_mean: F32 | None, residual_mean: F32 | None
    ) -> tuple[np.float32, np.float32]:
        """Level and residual statistics of this sample, 0 where their rows are not full."""
        limit = np.float32(self._s.feature_limit)
        level = residual = ZERO
        if level_mean is not None:
            scaled = (level_mean - self.mean) * self._inv_level
            level = quadratic(self._level_factor, np.clip(scaled[self._scored], -limit, limit))
        if residual_mean is not None:
            scaled = residual_mean * self._inv_residual
            residual = quadratic(self._residual_factor, np.clip(scaled, -limit, limit))
        return level, residual

    def _smooth_score(self, score: np.float32) -> None:
        """EWMA, started at the first score."""
        if not self._has_score:
            self._smooth, self._has_score = score, True
            return
        step = np.float32(self._d.alpha) * np.float32(score - self._smooth)
        self._smooth = np.float32(self._smooth + step)

    def _adapt(self, state: State, level_mean: F32, residual_mean: F32 | None) -> None:
        """Learns the baseline at first, then tracks it while quiet; relearns if stuck."""
        if self._learned < self._s.learn_samples:
            self._learn(level_mean, residual_mean)
            return
        if self._smooth <= np.float32(self._s.quiet):
            self.mean = self.mean + np.float32(self._s.track) * (level_mean - self.mean)
        self._alarm_run = self._alarm_run + 1 if state == State.ALARM else 0
        if self._s.relearn_samples and self._alarm_run >= self._s.relearn_samples:
            self.relearn()

    def _learn(self, level_mean: F32, residual_mean: F32 | None) -> None:
        """Running mean and variance of the level (Welford) and mean square of the residual."""
        self._learned += 1
        count = np.float32(self._learned)
        delta = level_mean - self.mean
        self.mean = self.mean + delta / count
        self._m2 = self._m2 + delta * (level_mean - self.mean)
        variance = (self._level_mass + self._m2) / (self._prior_rows + count)
        self._inv_level = ONE / np.sqrt(variance)
        if residual_mean is None:
            return
        self._residual_learned += 1
        self._r2 = self._r2 + residual_mean * residual_mean
        variance = (self._residual_mass + self._r2) / (
            self._prior_rows + np.float32(self._residual_learned)
        )
        self._inv_residual = ONE / np.sqrt(variance)
