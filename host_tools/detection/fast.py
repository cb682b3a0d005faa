"""The rule in float64 over whole recordings at once: for choosing, drawing and counting.

It follows the chain but for masks, missing samples and rounding, and runs many recordings side by
side. It is never what a device is compared with. A test holds it to the chain.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from host_tools.detection.features import F64, errors, innovations, medians, row_means
from host_tools.detection.fit import Network
from host_tools.detection.hours import less_hours
from host_tools.detection.lanes import LaneDrift, LaneForm, LaneVerdict
from host_tools.formats.detector import FORMS, INNOVATION_ROWS, LEARNED, Detector
from host_tools.formats.record import State
from host_tools.formats.scaler import Scaler


@dataclass(frozen=True, eq=False)
class Traces:
    """One recording scored.

    Attributes:
        score: [T]; 0 before the first verdict.
        limit: [T], score above which it is a notice.
        state: uint8 [T], WARMUP, LEARN, OK, NOTICE or ALARM.
        drifts: bool [T], where the drift notice is on.
    """

    score: F64
    limit: F64
    state: npt.NDArray[np.uint8]
    drifts: npt.NDArray[np.bool_]

    @property
    def relative(self) -> F64:
        """The score in units in which the notice is constant: a learned limit moves."""
        return np.asarray(self.score * (self.limit[0] / self.limit), np.float64)


@dataclass(frozen=True, eq=False)
class Lane:
    """One recording to score: float64 [T, C], raw, from power-up.

    Attributes:
        values: The rows; values that are not finite are held.
        scale: Of both thresholds.
        phase: Sample of the day of the first row; None: not known.
        residual: The smoothed errors of the forecasts of another lane, which stand for its own.
    """

    values: F64
    scale: float = 1.0
    phase: int | None = None
    residual: F64 | None = None


def run(
    detector: Detector,
    scaler: Scaler,
    values: F64,
    network: Network | None = None,
    *,
    threshold: float | None = None,
) -> Traces:
    """Score one recording; `threshold` scales both thresholds, so that this one is the notice."""
    scale = 1.0 if threshold is None else threshold / float(detector.notice)
    return run_all(detector, scaler, [Lane(values, scale)], network)[0]


def run_all(
    detector: Detector, scaler: Scaler, lanes: Sequence[Lane], network: Network | None = None
) -> list[Traces]:
    """Score recordings side by side."""
    features = Features(detector, scaler, network)
    return judge(detector, [features.of(lane) for lane in lanes], [lane.scale for lane in lanes])


@dataclass(frozen=True, eq=False)
class Featured:
    """The features of one recording: [T, watched] of each form, and the drift channels."""

    forms: tuple[F64, ...]
    slow: F64


class Features:
    """Rows to features."""

    def __init__(self, detector: Detector, scaler: Scaler, network: Network | None) -> None:
        """Binds the constants."""
        self._d, self._scaler, self._network = detector, scaler, network

    def of(self, lane: Lane) -> Featured:
        """Return the features of a recording."""
        d = self._d
        z = self.standard(lane)
        rows, count = len(z), len(d.innovation.channels)
        innovation = np.zeros((rows, 0))
        if count:
            error = innovations(z[:, list(d.innovation.channels)], d.innovation_alpha.astype(float))
            innovation = _padded(row_means(error, INNOVATION_ROWS), INNOVATION_ROWS - 1)
        median = medians(z[:, list(d.median.channels)])
        residual = lane.residual if lane.residual is not None else self.residual(z)
        forms = (
            _padded(row_means(z, d.rows), d.rows - 1),
            _padded(row_means(median, d.rows), d.rows - 1),
            innovation,
            residual,
        )
        return Featured(forms, z[:, list(d.drift_channels)])

    def standard(self, lane: Lane) -> F64:
        """Return a recording's rows in standard deviations, less the mean of their hour."""
        limit, scaler = float(self._scaler.score_limit), self._scaler
        z = (held(lane.values) - scaler.mean) * scaler.inv_std
        return less_hours(np.clip(z, -limit, limit), self._d, lane.phase)

    def residual(self, z: F64) -> F64:
        """Return the smoothed errors of the forecasts; NaN where there are none."""
        d, network = self._d, self._network
        if network is None or not d.residual.channels:
            return np.full((len(z), len(d.residual.channels)), np.nan)
        inputs = z
        if d.baseline == LEARNED:
            level = row_means(z[d.settle_samples - d.rows + 1 : d.learn_samples], d.rows)
            inputs = z - level.mean(axis=0)
        alpha = float(d.residual_alpha)
        found = errors(inputs, network.predict, network.window, network.horizon, alpha)
        return found[:, list(d.residual.channels)]


def held(values: F64) -> F64:
    """Rows with each value that is not finite replaced by the last one that is."""
    good = np.isfinite(values)
    if good.all():
        return values
    at = np.where(good, np.arange(len(values))[:, None], 0)
    np.maximum.accumulate(at, axis=0, out=at)
    return np.nan_to_num(values[at, np.arange(values.shape[1])])


def judge(
    detector: Detector, recordings: Sequence[Featured], scales: Sequence[float]
) -> list[Traces]:
    """Learn, then judge all recordings row by row; shorter ones wait for the longest."""
    d = detector
    lengths = [len(one.forms[0]) for one in recordings]
    if not lengths:
        return []
    count, rows = len(lengths), max(lengths)
    forms = [
        LaneForm(d, i, _stacked([one.forms[i] for one in recordings], rows))
        for i in range(len(FORMS))
    ]
    slow = _stacked([one.slow for one in recordings], rows)
    verdict = LaneVerdict(d, np.array(scales, np.float64))
    score, drifts = np.zeros((count, rows)), np.zeros((count, rows), bool)
    limit = np.tile(verdict.limit[:, None], (1, rows))
    state = np.full((count, rows), int(State.WARMUP), np.uint8)
    first, learned = d.rows - 1, d.baseline == LEARNED
    if learned:
        state[:, first : d.learn_samples] = State.LEARN
        first = d.learn_samples
        for form in forms:
            form.learn(d.settle_samples, d.learn_samples)
    drift = LaneDrift(d, forms[0].mean[:, list(d.drift_channels)])
    for row in range(first, rows):
        found = np.max([form.statistic(row) for form in forms], axis=0)
        limit[:, row] = verdict.take(found)
        score[:, row], state[:, row] = verdict.score, verdict.state
        if learned:
            verdict.follow(row, forms, limit[:, row])
        if d.drift_channels:
            drifts[:, row] = drift.take(slow[:, row], state[:, row] != State.OK)
    return [
        Traces(score[i, :n], limit[i, :n], state[i, :n], drifts[i, :n])
        for i, n in enumerate(lengths)
    ]


def _stacked(parts: Sequence[F64], rows: int) -> F64:
    out = np.full((len(parts), rows, parts[0].shape[1]), np.nan)
    for i, part in enumerate(parts):
        out[i, : len(part)] = part
    return out


def _padded(values: F64, rows: int) -> F64:
    """Rows of NaN before, so that row t is about sample t."""
    return np.vstack([np.full((rows, values.shape[1]), np.nan), values])
