"""Convert a network's file to TFLite: `python -m host_tools.conversion.quantize_worker FOLDER`.

Runs in a process of its own, because the converter can crash it. Reads `job.json` and, but for
a float model, `representative.npz`; writes `model.tflite` and `done.json`.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.conversion import calibration, canonical, network, onnx_model, quantizer
from host_tools.conversion.worker import divert_log, guard
from host_tools.errors import ConversionError, DataError
from host_tools.runtimes import tensors as values

ATTEMPTS = 12
"""Number of attempts at quantizing. An unrolled network keeps one SPLIT in float about one time in
five, from the same ranges; twelve such in a row happen once in 10⁸ conversions."""

MODEL, DONE = "model.tflite", "done.json"


def _build(job: dict[str, Any]) -> tuple[Any, bool, tuple[int, ...]]:
    """Return the network in the form to convert, whether its LSTM must come out fused, and the
    shape of a window.
    """
    import keras
    import tf_keras

    loaded = network.load(Path(job["network"]))
    window, _ = network.shapes(loaded)
    wanted = job.get("window")
    if wanted is not None and tuple(wanted) != window:
        raise DataError(
            f"{job['network']}: takes windows of {' x '.join(map(str, window))}, the"
            f" representative windows are {' x '.join(map(str, wanted))}"
        )
    unroll, is_onnx = bool(job["unrolled"]), "onnx" in job
    built = network.rebuild(loaded, keras if unroll else tf_keras, batch=1, unroll=unroll)
    recurrent = network.recurrent(loaded, built)
    fused = "LSTM" in recurrent and not unroll
    if not unroll and any(kind not in ("LSTM", network.LOOP) for kind in recurrent):
        # Only the LSTM has a fused operator in TFLite.
        unroll = True
        built = network.rebuild(loaded, keras, batch=1, unroll=True)
        recurrent, fused = network.recurrent(loaded, built), False
    if not unroll and is_onnx and network.LOOP in recurrent:
        unroll = True
        built = network.rebuild(loaded, keras, batch=1, unroll=True)
        recurrent, fused = network.recurrent(loaded, built), False
    if not unroll and network.LOOP in recurrent:
        raise ConversionError(f"{network.LOOP} has no fused operator in TFLite: give --unrolled")
    if fused and job["kind"] == "int16x8":
        raise ConversionError(
            "int16x8 is not supported for the fused LSTM (UNIDIRECTIONAL_SEQUENCE_LSTM): give"
            " --unrolled with --int16x8, or leave --int16x8 out"
        )
    return built, fused, window


def _from_onnx(folder: Path, job: dict[str, Any]) -> onnx_model.Source:
    """Make a SavedModel of an ONNX model; the job names it from then on."""
    path = Path(job["network"])
    source = onnx_model.read(path, tuple(job["window"]), job.get("channels"))
    onnx_model.save(source, path, folder / "saved_model")
    job["onnx"] = {"file": path.name, **source.facts()}
    job["network"] = str(folder / "saved_model")
    return source


def _wide(model: Any, windows: NDArray[np.float32]) -> bytes:
    """Convert to int16 activations with int8 weights."""
    import tensorflow as tf

    made = quantizer.converter(model, windows)
    made.target_spec.supported_ops = [
        tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    ]
    made.inference_input_type = tf.int16
    made.inference_output_type = tf.int16
    return quantizer.canonical_bytes(bytes(made.convert()))


def _calibrated(model: Any, windows: NDArray[np.float32], method: calibration.Method) -> bytes:
    template = quantizer.template(model, windows[0])
    at = quantizer.places(template)
    one_group = np.zeros(len(windows), dtype=np.int64)
    low, high = quantizer.collect(template, windows, one_group)
    seen = values.collect(template, windows, at.tensors.tolist()) if method.needs_values else None
    least, most = calibration.ranges(method, low, high, seen)
    return quantizer.overwrite(template, at, least, most)


def _checked(folder: Path, content: bytes, fused: bool) -> str | None:
    """Write a model and return what is wrong with it, or None."""
    path = folder / MODEL
    path.write_bytes(content)
    try:
        canonical.check_integer(path, fused=fused)
    except ConversionError as error:
        return str(error)
    return None


def convert(folder: Path) -> None:
    """Convert as `job.json` in the folder says.

    Raises:
        DataError, ConversionError: The network or the windows cannot be used, or no attempt
            gave a model of integers.
    """
    job = json.loads((folder / "job.json").read_text())
    windows = None
    if job["kind"] != "float":
        windows = np.load(folder / "representative.npz")["windows"]
        job["window"] = windows.shape[1:]
    source = _from_onnx(folder, job) if onnx_model.is_onnx(Path(job["network"])) else None
    model, fused, window = _build(job)
    if source is not None:
        assert windows is not None
        floating = quantizer.floating(model, window)
        job["onnx"]["largest_difference"] = onnx_model.compare(
            source, Path(job["onnx"]["file"]), floating, windows
        )
    attempts, wrong = 1, None
    if windows is None:
        (folder / MODEL).write_bytes(quantizer.floating(model, window))
    elif job["kind"] == "int16x8":
        wrong = _checked(folder, _wide(model, windows), fused)
    else:
        method = calibration.parse(job["calibration"])
        calibrated = _calibrated(model, windows, method)
        for attempts in range(1, ATTEMPTS + 1):  # noqa: B007 - reported below
            wrong = _checked(folder, quantizer.quantize(calibrated), fused)
            if wrong is None:
                break
    if wrong is not None:
        raise ConversionError(f"{wrong} ({attempts} attempts)")
    (folder / DONE).write_text(
        json.dumps({"attempts": attempts, "fused": fused, "onnx": job.get("onnx")})
    )


if __name__ == "__main__":
    job_folder = Path(sys.argv[1])
    divert_log(job_folder)
    sys.exit(guard(job_folder, convert))
