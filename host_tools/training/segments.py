"""Train and quantize a forecaster on windows that are already inputs of the network.

For detectors that normalize by a baseline of their own: the windows are given, not a table.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from host_tools.conversion import canonical, worker
from host_tools.errors import ConversionError, TrainingError
from targets import output

Windows = NDArray[np.float32]


@dataclass(frozen=True)
class SegmentJob:
    """How to train: shapes, seed, and the parameters of `architecture.py`."""

    architecture: Path
    parameters: Mapping[str, int]
    window: int
    horizon: int
    channels: int
    seed: int
    epochs: int
    batch: int = 128
    rate: float = 2e-3

    def content(self) -> dict[str, object]:
        """What the workers read."""
        return {
            "seed": self.seed,
            "architecture": str(self.architecture.resolve()),
            "channels": self.channels,
            "window": self.window,
            "horizon": self.horizon,
            "parameters": dict(self.parameters),
            "rate": self.rate,
            "epochs": self.epochs,
            "batch": self.batch,
            "patience": self.epochs,
        }


@dataclass(frozen=True)
class TrainedPair:
    """The two files of one training, as bytes, and its validation loss."""

    floating: bytes
    int8: bytes
    loss: float


def train(job: SegmentJob, windows: Windows, held: Windows, representative: Windows) -> TrainedPair:
    """Train on `windows`, watch `held`, calibrate on `representative`.

    Args:
        job: How.
        windows: float32 [N, window + horizon, channels], clipped inputs and what follows them.
        held: The same of rows that do not train; the best epoch on them is kept.
        representative: float32 [M, window, channels].

    Raises:
        TrainingError, ConversionError: A worker failed or the model is not all integer.
    """
    with output.scratch("train") as folder:
        (folder / "job.json").write_text(json.dumps(job.content()))
        size = job.window
        np.savez(
            folder / "arrays.npz",
            allow_pickle=False,
            train_x=windows[:, :size],
            train_y=windows[:, size:],
            validation_x=held[:, :size],
            validation_y=held[:, size:],
        )
        np.savez(folder / "representative.npz", allow_pickle=False, windows=representative)
        worker.run("host_tools.training.fit_worker", folder, "training", TrainingError)
        losses = json.loads((folder / "history.json").read_text())["val_loss"]
        if not np.isfinite(losses).any():
            raise TrainingError("the loss is not finite: check the data for outliers")
        worker.run(
            "host_tools.conversion.convert_worker",
            folder,
            "conversion (tf_keras, batch 1)",
            ConversionError,
        )
        canonical.check_integer(folder / "model_int8.tflite")
        return TrainedPair(
            (folder / "model_float.tflite").read_bytes(),
            (folder / "model_int8.tflite").read_bytes(),
            min(losses),
        )
