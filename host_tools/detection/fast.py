"""The rule in float64 over whole recordings at once: for choosing, drawing and counting.

It follows the chain but for masks, missing samples and rounding, about thirty times as fast, and
is never what a device is compared with. A test holds it to the chain.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from host_tools.detection.features import (
    F64,
    errors,
    innovations,
    medians,
    row_means,
)
from host_tools.detection.fit import Network
from host_tools.formats.detector import FORMS, INNOVATION_ROWS, LEARNED, Detector, unpack
from host_tools.formats.record import State
from host_tools.formats.scaler import Scaler


@dataclass(frozen=True, eq=False)
class Traces:
    """One recording scored.

    Attributes:
        score: [T]; 0 before the first verdict.
        limit: [T], score above which it is a notice.
        state: uint8 [T], WARMUP, LEARN, OK, NOTICE or ALARM.
    """

    score: F64
    limit: F64
    state: npt.NDArray[np.uint8]


def run(
    detector: Detector,
    scaler: Scaler,
    values: F64,
    network: Network | None = None,
    *,
    threshold: float | None = None,
) -> Traces:
    """Score raw rows [T, C] from power-up; values that are not finite are held.

    `threshold` scales both thresholds, so that this one is the notice.
    """
    z = (_held(values) - scaler.mean) * scaler.inv_std
    z = np.clip(z, -float(scaler.score_limit), float(scaler.score_limit))
    return _Run(detector, z, network, threshold).traces()


def _held(values: F64) -> F64:
    """Rows with each value that is not finite replaced by the last one that is."""
    good = np.isfinite(values)
    if good.all():
        return values
    at = np.where(good, np.arange(len(values))[:, None], 0)
    np.maximum.accumulate(at, axis=0, out=at)
    return np.nan_to_num(values[at, np.arange(values.shape[1])])


class _Run:
    """State of one recording."""

    def __init__(
        self, detector: Detector, z: F64, network: Network | None, threshold: float | None
    ) -> None:
        self.d, d = detector, detector
        self.scale = 1.0 if threshold is None else threshold / float(d.notice)
        first = d.rows - 1
        self.first = first
        self.values = [
            _padded(row_means(z, d.rows), first),
            _padded(row_means(medians(z), d.rows), first)[:, list(d.median.channels)],
            _padded(
                row_means(innovations(z, d.innovation_alpha.astype(np.float64)), INNOVATION_ROWS)
                if d.innovation.channels
                else np.zeros((len(z) - INNOVATION_ROWS + 1, 0)),
                INNOVATION_ROWS - 1,
            ),
            self._residuals(z, network),
        ]
        shapes = [getattr(d, name) for name in FORMS]
        self.pick = [np.array(s.channels, np.intp) for s in shapes]
        self.pick[1:] = [np.arange(len(s.channels)) for s in shapes[1:]]
        self.precision = []
        for shape in shapes:
            factor = unpack(shape.factor, len(shape.channels)).astype(np.float64)
            self.precision.append(factor.T @ factor)
        self.mean = [np.zeros(len(s.prior)) for s in shapes]
        self.variance = [s.prior.astype(np.float64) for s in shapes]
        self.least = list(self.variance)
        self.factor = 1.0
        self.rows = len(z)

    def _residuals(self, z: F64, network: Network | None) -> F64:
        d = self.d
        if network is None or not d.residual.channels:
            return np.full((len(z), len(d.residual.channels)), np.nan)
        inputs = z - self._start(z) if d.baseline == LEARNED else z
        alpha = float(d.residual_alpha)
        found = errors(inputs, network.predict, network.window, network.horizon, alpha)
        return found[:, list(d.residual.channels)]

    def _start(self, z: F64) -> F64:
        d = self.d
        level = row_means(z[d.settle_samples - d.rows + 1 : d.learn_samples], d.rows)
        return np.asarray(level.mean(axis=0), np.float64)

    def traces(self) -> Traces:
        """Learn, then judge row by row."""
        d = self.d
        first = self.first
        score, limit = np.zeros(self.rows), np.full(self.rows, float(d.notice) * self.scale)
        state = np.full(self.rows, int(State.WARMUP), np.uint8)
        if d.baseline == LEARNED:
            state[first : d.learn_samples] = State.LEARN
            first = d.learn_samples
            self._learn()
        self._judge(first, score, limit, state)
        return Traces(score, limit, state)

    def _learn(self) -> None:
        d = self.d
        for i, values in enumerate(self.values):
            rows = values[d.settle_samples : d.learn_samples]
            rows = rows[~np.isnan(rows).any(axis=1)] if rows.shape[1] else rows
            if not len(rows) or not rows.shape[1]:
                continue
            if i < 2:
                self.mean[i] = rows.mean(axis=0)
            own = ((rows - self.mean[i]) ** 2).sum(axis=0)
            weight = float(d.prior_rows)
            self.variance[i] = (weight * self.variance[i] + own) / (weight + len(rows))
        self.least = list(self.variance)

    def _statistic(self, row: int) -> float:
        best, limit = 0.0, float(self.d.feature_limit)
        for i, values in enumerate(self.values):
            pick = self.pick[i]
            if not len(pick) or np.isnan(values[row]).any():
                continue
            scaled = (values[row] - self.mean[i]) / np.sqrt(self.variance[i])
            feature = np.clip(scaled[pick], -limit, limit)
            best = max(best, float(feature @ self.precision[i] @ feature))
        return best

    def _judge(self, first: int, score: F64, limit: F64, state: npt.NDArray[np.uint8]) -> None:
        d = self.d
        ratio, hold = float(d.alarm / d.notice), float(d.hold)
        learned = d.baseline == LEARNED
        smooth: float | None = None
        present, was_raised = State.OK, False
        raised = below = above = over = 0
        top = 0.0
        self._drop(first)
        for row in range(first, self.rows):
            found = self._statistic(row)
            smooth = found if smooth is None else smooth + float(d.alpha) * (found - smooth)
            bound = float(d.notice) * self.scale * max(1.0, self.factor)
            above = above + 1 if smooth > bound else 0
            over = over + 1 if smooth > bound * ratio else 0
            if over >= d.confirm_rows or (present == State.ALARM and smooth > hold * bound * ratio):
                present = State.ALARM
            elif above >= d.confirm_rows or (present != State.OK and smooth > hold * bound):
                present = State.NOTICE
            else:
                present, raised, below, top = State.OK, 0, 0, 0.0
            score[row], limit[row], state[row] = smooth, bound, present
            if not learned:
                continue
            if (present != State.OK) != was_raised:
                self._drop(row)
            was_raised = present != State.OK
            if was_raised:
                raised, top = raised + 1, max(top, smooth)
                below = below + 1 if smooth < float(d.recover_share) * top else 0
                if 0 < d.recover_samples <= below or 0 < d.change_samples <= raised:
                    self._move(row, raised if 0 < d.change_samples <= raised else 0)
                    present, raised, below, top, smooth = State.OK, 0, 0, 0.0, None
                    was_raised = False
                    self._drop(row + 1)
                continue
            self._block(row, score[row], bound)

    def _move(self, row: int, raised: int) -> None:
        for i, values in enumerate(self.values):
            rows = values[row + 1 - max(raised, 1) : row + 1]
            if np.isnan(rows).any() or not rows.shape[1]:
                continue
            if i < 2:
                self.mean[i] = rows.mean(axis=0)
            if raised:
                found = ((rows - self.mean[i]) ** 2).mean(axis=0)
                self.variance[i] = np.maximum(found, self.least[i])

    def _drop(self, row: int) -> None:
        self.begin, self.peak, self.waiting = row, 0.0, -1
        self.waiting_peak = 0.0
        self.squares = [np.zeros_like(v) for v in self.variance]

    def _block(self, row: int, score: float, bound: float) -> None:
        d = self.d
        self.peak = max(self.peak, score)
        for i, values in enumerate(self.values):
            if not np.isnan(values[row]).any():
                self.squares[i] = self.squares[i] + (values[row] - self.mean[i]) ** 2
        if row + 1 - self.begin < d.block_rows:
            return
        is_good = self.peak <= bound
        if is_good and self.waiting >= 0:
            share = min(self.waiting_peak / float(d.peak), 2.0 * self.factor)
            self.factor += float(d.spread_step) * (share - self.factor)
            self._commit()
        self.waiting_squares, self.waiting_peak = self.squares, self.peak
        self.waiting = self.begin if is_good else -1
        self.begin, self.peak = row + 1, 0.0
        self.squares = [np.zeros_like(v) for v in self.variance]

    def _commit(self) -> None:
        d, size = self.d, self.d.block_rows
        for i, values in enumerate(self.values):
            rows = values[self.waiting : self.waiting + size]
            if not rows.shape[1] or np.isnan(rows).any():
                continue
            if i < 2:
                self.mean[i] = self.mean[i] + float(d.mean_step) * (
                    rows.mean(axis=0) - self.mean[i]
                )
            found = np.minimum(self.waiting_squares[i] / size, float(d.growth) * self.variance[i])
            grown = self.variance[i] + float(d.spread_step) * (found - self.variance[i])
            self.variance[i] = np.maximum(grown, self.least[i])


def _padded(values: F64, rows: int) -> F64:
    """Rows of NaN before, so that row t is about sample t."""
    return np.vstack([np.full((rows, values.shape[1]), np.nan), values])
