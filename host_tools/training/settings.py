"""What the user may choose of a training, and the files that it writes."""

from dataclasses import dataclass

from host_tools.formats import description
from host_tools.formats.scaler import CLIP

INT8, FLOAT = "model_int8.tflite", "model_float.tflite"
READING = "reading.toml"
"""How the log was read; of a model that was trained on one."""
ARTIFACTS = (
    INT8, FLOAT, "scaler.json", "detector.json", "golden.npz", description.FILE, "training.json",
    READING,
)  # fmt: skip
EXPORTS = "exports"
"""Folder of the network in other forms (.keras, SavedModel, unrolled SavedModel, .tflite), the
representative windows, and the training curve."""


@dataclass(frozen=True)
class Settings:
    """What the user may choose.

    Attributes:
        epochs: Upper bound; training stops early when validation stops improving.
        batch: Windows per gradient step.
        rate: First learning rate.
        patience: Epochs without improvement before it stops.
        clip: Limit of model inputs, in standard deviations.
        learn_rows: Rows from which a device learns its own baseline; 0: that of the training.
        exports: Whether to write the network itself, too: see EXPORTS.
    """

    epochs: int = 20
    batch: int = 128
    rate: float = 2e-3
    patience: int = 4
    clip: float = CLIP
    learn_rows: int = 0
    exports: bool = False
