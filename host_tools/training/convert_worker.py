"""Convert a trained network to TFLite: `python -m host_tools.training.convert_worker FOLDER`.

Runs in a process of its own, because the converter can crash it. Reads `job.json`,
`weights.npz` and `representative.npz`; writes `model_int8.tflite` and `model_float.tflite`.

Route: tf_keras, batch 1, recurrent operator not unrolled: the only one that gives a fused
UNIDIRECTIONAL_SEQUENCE_LSTM in int8.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from host_tools.training.architecture import load_builder
from host_tools.training.worker import divert_log


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


def _canonical_bytes(content: bytes) -> bytes:
    """Write the model again with unreferenced buffers empty: they differ from run to run."""
    import flatbuffers
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    used = {t.buffer for graph in model.subgraphs for t in graph.tensors}
    used |= {entry.buffer for entry in model.metadata or []}
    for index, buffer in enumerate(model.buffers):
        if index not in used:
            buffer.data = None
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _representative(windows: Any) -> Callable[[], Iterator[list[Any]]]:
    def windows_one_by_one() -> Iterator[list[Any]]:
        for window in windows:
            yield [window[None]]

    return windows_one_by_one


def convert(folder: Path) -> None:
    """Convert as the files in `folder` say."""
    import tensorflow as tf
    import tf_keras

    arrays = np.load(folder / "representative.npz")
    model = _load(folder, tf_keras, 1)
    floating = tf.lite.TFLiteConverter.from_keras_model(model).convert()
    (folder / "model_float.tflite").write_bytes(_canonical_bytes(floating))

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = _representative(arrays["windows"])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    (folder / "model_int8.tflite").write_bytes(_canonical_bytes(converter.convert()))


if __name__ == "__main__":
    job_folder = Path(sys.argv[1])
    divert_log(job_folder)
    convert(job_folder)
