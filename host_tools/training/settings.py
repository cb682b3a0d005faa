"""What the user may choose of a training, and the files that it writes."""

from dataclasses import dataclass, field

from host_tools.detection.choice import Choice
from host_tools.formats import description
from host_tools.formats.scaler import CLIP
from targets import detection_budget

INT8, FLOAT = "model_int8.tflite", "model_float.tflite"
ARTIFACTS = (
    INT8, FLOAT, "scaler.json", "detector.json", "golden.npz", description.FILE, "training.json",
    "reading.toml", detection_budget.FILE,
)  # fmt: skip
READING = "reading.toml"
"""How the log was read; of a model that was trained on one."""
REFUSED = "detector.refused.json"
"""A detector that would be in alarm too often in quiet times; nothing reads it."""
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
        detector: What is asked of the detector.
        exports: Whether to write the network itself, too: see EXPORTS.
    """

    epochs: int = 20
    batch: int = 128
    rate: float = 2e-3
    patience: int = 4
    clip: float = CLIP
    detector: Choice = field(default_factory=Choice)
    exports: bool = False
