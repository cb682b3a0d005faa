"""A table to a model directory: scale, train, convert, verify, fit the detector, write.

TensorFlow runs only in the two workers; everything else is numpy.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.conversion import canonical, export, worker
from host_tools.data import scaling, window
from host_tools.data.table import Table, constant_channels
from host_tools.detection import hours
from host_tools.detection import quiet as detection
from host_tools.detection.replay import Forecast
from host_tools.detection.rule import Rule
from host_tools.errors import ConversionError, DataError, TrainingError
from host_tools.formats import description as model_description
from host_tools.formats import detector as detectors
from host_tools.formats import detector_evaluation, json_file, npz
from host_tools.formats import golden as golden_file
from host_tools.formats.description import Description
from host_tools.formats.scaler import Scaler
from host_tools.runtimes import adapter as adapters
from host_tools.runtimes import tflm as oracle
from host_tools.runtimes.adapter import Adapter, ModelEdges
from host_tools.training import golden_windows
from host_tools.training.settings import ARTIFACTS, EXPORTS, FLOAT, INT8, READING, REFUSED, Settings
from targets import output
from targets.output import Stage

FLOAT_LIMIT_BYTES = 250_000

MOST_WINDOWS = 16_000
MOST_VALIDATION_WINDOWS = 4_000
REPRESENTATIVE_WINDOWS = 500
LEAST_WINDOWS = 200


@dataclass(frozen=True)
class TrainedModel:
    """A finished training.

    Attributes:
        directory: Where the artifacts are.
        figures: The content of `training.json`.
        history: Losses by epoch, `loss` and `val_loss`.
        refused: Why the detector is not installed; empty: it is.
    """

    directory: Path
    figures: dict[str, Any]
    history: Mapping[str, Sequence[float]]
    refused: str = ""


Floats = NDArray[np.float32]
Losses = dict[str, list[float]]
Say = Callable[[str], None]


def train(
    table: Table,
    description: Description,
    architecture: Path,
    out: Path,
    *,
    settings: Settings,
    say: Say,
) -> TrainedModel:
    """Train on a table and write a whole model directory, or nothing.

    Args:
        table: Samples; its channels become the model's.
        description: Name, window, horizon, seed, parameters; channels and rate are replaced.
        architecture: `architecture.py` of the network.
        out: Folder to write to; made if it does not exist.
        settings: How to train.
        say: Takes one line of news for the user.

    Raises:
        DataError: The table does not hold enough usable rows.
        TrainingError, ConversionError: A worker failed, or the model is not as it must be.
        OutputError: `out` cannot be written.
    """
    parts, description = prepared(table, description, say)
    return train_parts(parts, description, architecture, out, settings=settings, say=say)


def prepared(
    table: Table, description: Description, say: Say
) -> tuple[window.TimeSplit, Description]:
    """Return the table's parts without constant channels, and the description with the rest.

    Raises:
        DataError: The table does not hold enough usable rows.
    """
    parts = window.split(table)
    if flat := constant_channels(parts.train):
        table = table.without(flat, "constant over the training rows")
        say(f"note: {table.notices[-1]}")
        parts = window.split(table)
    return parts, replace(
        description, channels=table.names, units=table.units, rate_hz=table.rate_hz
    )


def train_parts(
    parts: window.TimeSplit,
    description: Description,
    architecture: Path,
    out: Path,
    *,
    settings: Settings,
    say: Say,
) -> TrainedModel:
    """Train on parts that were chosen already; `description` has their channels; see `train`."""
    baseline, why = detection.choose(parts, settings.detector)
    say(f"baseline: {baseline} ({why})")
    rule = settings.detector.rule(baseline, parts.train.rate_hz)
    day, calm = hours.split(parts, rule)
    if day.day_samples:
        say(day.words())
    scale = scaling.fit(calm.train, settings.clip, centre_rows=rule.learn_rows)
    arrays = _arrays(calm, scale, description)
    with output.staged(out, INT8) as stage:
        stage.replaced.update((*ARTIFACTS, REFUSED, EXPORTS))
        job = TrainingJob(stage, description, architecture, settings, say)
        figures, history = _fit(job, arrays)
        figures |= finish(job, parts, scale, rule)
        refused = detection.refuse(figures, settings.detector.max_quiet_alarms)
        if refused:
            (stage.folder / detectors.FILE).replace(stage.folder / REFUSED)
        if parts.train.reading is not None:
            figures["reading"] = dict(parts.train.reading)
            output.write(stage.folder / READING, parts.train.options)
        json_file.write(stage.folder / "training.json", figures)
        detector_evaluation.held_out(stage.folder, "train", figures)
        if settings.exports:
            _export(job)
    return TrainedModel(out, figures, history, refused)


@dataclass(frozen=True)
class TrainingJob:
    """One training: where it works, on what, and how.

    Attributes:
        stage: Its folder takes the artifacts, its work folder the intermediate files.
        description: What becomes `model.toml`.
        architecture: `architecture.py` of the network.
        settings: How to train.
        say: Takes one line of news for the user.
    """

    stage: Stage
    description: Description
    architecture: Path
    settings: Settings
    say: Say


def _arrays(
    parts: window.TimeSplit, scale: Scaler, description: Description
) -> dict[str, NDArray[np.float32]]:
    """Return the windows and what follows them, clipped, of the two parts that train."""
    arrays = {}
    for name, part, most in (
        ("train", parts.train, MOST_WINDOWS),
        ("validation", parts.validation, MOST_VALIDATION_WINDOWS),
    ):
        length = description.window + description.horizon
        first = window.starts(part, length, quiet_only=True, most=most)
        if len(first) < LEAST_WINDOWS:
            stretches = len(set(part.segments[part.segments >= 0].tolist()))
            raise DataError(
                f"{part.source}: the {name} part ({len(part)} rows in {stretches} stretches) has"
                f" only {len(first)} windows of {length} rows without a gap or a labelled fault,"
                f" {LEAST_WINDOWS} are needed: give more rows, or a shorter --window or --horizon"
            )
        values = np.clip(scale.inputs(part.samples, part.segments), -scale.clip, scale.clip)
        arrays[f"{name}_x"], arrays[f"{name}_y"] = window.cut(
            values, first, description.window, description.horizon
        )
    return arrays


def _fit(job: TrainingJob, arrays: dict[str, Floats]) -> tuple[dict[str, Any], Losses]:
    """Train the network and convert it; return figures and losses, leave both `.tflite`."""
    description, settings, work = job.description, job.settings, job.stage.work
    train_x, valid_x = arrays["train_x"], arrays["validation_x"]
    content = {
        "seed": description.seed,
        "architecture": str(job.architecture.resolve()),
        "channels": len(description.channels),
        "window": description.window,
        "horizon": description.horizon,
        "parameters": dict(description.architecture),
        "rate": settings.rate,
        "epochs": settings.epochs,
        "batch": settings.batch,
        "patience": settings.patience,
    }
    (work / "job.json").write_text(json.dumps(content))
    np.savez(work / "arrays.npz", allow_pickle=False, **arrays)
    job.say(
        f"training on {len(train_x)} windows of {description.window} samples x"
        f" {len(description.channels)} channels, validating on {len(valid_x)}"
    )
    worker.run("host_tools.training.fit_worker", work, "training", TrainingError)
    history: Losses = json.loads((work / "history.json").read_text())
    losses = history["val_loss"]
    if not np.isfinite(losses).any():
        raise TrainingError("the loss is not finite: check the data for outliers")

    # Validation windows take part in calibration, so that slow drift does not leave the range.
    picked = np.concatenate([_spread(train_x, REPRESENTATIVE_WINDOWS * 3 // 4),
                             _spread(valid_x, REPRESENTATIVE_WINDOWS // 4)])  # fmt: skip
    np.savez(work / "representative.npz", windows=picked)
    job.say(f"converting to int8, calibrated on {len(picked)} windows")
    route = "conversion (tf_keras, batch 1, rolled, from_keras_model)"
    worker.run("host_tools.conversion.convert_worker", work, route, ConversionError)
    for name in (INT8, FLOAT):
        (work / name).replace(job.stage.folder / name)
    canonical.check_integer(job.stage.folder / INT8)
    figures = {
        "name": description.name,
        "source": description.source,
        "seed": description.seed,
        "versions": worker.versions(),
        "train_windows": len(train_x),
        "validation_windows": len(valid_x),
        "epochs": len(losses),
        "validation_loss": min(losses),
        "canonical_sha256": canonical.canonical_hash(job.stage.folder / INT8),
    }
    return figures, history


def _spread(windows: NDArray[np.float32], most: int) -> NDArray[np.float32]:
    count = min(most, len(windows))
    return windows[np.arange(count) * len(windows) // count]


def finish(
    job: TrainingJob,
    parts: window.TimeSplit,
    scale: Scaler,
    rule: Rule,
    scores: bool | None = None,
) -> dict[str, Any]:
    """Fit the detector with the int8 model, make the golden file, measure; write all of it.

    `scores` says whether the detector scores the network's residual; None: where that pays.
    """
    folder = job.stage.folder
    edges = adapters.read_edges(folder / INT8)
    adapter = adapters.adapt(edges, scale)

    def forecast(windows: NDArray[np.int8]) -> NDArray[np.int8]:
        return oracle.forecast(folder / INT8, windows)

    job.say("fitting the detector to rows that did not train the network")
    network = None
    if scores is not False:
        network = detection.network_of(adapter, edges.output_scale, forecast)
    limits = job.description.limits()
    day, calm = hours.split(parts, rule)
    made = detection.fit(calm, adapter, network, rule, limits, on_trial=scores is None)
    if scores is None:
        detection.tell_trials(made, job.say)
    scale.save(folder / "scaler.json")
    day.onto(made.config.detector, scale).save(folder / detectors.FILE)
    output.write(folder / model_description.FILE, job.description.text())

    job.say("making the golden windows with TensorFlow Lite Micro")
    raw, labels = golden_windows.samples((calm.test, calm.validation, calm.train), rule.learn_rows)
    golden = day.since_midnight(raw), labels
    figures = _golden(job, adapter, edges, calm, forecast=forecast, raw=golden)
    if (folder / FLOAT).stat().st_size > FLOAT_LIMIT_BYTES:
        (folder / FLOAT).unlink()
    return figures | detection.figures(made, calm, forecast)


def finish_again(
    job: TrainingJob, parts: window.TimeSplit, scale: Scaler, home: Path
) -> dict[str, Any]:
    """Finish another int8 model of a directory, with a detector by the same rule as there."""
    return finish(job, parts, scale, *detection.kept(home, parts))


def _golden(
    job: TrainingJob,
    adapter: Adapter,
    edges: ModelEdges,
    parts: window.TimeSplit,
    *,
    forecast: Forecast,
    raw: tuple[NDArray[Any], NDArray[Any]],
) -> dict[str, Any]:
    """Write `golden.npz` with `raw` samples and labels; return the error of int8 against float and
    of each against truth.
    """
    held_out = (parts.test, parts.validation)
    arrays = golden_windows.windows(adapter, held_out, edges.input_scale, job.description.seed)
    arrays["outputs"] = forecast(arrays["windows"])
    floating = job.stage.folder / FLOAT
    arrays["float_outputs"] = oracle.forecast_float(floating, arrays["float_inputs"])
    arrays["samples"], arrays["labels"] = raw
    golden_file.save(job.stage.folder / "golden.npz", arrays)

    usual = arrays["kinds"] == golden_file.IN_DISTRIBUTION
    centred = arrays["outputs"][usual].astype(np.float64) - edges.output_zero_point
    int8, exact = centred * edges.output_scale, arrays["float_outputs"][usual]
    truth = arrays["truth"][usual]
    return {
        "rmse_int8_vs_float": _rmse(int8 - exact),
        "max_int8_vs_float": float(np.abs(int8 - exact).max()),
        "rmse_int8_vs_truth": _rmse(int8 - truth),
        "rmse_float_vs_truth": _rmse(exact - truth),
        "input_scale": edges.input_scale,
    }


def _rmse(difference: NDArray[Any]) -> float:
    return float(np.sqrt(np.mean(np.square(difference, dtype=np.float64))))


def _export(job: TrainingJob) -> None:
    """Write the folder EXPORTS, all but the curve, from what the two workers left."""
    job.say("exporting .keras, SavedModel, unrolled SavedModel; comparing them")
    out, work, about = job.stage.folder / EXPORTS, job.stage.work, job.description
    shape = [about.window, len(about.channels), about.horizon, len(about.channels)]
    done = export.export(work / "model.keras", out, shape=shape)
    worst = max(row["max"] for row in done["forms"].values())
    job.say(f"exports agree with the network to {worst:.1e} standard deviations")
    with np.load(work / "representative.npz") as archive:
        npz.write(out / "rep_windows.npz", {"windows": archive["windows"]})
