"""Make a model directory of an int8 model that a sweep chose."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from host_tools.conversion import canonical
from host_tools.conversion import convert as conversion
from host_tools.data import window
from host_tools.data.model_data import ModelData
from host_tools.formats import detector_evaluation, json_file
from host_tools.training import pipeline
from host_tools.training.pipeline import TrainingJob
from host_tools.training.settings import ARTIFACTS, FLOAT, INT8, READING, Settings
from targets import output

Say = Callable[[str], None]


def install(
    about: ModelData, network: Path, model: Path, out: Path, *, clip: float, say: Say
) -> None:
    """Write a whole model directory around a chosen model, or nothing.

    The detector is fitted again and the golden windows are made again: both belong to one
    int8 model and one clip.

    Args:
        about: The model directory and data that the sweep was about.
        network: The trained network, for the float model.
        model: The chosen `.tflite`.
        out: Folder to write to; made if it does not exist.
        clip: The model's limit of inputs, in standard deviations.
        say: Takes one line of news for the user.

    Raises:
        ConversionError, TrainingError: A step failed.
        OutputError: `out` cannot be written.
    """
    with output.staged(out, INT8) as stage:
        # Not EXPORTS: the network is the same.
        stage.replaced.update(ARTIFACTS)
        floating = conversion.convert(conversion.ConvertRequest(network, "float"), None)
        output.write(stage.folder / FLOAT, floating.model)
        output.write(stage.folder / INT8, model.read_bytes())
        builder = about.home / "architecture.py"
        job = TrainingJob(stage, about.description, builder, Settings(clip=clip), say)
        parts = window.split(about.table)
        scale = replace(about.scale, clip=np.float32(clip))
        figures = {
            "name": about.description.name,
            "source": about.description.source,
            "seed": about.description.seed,
            "canonical_sha256": canonical.canonical_hash(stage.folder / INT8),
            **_before(about.home),
            **pipeline.finish_again(job, parts, scale, about.home),
        }
        if about.table.reading is not None:
            figures["reading"] = dict(about.table.reading)
            output.write(stage.folder / READING, about.table.options)
        json_file.write(stage.folder / "training.json", figures)
        detector_evaluation.held_out(stage.folder, "sweep", figures)
        if builder.exists() and not (out / builder.name).exists():
            output.write(stage.folder / builder.name, builder.read_bytes())


def _before(home: Path) -> dict[str, object]:
    """Return what is known of the training: losses and versions do not change with int8."""
    path = home / "training.json"
    kept = ("versions", "train_windows", "validation_windows", "epochs", "validation_loss")
    figures = json_file.read(path) if path.exists() else {}
    return {key: figures[key] for key in kept if key in figures}
