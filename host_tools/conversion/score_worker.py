"""Forecast error of a Keras model or SavedModel per window: `… score_worker FOLDER`.

Runs in a process of its own. Reads `job.json` and `samples.npz` (`z` float32 [rows, channels],
`first` int64 [N]); writes `scores.npy`, float32 [N]: the RMSE of the forecast of each window
against what followed it, in standard deviations.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.conversion import network, structure, worker
from host_tools.data import window as window_cut
from host_tools.errors import DataError

BATCH = 512

Predict = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def _check(path: str, what: str, found: Any, wanted: tuple[int, int]) -> int | None:
    """Return the fixed batch of a shape, None when it is free, after checking the rest."""
    shape = [None if size is None else int(size) for size in found]
    inner = [w if s is None else s for s, w in zip(shape[1:], wanted, strict=False)]
    if len(shape) != 3 or inner != list(wanted):
        shown = " x ".join("?" if size is None else str(size) for size in shape[1:])
        raise DataError(
            f"{path}: the model's {what} is {shown}, the data give {wanted[0]} x {wanted[1]}"
            " (samples x channels): give its own --window, --horizon and --nfeat"
        )
    return shape[0]


def _saved_model(path: str, window: tuple[int, int], forecast: tuple[int, int]) -> Any:
    """Return a SavedModel's serving function and its fixed batch, if any."""
    import tensorflow as tf

    structure.check_operations(Path(path))
    try:
        model = tf.saved_model.load(path)
        call = model.signatures["serving_default"]
    except (OSError, ValueError, KeyError, AttributeError) as error:
        text = str(error).strip().splitlines()[0]
        raise DataError(f"{path}: not a SavedModel that can be called: {text}") from error
    inputs = call.structured_input_signature[1]
    outputs = call.structured_outputs
    if len(inputs) != 1 or len(outputs) != 1:
        raise DataError(f"{path}: {len(inputs)} inputs and {len(outputs)} outputs, not one each")
    (name, source), (result_name, result) = next(iter(inputs.items())), next(iter(outputs.items()))
    batch = _check(path, "input", source.shape, window)
    _check(path, "output", result.shape, forecast)

    def predict(windows: NDArray[np.float32]) -> NDArray[np.float32]:
        # The function does not keep its model alive.
        assert model is not None
        return np.asarray(call(**{name: tf.constant(windows)})[result_name], dtype=np.float32)

    return predict, batch


def _keras(path: str, window: tuple[int, int], forecast: tuple[int, int]) -> Any:
    model = network.load(Path(path))
    batch = _check(path, "input", model.input_shape, window)
    _check(path, "output", model.output_shape, forecast)

    def predict(windows: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(model(windows, training=False), dtype=np.float32)

    return predict, batch


def score(folder: Path) -> None:
    """Score as `job.json` says.

    Raises:
        DataError: Not a model, or one of another shape.
    """
    job = json.loads((folder / "job.json").read_text())
    stored = np.load(folder / "samples.npz")
    z, first = stored["z"], stored["first"]
    window, horizon, channels = job["window"], job["horizon"], z.shape[1]
    load = _saved_model if Path(job["model"]).is_dir() else _keras
    predict, fixed = load(job["model"], (window, channels), (horizon, channels))
    size = fixed or BATCH
    scores = np.empty(len(first), dtype=np.float32)
    for start in range(0, len(first), size):
        part = first[start : start + size]
        whole = np.resize(part, size) if fixed else part
        windows, truth = window_cut.cut(z, whole, window, horizon)
        errors = (predict(windows) - truth)[: len(part)]
        scores[start : start + len(part)] = np.sqrt(np.mean(errors**2, axis=(1, 2)))
    np.save(folder / "scores.npy", scores)


if __name__ == "__main__":
    job_folder = Path(sys.argv[1])
    worker.divert_log(job_folder)
    sys.exit(worker.guard(job_folder, score))
