"""A table to a model directory without a network: scale, fit the detector, write. No TensorFlow."""

from pathlib import Path
from typing import Any

from host_tools.data import scaling, window
from host_tools.data.table import Table
from host_tools.detection import hours
from host_tools.detection import quiet as detection
from host_tools.detection.hours import Hours
from host_tools.formats import description as model_description
from host_tools.formats import detector as detectors
from host_tools.formats import detector_evaluation, golden, json_file
from host_tools.formats.description import NO_NETWORK, Description
from host_tools.runtimes import adapter as adapters
from host_tools.training import golden_windows
from host_tools.training.pipeline import Say, TrainedModel, prepared
from host_tools.training.settings import ARTIFACTS, EXPORTS, READING, REFUSED, Settings
from targets import output


def train(
    table: Table, description: Description, out: Path, *, settings: Settings, say: Say
) -> TrainedModel:
    """Fit on a table and write a whole model directory, or nothing.

    Args:
        table: Samples; its channels become the product's.
        description: Name, seed; channels and rate are replaced, and what is of a network left out.
        out: Folder to write to; made if it does not exist. A network that it holds is removed.
        settings: What is asked of the detector.
        say: Takes one line of news for the user.

    Raises:
        DataError: The table does not hold enough usable rows.
        TrainingError: Too few rows between gaps and labels.
        OutputError: `out` cannot be written.
    """
    parts, about = prepared(table, description.without_network(), say)
    baseline, why = detection.choose(parts, settings.detector)
    say(f"baseline: {baseline} ({why})")
    rule = settings.detector.rule(baseline, parts.train.rate_hz)
    day, calm = hours.split(parts, rule)
    if day.day_samples:
        say(day.words())
    scale = scaling.fit(calm.train, settings.clip, centre_rows=rule.learn_rows)
    say(f"fitting the detector, without a network, to {len(parts.train)} training rows")
    made = detection.fit(calm, adapters.without_network(scale), None, rule, about.limits())
    detection.tell_trials(made, say)
    figures: dict[str, Any] = {
        "name": about.name,
        "source": about.source,
        "network": NO_NETWORK,
        **detection.figures(made, calm, None),
    }
    refused = detection.refuse(figures, settings.detector.max_quiet_alarms)
    with output.staged(out, model_description.FILE) as stage:
        stage.replaced.update((*ARTIFACTS, REFUSED, EXPORTS))
        folder = stage.folder
        scale.save(folder / "scaler.json")
        day.onto(made.config.detector, scale).save(
            folder / (REFUSED if refused else detectors.FILE)
        )
        golden.save(folder / "golden.npz", _golden(calm, rule.learn_rows, day))
        if parts.train.reading is not None:
            figures["reading"] = dict(parts.train.reading)
            output.write(folder / READING, parts.train.options)
        json_file.write(folder / "training.json", figures)
        detector_evaluation.held_out(folder, "train", figures)
        output.write(folder / model_description.FILE, about.text())
    return TrainedModel(out, figures, {}, refused)


def _golden(calm: window.TimeSplit, learn_rows: int, day: Hours) -> dict[str, Any]:
    arrays = golden_windows.no_windows(calm.train.channels)
    rows, labels = golden_windows.samples((calm.test, calm.validation, calm.train), learn_rows)
    arrays["samples"], arrays["labels"] = day.since_midnight(rows), labels
    return arrays
