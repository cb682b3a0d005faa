"""Train one global forecaster and its detector on the first rows of labelled runs."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from host_tools.data import window
from host_tools.data.runs import QUIET, Recording, Runs
from host_tools.data.table import Table
from host_tools.errors import DataError
from host_tools.formats.description import Description
from host_tools.formats.detector import LEARNED
from host_tools.training import pipeline
from host_tools.training.settings import Settings

if TYPE_CHECKING:
    from host_tools.evaluation.detection_study import Options

Say = Callable[[str], None]

NETWORK = {"conv_filters": 16, "conv_kernel": 3, "lstm_units": 40}
EPOCHS = 12
HELD_EVERY = 4
"""Every fourth training segment is held out: it chooses the epoch, and the forecast's residual is
judged by it."""
WINDOW, HORIZON = 30, 10
NAME = "detection"
"""Of the model directory that is written."""


def training_parts(runs: Runs, size: int) -> window.TimeSplit:
    """Return the training segments of `size` rows: the head of each labelled run, and blocks of
    the quiet recordings; every HELD_EVERY-th is the validation and the test part.

    Labelled rows keep their label: no window, no statistic and no threshold takes them.

    Raises:
        DataError: A run is not longer than its training rows, or they hold a missing value.
    """
    for run in (*runs.labelled, *runs.quiet):
        if len(run.values) <= size or not np.isfinite(run.values[:size]).all():
            raise DataError(
                f"{run.name}: the first {size} rows must be complete and more must follow"
                f" (it has {len(run.values)}): leave the file out, or give fewer --learn-rows"
            )
    segments = [run.rows(size) for run in runs.labelled]
    segments += [
        replace(one, values=one.values[i : i + size], labels=one.labels[i : i + size])
        for one in runs.quiet
        for i in range(0, len(one.values) - size + 1, size)
        if np.isfinite(one.values[i : i + size]).all() and not one.labels[i : i + size].any()
    ]
    if len(segments) < 2:
        raise DataError(
            f"{runs.labelled[0].name}: only {size} rows to train on, from one run: at least two are"
            f" needed: add another run, or a quiet recording of {size} rows in a folder {QUIET}"
        )
    held = _table(runs, segments[::HELD_EVERY])
    return window.TimeSplit(
        _table(runs, [s for i, s in enumerate(segments) if i % HELD_EVERY]), held, held
    )


def _table(runs: Runs, segments: list[Recording]) -> Table:
    """One table of segments that do not follow each other."""
    numbers = [np.full(len(s.values), i, np.int32) for i, s in enumerate(segments)]
    rows = np.concatenate([s.values for s in segments]).astype(np.float32)
    labels = np.concatenate([s.labels for s in segments]).astype(np.uint8)
    names = runs.channels
    return Table(
        "the runs", names, ("",) * len(names), rows, labels, np.concatenate(numbers), _rate(runs)
    )


def _rate(runs: Runs) -> float:
    """Rows per second: one over the median step."""

    def step(run: Recording) -> float:
        return float(np.median(np.diff(run.seconds)))

    steps = [step(run) for run in (*runs.labelled, *runs.quiet) if len(run.seconds) > 1]
    typical = float(np.median(steps)) if steps else 1.0
    return 1.0 / typical if typical > 0 else 1.0


def train(
    runs: Runs, architecture: Path, out: Path, say: Say, options: "Options"
) -> tuple[int, float]:
    """Write a model directory by the same training and fit as `train`.

    Returns:
        The windows that trained the network, and its validation loss.

    Raises:
        DataError, TrainingError, ConversionError, OutputError: See the parts.
    """
    for run in runs.labelled:
        if faults := int(run.labels[: options.first].sum()):
            say(
                f"note: {run.name}: {faults} of its first {options.first} rows are labelled as a"
                " fault: they do not train"
            )
    parts = training_parts(runs, options.first)
    names = runs.channels
    about = Description(
        NAME, WINDOW, HORIZON, _rate(runs), options.seed, "csv", names, ("",) * len(names), NETWORK
    )
    epochs = options.epochs or EPOCHS
    settings = Settings(
        epochs=epochs,
        patience=epochs,
        detector=replace(options.detector, baseline=LEARNED, max_quiet_alarms=100.0),
    )
    done = pipeline.train_parts(parts, about, architecture, out, settings=settings, say=say)
    return int(done.figures["train_windows"]), float(done.figures["validation_loss"])
