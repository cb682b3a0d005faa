"""The state of many detectors that run side by side, a row at a time, in float64.

A *lane* is one recording with one pair of thresholds. All arrays have the lane as their first
axis. The arithmetic is that of `chain.py` but for masks, missing samples and rounding.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from host_tools.detection.features import F64
from host_tools.detection.regimes import nearest
from host_tools.formats.detector import FORMS, Detector
from host_tools.formats.packed import unpack
from host_tools.formats.record import State

Flags = npt.NDArray[np.bool_]

HAS_MEAN = (True, True, False, False)
"""Whether a baseline has a mean of the feature; the order is that of FORMS."""


class LaneForm:
    """One statistic of all lanes: its baseline, and what blocks and raised states gather.

    `values` is [lanes, rows, watched], NaN where the statistic does not exist yet.
    """

    def __init__(self, detector: Detector, index: int, values: F64) -> None:
        """Starts with the priors."""
        shape = getattr(detector, FORMS[index])
        self._d, self.values, self._has_mean = detector, values, HAS_MEAN[index]
        count = len(shape.channels)
        self.pick = np.array(shape.channels if index == 0 else range(count), np.intp)
        factor = unpack(shape.factor, count).astype(np.float64)
        self._precision = factor.T @ factor
        size = (len(values), values.shape[2])
        self.mean = np.zeros(size)
        self.variance = np.tile(shape.prior.astype(np.float64), (len(values), 1))
        self.least = self.variance.copy()
        self._regimes = detector.regimes.astype(np.float64)[: None if index == 0 else 0]
        self._sum, self._squares = np.zeros(size), np.zeros(size)
        self._waiting_sum, self._waiting = np.zeros(size), np.zeros(size)
        self._seen = np.zeros(len(values))

    def learn(self, first: int, last: int) -> None:
        """Mean and spread of rows first … last − 1, mixed with the priors."""
        rows = self.values[:, first:last]
        rows = rows[:, ~np.isnan(rows[0, :, 0])] if rows.shape[2] else rows[:, :0]
        count = rows.shape[1]
        if not count:
            return
        if self._has_mean:
            self.mean = rows.mean(axis=1)
        own = ((rows - self.mean[:, None]) ** 2).sum(axis=1)
        weight = float(self._d.prior_rows)
        self.variance = (weight * self.variance + own) / (weight + count)
        self.least = self.variance.copy()

    def statistic(self, row: int) -> F64:
        """Quadratic form of a row, [lanes]; 0 where there is none."""
        if not len(self.pick):
            return np.zeros(len(self.mean))
        limit = float(self._d.feature_limit)
        values = self.values[:, row]
        if len(self._regimes):
            inv = 1.0 / np.sqrt(self.variance[0])
            values = values - nearest(np.nan_to_num(values), self._regimes, inv)
        scaled = (values - self.mean) / np.sqrt(self.variance)
        feature = np.clip(scaled[:, self.pick], -limit, limit)
        found = ((feature @ self._precision) * feature).sum(axis=1)
        return np.asarray(np.nan_to_num(found), np.float64)

    def gather(self, row: int, lanes: Flags) -> None:
        """Take a row into what the present block, or the raised state, is like."""
        value = self.values[:, row]
        there = lanes & ~np.isnan(value).any(axis=1)
        deviation = np.where(there[:, None], value - self.mean, 0.0)
        self._sum += deviation
        self._squares += deviation * deviation
        self._seen += there

    def drop(self, lanes: Flags) -> None:
        """Begin to gather anew."""
        self._sum[lanes] = self._squares[lanes] = 0.0
        self._seen[lanes] = 0.0

    def turn(self, lanes: Flags) -> None:
        """The present block waits; a new one begins."""
        self._waiting_sum[lanes], self._waiting[lanes] = self._sum[lanes], self._squares[lanes]
        self.drop(lanes)

    def commit(self, lanes: Flags) -> None:
        """Follow the waiting block."""
        d, rows = self._d, float(self._d.block_rows)
        variance = self.variance[lanes]
        found = np.minimum(self._waiting[lanes] / rows, float(d.growth) * variance)
        grown = variance + float(d.spread_step) * (found - variance)
        self.variance[lanes] = np.maximum(grown, self.least[lanes])
        if self._has_mean:
            step = float(d.mean_step) * self._waiting_sum[lanes] / rows
            self.mean[lanes] += step
            # Sums are relative to the mean, squares to what it was when their row came.
            self._sum[lanes] -= rows * step

    def move(self, row: int, lanes: Flags) -> None:
        """The present row is the mean."""
        there = lanes & ~np.isnan(self.values[:, row]).any(axis=1)
        if self._has_mean:
            self.mean[there] = self.values[there, row]

    def keep(self, lanes: Flags) -> None:
        """What was gathered waits, mean and mean square about the baseline; NaN: nothing was."""
        with np.errstate(invalid="ignore", divide="ignore"):
            self._waiting_sum[lanes] = self._sum[lanes] / self._seen[lanes][:, None]
            self._waiting[lanes] = self._squares[lanes] / self._seen[lanes][:, None]
        self.drop(lanes)

    def adopt(self, lanes: Flags) -> None:
        """What waits is normal, too; the spread is at least the learned one."""
        lanes = lanes & ~np.isnan(self._waiting).any(axis=1)
        found = (self.variance[lanes] + self._waiting[lanes]) / 2.0
        if self._has_mean:
            half = self._waiting_sum[lanes] / 2.0
            found = found - half * half
            self.mean[lanes] += half
            # Sums are relative to the mean, squares to what it was when their row came.
            self._sum[lanes] -= self._seen[lanes][:, None] * half
        self.variance[lanes] = np.maximum(found, self.least[lanes])


class LaneVerdict:
    """Score, limit and state of all lanes, and when their baselines follow."""

    def __init__(self, detector: Detector, scale: F64) -> None:
        """Starts with nothing raised; `scale` [lanes] is what thresholds are multiplied by."""
        count = len(scale)
        self._d, self._notice = detector, float(detector.notice) * scale
        self._ratio = float(detector.alarm / detector.notice)
        self.score, self.factor = np.full(count, np.nan), np.ones(count)
        self.state = np.full(count, int(State.OK), np.uint8)
        self._above, self._over = np.zeros(count, int), np.zeros(count, int)
        self._raised, self._below = np.zeros(count, int), np.zeros(count, int)
        self._new = min(detector.learn_samples, detector.change_samples)
        self._credit = np.full(count, self._new)
        self._top, self._peak = np.zeros(count), np.zeros(count)
        self._rows, self._waiting_peak = np.zeros(count, int), np.zeros(count)
        self._waits = np.zeros(count, bool)
        self._was_raised = np.zeros(count, bool)
        self._ended, self._keeps = np.zeros(count, int), np.zeros(count, bool)

    @property
    def limit(self) -> F64:
        """Score above which it is a notice, [lanes]."""
        return self._notice * np.maximum(1.0, self.factor)

    def take(self, found: F64) -> F64:
        """Judge a row; return its limit."""
        d, limit = self._d, self.limit
        moved = self.score + float(d.alpha) * (found - self.score)
        self.score = np.where(np.isnan(self.score), found, moved)
        alarm = limit * self._ratio
        self._above = np.where(self.score > limit, self._above + 1, 0)
        self._over = np.where(self.score > alarm, self._over + 1, 0)
        hold = float(d.hold)
        held = (self.state != State.OK) & (self.score > hold * limit)
        held_alarm = (self.state == State.ALARM) & (self.score > hold * alarm)
        self.state = np.where(
            (self._over >= d.confirm_rows) | held_alarm,
            int(State.ALARM),
            np.where((self._above >= d.confirm_rows) | held, int(State.NOTICE), int(State.OK)),
        ).astype(np.uint8)
        raised = self.state != State.OK
        self._ended = np.where(raised, 0, self._raised)
        self._raised = np.where(raised, self._raised + 1, 0)
        self._credit = np.clip(self._credit + np.where(raised, -1, 1), 0, d.change_samples)
        self._top = np.where(raised, np.maximum(self._top, self.score), 0.0)
        is_notice = self.state == State.NOTICE
        low = is_notice & (self.score < float(d.recover_share) * self._top)
        self._below = np.where(low, self._below + 1, 0)
        return limit

    def follow(self, row: int, forms: list[LaneForm], limit: F64) -> None:
        """Let the baselines follow, or start anew; the last step of a row."""
        d, raised = self._d, self.state != State.OK
        keeps = self._was_raised & ~raised & (self._ended <= d.recover_samples)
        self._keep(keeps, forms)
        self._drop((raised != self._was_raised) & ~keeps, forms)
        self._was_raised = raised
        for form in forms:
            form.gather(row, np.ones(len(raised), bool))
        if raised.any():
            recovered = raised & (d.recover_samples > 0) & (d.recover_samples <= self._below)
            changed = raised & (d.change_samples > 0) & (self._credit == 0)
            changed &= self._raised >= d.block_rows
            self._credit[changed & ~recovered] = self._new
            self._start_anew(row, forms, recovered, changed & ~recovered)
        self._block(forms, ~raised, limit)

    def _start_anew(self, row: int, forms: list[LaneForm], moves: Flags, adopts: Flags) -> None:
        lanes = moves | adopts
        if not lanes.any():
            return
        for form in forms:
            form.move(row, moves)
            form.keep(adopts)
            form.adopt(adopts)
        self.state[lanes] = int(State.OK)
        self.score[lanes] = np.nan
        self._raised[lanes] = self._below[lanes] = 0
        self._top[lanes] = 0.0
        self._was_raised[lanes] = False
        self._drop(lanes, forms)

    def _keep(self, lanes: Flags, forms: list[LaneForm]) -> None:
        """A raised state came and went: it waits for a quiet block."""
        if not lanes.any():
            return
        self._rows[lanes], self._peak[lanes], self._waits[lanes] = 0, 0.0, False
        self._keeps[lanes] = True
        for form in forms:
            form.keep(lanes)

    def _drop(self, lanes: Flags, forms: list[LaneForm]) -> None:
        if not lanes.any():
            return
        self._rows[lanes], self._peak[lanes], self._waits[lanes] = 0, 0.0, False
        self._keeps[lanes] = False
        for form in forms:
            form.drop(lanes)

    def _block(self, forms: list[LaneForm], quiet: Flags, limit: F64) -> None:
        d = self._d
        self._rows += quiet
        self._peak = np.where(quiet, np.fmax(self._peak, self.score), self._peak)
        full = quiet & (self._rows >= d.block_rows)
        if not full.any():
            return
        good = full & (self._peak <= limit)
        commits = good & self._waits
        share = np.minimum(self._waiting_peak / float(d.peak), 2.0 * self.factor)
        step = float(d.spread_step) * (share - self.factor)
        self.factor = np.where(commits, self.factor + step, self.factor)
        adopts = good & self._keeps & (self.score <= np.maximum(1.0, self.factor))
        self._keeps[full] = False
        for form in forms:
            form.adopt(adopts)
            if commits.any():
                form.commit(commits)
            form.turn(good)
            form.drop(full & ~good)
        self._waits = np.where(full, good, self._waits)
        self._waiting_peak = np.where(full, self._peak, self._waiting_peak)
        self._rows[full], self._peak[full] = 0, 0.0


@dataclass(eq=False)
class LaneDrift:
    """The slow mean of the channels that are watched for drift, all lanes."""

    detector: Detector
    start: F64

    def __post_init__(self) -> None:
        """The slow mean starts at the baseline."""
        self._slow = self.start.copy()

    def take(self, d: F64, raised: Flags) -> Flags:
        """Follow a row's deviations [lanes, watched]; return which lanes drift."""
        moved = self._slow + float(self.detector.drift_alpha) * (d - self._slow)
        self._slow = np.where(raised[:, None], self._slow, moved)
        limit = self.detector.drift_limit.astype(np.float64)
        return np.asarray((np.abs(self._slow - self.start) > limit).any(axis=1))
