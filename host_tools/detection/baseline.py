"""What this deployment is like: mean and spread of each feature, learned and followed.

float32, one rounding per operation; the same to the last bit in `sdk/src/baseline.c`.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.detection.statistic import F32, ONE, ZERO
from host_tools.formats.detector import TRAINING, Detector

Flags = NDArray[np.bool_]

HALF = np.float32(0.5)

SKIPPED = np.float32(-1.0)
"""Stands for the squares of a block in which the channel was masked: they count for nothing."""


def _single(values: NDArray[Any]) -> F32:
    """For the type checker: every value here is float32 already."""
    return np.asarray(values, np.float32)


class Tracker:
    """Mean (kept at 0 for innovations and residuals) and 1/spread of K features.

    A block is kept as the sums of its values and of their squared deviations; the block before
    it waits in quarantine until this one is good as well.
    """

    def __init__(self, detector: Detector, prior: F32, has_mean: bool) -> None:
        """Starts as after power-up."""
        self._d, self._prior, self._has_mean = detector, prior, has_mean
        self._inv_block = ONE / np.float32(detector.block_rows)
        self.forget()

    def forget(self) -> None:
        """Nothing is learned: mean 0, spread of the prior."""
        size = len(self._prior)
        self.mean: F32 = np.zeros(size, np.float32)
        self.inv: F32 = _single(ONE / np.sqrt(self._prior))
        self._most_inv: F32 = self.inv
        self._count: F32 = np.zeros(size, np.float32)
        self._squares: F32 = np.zeros(size, np.float32)
        self._block, self._waiting = self._empty(), self._empty()
        self.drop()

    @property
    def learned(self) -> tuple[F32, F32, F32]:
        """What a device keeps over a restart: mean, 1/spread, and the largest that it may be."""
        return self.mean, self.inv, self._most_inv

    def restore(self, learned: tuple[F32, F32, F32]) -> None:
        """Take what was kept; blocks are forgotten."""
        self.forget()
        self.mean, self.inv, self._most_inv = learned

    def _empty(self) -> tuple[F32, F32]:
        size = len(self._prior)
        return np.zeros(size, np.float32), np.zeros(size, np.float32)

    def learn(self, values: F32, masked: Flags) -> None:
        """Running mean and sum of squared deviations (Welford) of what is not masked."""
        self.mean, self._squares, self._count = self._grown(
            (self.mean, self._squares, self._count), values, masked
        )

    def _grown(
        self, moments: tuple[F32, F32, F32], values: F32, masked: Flags
    ) -> tuple[F32, F32, F32]:
        mean, squares, before = moments
        count: F32 = np.where(masked, before, before + ONE)
        if self._has_mean:
            delta = values - mean
            moved = mean + delta / np.maximum(count, ONE)
            square = _single(delta * (values - moved))
            mean = _single(np.where(masked, mean, moved))
        else:
            square = values * values
        counts = ~masked & (square > ZERO)
        return mean, np.where(counts, squares + square, squares), count

    def finish(self) -> F32:
        """Turn what was learned into a spread, and return the values learned from, [K]."""
        mass = self._d.prior_rows * self._prior + self._squares
        self.inv = _single(ONE / np.sqrt(mass / (self._d.prior_rows + self._count)))
        self._most_inv = self.inv
        return self._count

    def prime(self, values: F32, samples: int) -> None:
        """Before the first learned row: the mean of the samples so far, `samples` with these."""
        self.mean = self.mean + (values - self.mean) / np.float32(samples)

    def feature(self, values: F32) -> F32:
        """Deviations in spreads, within ± feature_limit."""
        limit = self._d.feature_limit
        centred = values - self.mean if self._has_mean else values
        return np.asarray(np.clip(centred * self.inv, -limit, limit), np.float32)

    def add(self, values: F32, masked: Flags) -> None:
        """Take a row into the present block."""
        total, squares = self._block
        deviation = values - self.mean if self._has_mean else values
        self._block = (
            total + values,
            np.where(masked | (squares < ZERO), SKIPPED, squares + deviation * deviation),
        )

    def drop(self) -> None:
        """Begin anew: a block, and what a raised state is like."""
        size = len(self._prior)
        self._block = self._empty()
        self._raised = (
            np.zeros(size, np.float32), np.zeros(size, np.float32), np.zeros(size, np.float32)
        )  # fmt: skip

    def turn(self) -> None:
        """The present block waits in quarantine; a new one begins."""
        self._waiting, self._block = self._block, self._empty()

    def commit(self) -> None:
        """Follow the waiting block: a share of its mean and of its spread."""
        total, squares = self._waiting
        counts = squares >= ZERO
        if self._has_mean:
            step = self._d.mean_step * (total * self._inv_block - self.mean)
            self.mean = np.where(counts, self.mean + step, self.mean)
        with np.errstate(invalid="ignore", divide="ignore"):
            variance = ONE / (self.inv * self.inv)
            found = np.minimum(squares * self._inv_block, self._d.growth * variance)
            grown = variance + self._d.spread_step * (found - variance)
            inv = np.minimum(ONE / np.sqrt(grown), self._most_inv)
        self.inv = np.where(counts, inv, self.inv)

    def move(self, values: F32, masked: Flags) -> None:
        """Take the present row as the mean, where it is not masked."""
        if self._has_mean:
            self.mean = np.where(masked, self.mean, values)

    def add_raised(self, values: F32, masked: Flags) -> None:
        """Take a row of a raised state: learn what it is like, beside the baseline."""
        self._raised = self._grown(self._raised, values, masked)

    def keep(self) -> None:
        """The raised state is over: its mean and variance wait in the place of a block."""
        mean, squares, count = self._raised
        variance = np.where(count > ZERO, squares / np.maximum(count, ONE), SKIPPED)
        self.drop()
        self._waiting = (mean, variance)

    def adopt(self) -> None:
        """The raised state that waits is normal, too: the mean and the variance of both, of equal
        weight, because how often the plant is in either is not known. The spread is at least the
        learned one.
        """
        mean, found = self._waiting
        seen = found >= ZERO
        variance = (ONE / (self.inv * self.inv) + found) * HALF
        if self._has_mean:
            half = (mean - self.mean) * HALF
            self.mean = np.where(seen, self.mean + half, self.mean)
            variance = variance + half * half
        with np.errstate(invalid="ignore", divide="ignore"):
            inv = np.minimum(ONE / np.sqrt(variance), self._most_inv)
        self.inv = np.where(seen, inv, self.inv)


class Blocks:
    """When the trackers follow: two good blocks in a row, and never in NOTICE or ALARM.

    A block is `block_rows` rows in OK; it is good when its peak score is within the limit. The
    factor of the limit, at least 1, follows the peaks of the good blocks.

    A brief raised state that came and went waits in the place of a block (`keep`). It is adopted
    when the block after it is good and the score at its end is calm: within what the notice is a
    multiple of.
    """

    def __init__(self, detector: Detector) -> None:
        """Starts as after power-up."""
        self._d = detector
        self.forget()

    def forget(self) -> None:
        """Nothing was seen."""
        self.factor = ONE
        self.drop()

    def drop(self) -> None:
        """Forget the present block and the waiting one."""
        self._rows, self._peak = 0, ZERO
        self._waiting_peak = ZERO
        self._waits = False
        self._keeps = False

    def keep(self) -> None:
        """A raised state waits, in the place of a block."""
        self.drop()
        self._keeps = True

    @property
    def limit(self) -> np.float32:
        """Score above which it is a notice."""
        return np.float32(self._d.notice * max(ONE, self.factor))

    def add(self, score: np.float32) -> str:
        """Take a row; return what the trackers have to do: "", "drop", "turn", "commit, turn",
        "adopt, turn".
        """
        self._rows += 1
        self._peak = max(self._peak, score)
        if self._rows < self._d.block_rows:
            return ""
        is_good = bool(self._peak <= self.limit)
        commits = is_good and self._waits
        if commits:
            share = np.float32(self._waiting_peak / self._d.peak)
            most = np.float32(np.float32(2) * self.factor)
            change = np.float32(min(share, most) - self.factor)
            self.factor = np.float32(self.factor + np.float32(self._d.spread_step * change))
        adopts = self._keeps and bool(score <= max(ONE, self.factor))
        self._waits, self._waiting_peak = is_good, self._peak
        self._rows, self._peak, self._keeps = 0, ZERO, False
        if not is_good:
            return "drop"
        if adopts:
            return "adopt, turn"
        return "commit, turn" if commits else "turn"


def learns(detector: Detector) -> bool:
    """Whether a device has to learn its baseline."""
    return detector.baseline != TRAINING
