"""What other thresholds would have given on labelled runs, replayed with everything that adapts."""

from collections.abc import Sequence

import numpy as np

from host_tools.data.runs import Recording
from host_tools.detection import fast, hours, metrics
from host_tools.detection.fast import Lane, Traces
from host_tools.detection.fit import Network
from host_tools.detection.replay import ChainConfig
from host_tools.detection.trials import THRESHOLDS
from host_tools.evaluation.trace import OperatingPoint
from host_tools.formats.record import RAISED, VERDICTS

_VALUES = 20_000_000
"""Values of the recordings that are judged side by side: it bounds the memory."""


def curve(
    config: ChainConfig, network: Network | None, runs: Sequence[Recording], first: int
) -> list[OperatingPoint]:
    """Return what thresholds of the notice give, ascending; the detector's own is one of them.

    By the rule in float64 (`detection.fast`): a value that is not finite is held, not masked.

    Args:
        config: The detector.
        network: The model; None where there is none.
        runs: Labelled runs.
        first: First row of each that counts.
    """
    d = config.detector
    own = float(d.notice)
    features = fast.Features(d, config.adapter.scaler, network)
    lanes = [Lane(run.values, phase=hours.phase(run.start, d.day_samples)) for run in runs]
    featured = [features.of(lane) for lane in lanes]
    longest = max((len(run.values) for run in runs), default=1)
    values = len(runs) * longest * config.adapter.channels * 3
    thresholds = sorted({own, *THRESHOLDS})
    size = max(1, _VALUES // values)
    points = []
    for start in range(0, len(thresholds), size):
        some = thresholds[start : start + size]
        scales = [value / own for value in some for _ in runs]
        found = fast.judge(d, featured * len(some), scales)
        for i, value in enumerate(some):
            traces = found[i * len(runs) : (i + 1) * len(runs)]
            rows = [_run(run, t, first) for run, t in zip(runs, traces, strict=True)]
            points.append(_point(value, rows))
    return points


def _run(run: Recording, found: Traces, first: int) -> metrics.Run:
    state = found.state[first:]
    return metrics.Run(
        run.name,
        run.labels[first:],
        np.isin(state, RAISED),
        found.relative[first:],
        run.seconds[first:],
        np.isin(state, VERDICTS),
    )


def _point(threshold: float, rows: Sequence[metrics.Run]) -> OperatingPoint:
    f1, far, mar = metrics.rates(rows)
    delay, missed, _ = metrics.delays(rows)
    a_day = metrics.false_alarms_per_day(rows)
    share = metrics.quiet_alarm_share(rows)
    return OperatingPoint(threshold, f1, far, mar, delay, missed, a_day, share)
