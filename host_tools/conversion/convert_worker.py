"""Convert a trained network to TFLite: `python -m host_tools.conversion.convert_worker FOLDER`.

Runs in a process of its own, because the converter can crash it. Reads `job.json`,
`weights.npz` and `representative.npz`; writes `model_int8.tflite` and `model_float.tflite`.

Route: tf_keras, batch 1, recurrent operator not unrolled: the only one that gives a fused
UNIDIRECTIONAL_SEQUENCE_LSTM in int8.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from host_tools.conversion import quantizer
from host_tools.conversion.architecture import load_builder
from host_tools.conversion.worker import divert_log


def _load(folder: Path, keras: Any, batch: int) -> Any:
    job = json.loads((folder / "job.json").read_text())
    model = load_builder(Path(job["architecture"]))(
        keras,
        channels=job["channels"],
        window=job["window"],
        horizon=job["horizon"],
        batch=batch,
        **job["parameters"],
    )
    stored = np.load(folder / "weights.npz")
    model.set_weights([stored[f"arr_{i}"] for i in range(len(stored.files))])
    return model


def convert(folder: Path) -> None:
    """Convert as the files in `folder` say."""
    import tensorflow as tf
    import tf_keras

    arrays = np.load(folder / "representative.npz")
    model = _load(folder, tf_keras, 1)
    floating = tf.lite.TFLiteConverter.from_keras_model(model).convert()
    (folder / "model_float.tflite").write_bytes(quantizer.canonical_bytes(floating))

    made = quantizer.converter(model, arrays["windows"]).convert()
    (folder / "model_int8.tflite").write_bytes(quantizer.canonical_bytes(made))


if __name__ == "__main__":
    job_folder = Path(sys.argv[1])
    divert_log(job_folder)
    convert(job_folder)
