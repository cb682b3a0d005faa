"""Fit the detector to residuals of quiet rows: weights, smoothing, threshold."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from host_tools.data import json_file
from host_tools.detection.chain import (
    ALARM,
    ChainConfig,
    Forecast,
    residual_scores,
    residuals,
    smooth,
)
from host_tools.errors import TrainingError

ALPHA = np.float32(0.1)
QUANTILE = 0.99
FACTOR = 2.0
RULE = (
    f"{FACTOR:g} x the larger {QUANTILE:g} quantile of the smoothed score over quiet training"
    " rows and over quiet validation rows"
)

MINIMUM_RESIDUAL = 0.02
"""Standard deviations. A channel that the model forecasts better than int8 can express would
get a weight that amplifies quantization noise."""

MINIMUM_ROWS = 100
"""Scored rows below which a 0.99 quantile means nothing."""


@dataclass(frozen=True, eq=False)
class Detector:
    """The content of `detector.json`.

    Attributes:
        weights: float32 [channels]: 1 / (channels · mean squared residual), so that the score
            of a quiet plant is about 1.
        alpha: EWMA factor.
        threshold: Alarm above it.
    """

    weights: NDArray[np.float32]
    alpha: np.float32
    threshold: np.float32

    def save(self, path: Path) -> None:
        """Write `detector.json`."""
        json_file.write(
            path,
            {
                "alpha": float(self.alpha),
                "threshold": float(self.threshold),
                "weights": json_file.numbers(self.weights),
                "threshold_rule": RULE,
            },
        )


def fit(
    config: ChainConfig,
    train: NDArray[np.float32],
    validation: NDArray[np.float32],
    forecast: Forecast,
) -> Detector:
    """Return weights and threshold from quiet rows alone.

    Args:
        config: The chain; its weight and threshold are not used.
        train: float32 [rows, channels], raw, labelled rows replaced by NaN.
        validation: The same for rows that the network was not trained on.
        forecast: The int8 model, exactly as the device runs it.

    Raises:
        TrainingError: Too few rows between gaps to score.
    """
    parts = [residuals(config, part, forecast) for part in (train, validation)]
    if len(parts[0].values) < MINIMUM_ROWS:
        raise TrainingError(
            f"only {len(parts[0].values)} training rows have a forecast, {MINIMUM_ROWS} are"
            " needed: gaps are too close together, or the window is too long"
        )
    squared = parts[0].values.astype(np.float64) ** 2
    power = np.maximum(squared.mean(axis=0), MINIMUM_RESIDUAL**2)
    weights = (1.0 / (power * config.channels)).astype(np.float32)
    levels = []
    for part in parts:
        scores = smooth(ALPHA, part.scored_rows, residual_scores(weights, part.values))
        if len(scores) >= MINIMUM_ROWS:
            levels.append(float(np.quantile(scores.astype(np.float64), QUANTILE)))
    return Detector(weights, ALPHA, np.float32(FACTOR * max(levels)))


@dataclass(frozen=True)
class Assessment:
    """How a detector did on labelled rows.

    Attributes:
        events: Labelled faults that had a score on at least one row.
        detected: Those with an alarm on at least one row.
        false_alarms: Runs of alarm rows that touch no labelled row.
        quiet_rows: Scored rows without a label.
        false_rows: Those in alarm.
    """

    events: int
    detected: int
    false_alarms: int
    quiet_rows: int
    false_rows: int


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the stretches of true values as (first, last + 1)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def assess(records: NDArray[np.void], labels: NDArray[np.uint8]) -> Assessment:
    """Count detected faults and false alarms in the records of a labelled stream."""
    alarm, scored, fault = records["state"] == ALARM, records["state"] != 0, labels != 0
    events = [run for run in runs(fault) if scored[run[0] : run[1]].any()]
    quiet = scored & ~fault
    return Assessment(
        events=len(events),
        detected=sum(bool(alarm[a:b].any()) for a, b in events),
        false_alarms=sum(not fault[a:b].any() for a, b in runs(alarm)),
        quiet_rows=int(quiet.sum()),
        false_rows=int((quiet & alarm).sum()),
    )
