"""What several regimes of a training baseline would give on labelled runs, beside one."""

from collections.abc import Sequence

import numpy as np

from host_tools.data import scaling
from host_tools.data.runs import Recording, Runs
from host_tools.detection import fast, metrics, quiet
from host_tools.detection import fit as fitting
from host_tools.detection.choice import Choice
from host_tools.detection.fast import Lane
from host_tools.evaluation.runs_training import training_parts
from host_tools.formats.detector import TRAINING
from host_tools.formats.record import RAISED, VERDICTS


def compare(
    runs: Runs, labelled: Sequence[Recording], first: int, count: int
) -> dict[str, metrics.Summary]:
    """Return the figures of a training baseline of one regime and of `count`, without a network.

    Both are fitted to the same rows, the first ones of each run and the quiet recordings, and score
    the same rows, from `first` on, by the rule in float64.

    Raises:
        DataError, TrainingError: Too few rows.
    """
    parts = training_parts(runs, first)
    found = {}
    for regimes in (1, count):
        rule = Choice(TRAINING, regimes=regimes).rule(TRAINING, parts.train.rate_hz)
        scaler = scaling.fit(parts.train)
        detector = fitting.fit(quiet.material(parts, rule), rule, scaler).detector
        traces = fast.run_all(detector, scaler, [Lane(run.values) for run in labelled])
        rows = [
            metrics.Run(
                run.name,
                run.labels[first:],
                np.isin(trace.state[first:], RAISED),
                trace.relative[first:],
                run.seconds[first:],
                np.isin(trace.state[first:], VERDICTS),
            )
            for run, trace in zip(labelled, traces, strict=True)
        ]
        words = "1 regime" if regimes == 1 else f"{max(1, len(detector.regimes))} regimes"
        found[f"training baseline, {words}"] = metrics.summarize(rows)
    return found
