"""Make a model directory of an int8 model that a sweep chose."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from host_tools.conversion import canonical
from host_tools.conversion import convert as conversion
from host_tools.data import window
from host_tools.data.model_data import ModelData
from host_tools.formats import json_file
from host_tools.training import pipeline
from targets.errors import OutputError

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
    try:
        out.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".install-", dir=out))
    except OSError as error:
        raise OutputError(f"{out}: cannot be written: {error.strerror}") from error
    try:
        floating = conversion.convert(conversion.Request(network, "float"), None)
        (folder / pipeline.FLOAT).write_bytes(floating.model)
        shutil.copyfile(model, folder / pipeline.INT8)
        builder = about.home / "architecture.py"
        job = pipeline.Job(folder, about.table, about.description, builder,
                           pipeline.Settings(clip=clip), say)  # fmt: skip
        scale = replace(about.scale, clip=np.float32(clip))
        figures = {
            "name": about.description.name,
            "source": about.description.source,
            "seed": about.description.seed,
            "canonical_sha256": canonical.canonical_hash(folder / pipeline.INT8),
            **_before(about.home),
            **pipeline.finish(job, window.split(about.table), scale),
        }
        json_file.write(folder / "training.json", figures)
        pipeline.publish(folder, out, keep_exports=True)
        if builder.exists() and not (out / builder.name).exists():
            shutil.copyfile(builder, out / builder.name)
    except OSError as error:
        raise OutputError(f"{error.filename or out}: {error.strerror}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _before(home: Path) -> dict[str, object]:
    """Return what is known of the training: losses and versions do not change with int8."""
    path = home / "training.json"
    kept = ("versions", "train_windows", "validation_windows", "epochs", "validation_loss")
    found = json_file.read(path) if path.exists() else {}
    return {key: found[key] for key in kept if key in found}
