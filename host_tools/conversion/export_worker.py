"""Write a network in other forms: `python -m host_tools.conversion.export_worker FOLDER`.

Runs in a process of its own. Reads `job.json` (`network`, `forms`, `window` or null) and
`probe.npz` when there is one; writes the forms and `done.json` with what each differs by.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.conversion import network, quantizer
from host_tools.conversion.saved_graph import SavedGraph
from host_tools.conversion.worker import divert_log, guard
from host_tools.errors import ConversionError, DataError
from host_tools.runtimes import tensors as values

Floats = NDArray[np.float32]
Run = Callable[[Floats], Floats]

FORMS = {
    "keras": "model.keras",
    "savedmodel": "saved_model",
    "unrolled": "saved_model_unrolled",
    "tflite": "model_float.tflite",
}
"""Name of the file or folder of each form."""

PROBES, SEED = 16, 1
TOLERANCE = 1e-4
"""Largest difference of an exported network, in standard deviations. Sums in another order differ
in the last bits of float32, and a rolled LSTM passes that on over the window; measured: below
2e-6."""


def _one_by_one(model: Any) -> Run:
    def run(windows: Floats) -> Floats:
        return np.concatenate([np.asarray(model(one[None])) for one in windows])

    return run


def _write(form: str, loaded: Any, path: Path) -> Run:
    """Write one form and return how to run it as it was read back."""
    import keras
    import tf_keras

    if form == "keras":
        network.rebuild(loaded, keras, batch=None).save(str(path))
        return _one_by_one(network.load(path))
    if form == "tflite":
        rolled = network.rebuild(loaded, tf_keras, batch=1)
        path.write_bytes(quantizer.floating(rolled, network.shapes(loaded)[0]))
        return lambda windows: np.asarray(values.forecast(path.read_bytes(), windows))
    if isinstance(loaded, SavedGraph):
        _save_graph(form, loaded, path)
        return _one_by_one(SavedGraph(path))
    unroll = form == "unrolled"
    batch = 1 if unroll else None
    model = network.rebuild(loaded, tf_keras, batch=batch, unroll=unroll)
    model.save(str(path), save_format="tf")
    return _one_by_one(SavedGraph(path))


def _save_graph(form: str, loaded: SavedGraph, path: Path) -> None:
    """Write a network of unknown structure as a SavedModel: as it is, or its loops unrolled."""
    import tensorflow as tf

    if form == "savedmodel":
        loaded.save(path)
        return
    module = quantizer.serving(loaded.build(unroll=True), network.shapes(loaded)[0])
    tf.saved_model.save(module, str(path), signatures=module.forecast.get_concrete_function())


def export(folder: Path) -> None:
    """Export as the files in `folder` say.

    Raises:
        DataError: The network takes other windows than asked.
        ConversionError: It cannot be read or rebuilt, or a form computes something else.
    """
    job = json.loads((folder / "job.json").read_text())
    source = Path(job["network"])
    loaded = network.load(source)
    window, forecast = network.shapes(loaded)
    if job["shape"] is not None and tuple(job["shape"]) != (*window, *forecast):
        raise DataError(
            f"{source}: takes windows {list(window)} and forecasts {list(forecast)}, asked are"
            f" {job['shape'][:2]} and {job['shape'][2:]}: another model, or other options"
        )
    probe = np.random.Generator(np.random.PCG64(SEED)).standard_normal(
        (PROBES, *window), dtype=np.float32
    )
    before = _one_by_one(loaded)(probe)
    done: dict[str, Any] = {"window": window, "forecast": forecast, "forms": {}}
    known = [form for form in FORMS if form != "keras" or not isinstance(loaded, SavedGraph)]
    for form in job["forms"] or known:
        after = _write(form, loaded, folder / FORMS[form])(probe)
        largest = float(np.abs(after - before).max())
        rmse = float(np.sqrt(np.mean((after - before).astype(np.float64) ** 2)))
        if not largest <= TOLERANCE:
            raise ConversionError(
                f"{FORMS[form]} differs from {source.name} by up to {largest:.3g}, allowed is"
                f" {TOLERANCE:g}: this network does not survive the export"
            )
        done["forms"][form] = {"file": FORMS[form], "max": largest, "rmse": rmse}
    (folder / "done.json").write_text(json.dumps(done))


if __name__ == "__main__":
    job_folder = Path(sys.argv[1])
    divert_log(job_folder)
    sys.exit(guard(job_folder, export))
