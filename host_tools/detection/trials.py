"""What a detector sees, without labels: faults of known size put into quiet rows.

Each trial is a deployment on quiet rows that trained nothing: the device starts, learns its
baseline if it does, and after a while one channel steps away, or ramps. Sizes are in spreads of
the channel. A trial is caught when the state is raised after the onset; one that was raised
before is left out, and quiet trials tell what chance catches.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from host_tools.detection import fast
from host_tools.detection.fast import Lane, Traces
from host_tools.detection.features import F32, F64
from host_tools.detection.fit import Network
from host_tools.detection.sight import Fault, Outcome, QuietPoint, Sight, Trial
from host_tools.formats.detector import Detector
from host_tools.formats.record import RAISED, VERDICTS, State
from host_tools.formats.scaler import Scaler

STEPS = (1.0, 2.0, 3.0, 5.0)
RAMPS = (3.0, 5.0)
STEP_ROWS = 150
"""Rows after a step in which it must be caught."""
RAMP_SECONDS = 3600.0
LEAST_RAMP, MOST_RAMP = 300, 3600
"""Rows of a ramp: of an hour, within these bounds and as far as the quiet rows reach."""
LEAST_ROWS = 60
"""Rows after an onset below which a trial says nothing."""
WINDOWS = 10_000
"""Windows that the network is run on for the steps, about: it bounds the time."""
MOST_PIECES = 4
THRESHOLDS = (1.0, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5, 3.0, 4.0, 6.0, 8.0)
"""Points of the operating curve."""
MOST_QUIET = 8_000
"""Quiet rows that a curve or a comparison is measured on: it bounds the time."""
_VALUES = 2_000_000
"""Values of the recordings that are judged side by side: it bounds the memory."""


@dataclass(frozen=True, eq=False)
class Bench:
    """A detector on trial.

    Attributes:
        detector: Its constants.
        scaler: Of its inputs.
        network: The model; it runs only where a residual is scored.
        spread: float64 [C], what a size of 1 is, raw.
        rate_hz: Rows per second.
    """

    detector: Detector
    scaler: Scaler
    network: Network | None
    spread: F64
    rate_hz: float

    @property
    def onset(self) -> int:
        """Row of a deployment in which a fault begins."""
        d, net = self.detector, self.network
        ahead = net.window + net.horizon if net is not None else 0
        return max(d.learn_samples, ahead) + 5 * d.rows

    def ramp_rows(self, longest: int) -> int:
        """Return the rows of a ramp where a quiet stretch has at most `longest` rows."""
        wanted = min(max(round(RAMP_SECONDS * self.rate_hz), LEAST_RAMP), MOST_RAMP)
        return min(wanted, longest - self.onset)


def sight(bench: Bench, stretches: Sequence[F64], *, whole: bool = True) -> Sight | None:
    """Put faults into quiet stretches; None: they are too short.

    Args:
        bench: The detector.
        stretches: Quiet rows that trained nothing, raw float64 [T, C] each, without gaps.
        whole: Whether to try ramps and other thresholds, too, not only steps.
    """
    steps = tuple(Fault("step", size, 1) for size in STEPS)
    channels = bench.scaler.channels
    budget = max(1, WINDOWS // (len(channels) * len(steps) * STEP_ROWS))
    pieces = deployments(bench, stretches, STEP_ROWS, min(MOST_PIECES, budget))
    if not pieces:
        return None
    own = float(bench.detector.notice)
    thresholds = sorted({own, *THRESHOLDS} if whole else {own})
    tried = _tried(bench, pieces, steps, [value / own for value in thresholds])
    trials, quiet = tried[thresholds.index(own)]
    delays = np.array([t.delay for row in trials for cell in row for t in cell])
    chance, faults = {"step": quiet}, steps
    rows = [tuple(map(Outcome.of, row)) for row in trials]
    length = bench.ramp_rows(max(map(len, [*stretches, *pieces])))
    if whole and length >= LEAST_ROWS:
        slow = tuple(Fault("ramp", size, length) for size in RAMPS)
        some = deployments(bench, stretches, length, 2) or pieces[:2]
        ((more, chance["ramp"]),) = _tried(bench, some, slow, [1.0])
        rows = [a + tuple(map(Outcome.of, b)) for a, b in zip(rows, more, strict=True)]
        faults = steps + slow
    found = Sight(
        channels, faults, tuple(rows), chance, len(pieces), bench.rate_hz, STEP_ROWS, delays
    )
    if not whole:
        return found
    points = []
    for value, (by_channel, _), (a_day, share) in zip(
        thresholds, tried, quiet_time(bench, stretches, thresholds), strict=True
    ):
        all_steps = Outcome.of([t for row in by_channel for cell in row for t in cell])
        points.append(QuietPoint(value, a_day, share, all_steps.share, all_steps.delay))
    return replace(found, curve=tuple(points))


def quiet_time(
    bench: Bench, stretches: Sequence[F64], thresholds: Sequence[float]
) -> list[tuple[float | None, float | None]]:
    """Return notices a day and percent of the time in notice or alarm, at each threshold."""
    d, own = bench.detector, float(bench.detector.notice)
    features = fast.Features(d, bench.scaler, bench.network)
    some = [features.of(Lane(s)) for s in _bounded(stretches, d.learn_samples + d.rows)]
    scales = [value / own for value in thresholds for _ in some]
    found = fast.judge(d, some * len(thresholds), scales)
    return [
        _quiet_time(bench, found[i * len(some) : (i + 1) * len(some)])
        for i in range(len(thresholds))
    ]


def _bounded(stretches: Sequence[F64], least: int) -> list[F64]:
    """Return stretches of more than `least` rows, the longest first, of MOST_QUIET rows in all."""
    found, left = [], MOST_QUIET
    for stretch in sorted(stretches, key=len, reverse=True):
        if min(len(stretch), left) > least:
            found.append(stretch[:left])
            left -= len(found[-1])
    return found


def _quiet_time(bench: Bench, found: Sequence[Traces]) -> tuple[float | None, float | None]:
    rows = raised = episodes = 0
    for one in found:
        flags = np.isin(one.state, RAISED)
        rows += int(np.isin(one.state, VERDICTS).sum())
        raised += int(flags.sum())
        episodes += int((np.diff(flags.astype(int), prepend=0) > 0).sum())
    if not rows:
        return None, None
    return episodes * bench.rate_hz * 86400.0 / rows, 100.0 * raised / rows


def deployments(bench: Bench, stretches: Sequence[F64], rows: int, most: int) -> list[F64]:
    """Return up to `most` recordings with `rows` rows after the onset, spread over the stretches.

    Where no stretch is long enough, a device that learns sees the rows that it learned from
    again; others get what there is.
    """
    need = bench.onset + rows
    starts = [
        (s, int(first))
        for s in stretches
        if len(s) >= need
        for first in np.linspace(0, len(s) - need, 1 + min(most - 1, (len(s) - need) // rows))
    ]
    found = [s[first : first + need] for s, first in starts]
    if not found:
        learn = bench.detector.learn_samples
        again = [np.concatenate([s, s]) for s in stretches if learn and len(s) >= learn]
        found = [s[:need] for s in again or stretches if len(s) >= bench.onset + LEAST_ROWS]
    count = min(most, len(found))
    return [found[i * len(found) // count] for i in range(count)]


_Tried = tuple[list[list[list[Trial]]], Outcome]
"""Trials by channel, fault and piece, and what quiet rows alone raise."""


def _tried(
    bench: Bench, pieces: Sequence[F64], faults: Sequence[Fault], scales: Sequence[float]
) -> list[_Tried]:
    """Return what each scale of the thresholds gives."""
    memo = _Memo(bench.network)
    features = fast.Features(bench.detector, bench.scaler, memo.network)
    still = [Lane(p) for p in pieces]
    residuals = [features.residual(features.standard(lane)) for lane in still]
    still = [replace(lane, residual=r) for lane, r in zip(still, residuals, strict=True)]
    is_slow = faults[0].kind == "ramp"

    def lanes() -> Iterator[Lane]:
        for channel in range(len(bench.spread)):
            for fault in faults:
                for piece, residual in zip(pieces, residuals, strict=True):
                    values = piece.copy()
                    rows = len(piece) - bench.onset
                    values[bench.onset :, channel] += bench.spread[channel] * fault.shape(rows)
                    # A slow ramp hardly moves the error of a forecast a few rows ahead.
                    yield Lane(values, residual=residual if is_slow else None)

    count, rows = len(pieces), len(pieces[0])
    found = list(_judged(bench, features, lanes(), rows, scales))
    quiet = list(_judged(bench, features, iter(still), rows, scales))

    def table(index: int) -> list[list[list[Trial]]]:
        flat = iter([trials[index] for trials in found])
        return [[[next(flat) for _ in range(count)] for _ in faults] for _ in bench.spread]

    return [(table(i), Outcome.of([t[i] for t in quiet])) for i in range(len(scales))]


def _judged(
    bench: Bench,
    features: fast.Features,
    lanes: Iterator[Lane],
    rows: int,
    scales: Sequence[float],
) -> Iterator[list[Trial]]:
    """Judge lanes in groups of a bounded size, in order; one trial for each scale."""
    group = max(1, _VALUES // (rows * len(bench.spread) * len(scales)))
    while some := list(islice(lanes, group)):
        featured = [features.of(lane) for lane in some]
        repeated = [scale for scale in scales for _ in featured]
        found = fast.judge(bench.detector, featured * len(scales), repeated)
        for i in range(len(some)):
            yield [_trial(bench, t) for t in found[i :: len(some)]]


def _trial(bench: Bench, found: Traces) -> Trial:
    at = bench.onset
    if found.state[at - 1] in RAISED:
        return Trial(float("nan"))
    raised = np.flatnonzero(np.isin(found.state[at:], RAISED))
    if len(raised):
        return Trial(float(raised[0]), bool((found.state[at:] == State.ALARM).any()))
    return Trial(float("inf"), drifts=bool(found.drifts[at:].any() and not found.drifts[at - 1]))


class _Memo:
    """A network that runs each window once: trials of one recording begin alike."""

    def __init__(self, network: Network | None) -> None:
        self._known: dict[int, F32] = {}
        self.network = network
        if network is not None:
            self._predict: Callable[[F32], F32] = network.predict
            self.network = replace(network, predict=self._run)

    def _run(self, windows: F32) -> F32:
        keys = [hash(w.tobytes()) for w in windows]
        new = [i for i, key in enumerate(keys) if key not in self._known]
        if new:
            for i, output in zip(new, self._predict(windows[new]), strict=True):
                self._known[keys[i]] = output
        return np.stack([self._known[key] for key in keys])
