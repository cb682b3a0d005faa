"""Train a network in a process of its own: `python -m host_tools.training.fit_worker FOLDER`.

Reads `job.json` and `arrays.npz` from the folder; writes `weights.npz`, `model.keras`,
`history.json`.
Runs on one thread with deterministic operators, so that the same machine gives the same
weights again. Another machine may not: the order of sums inside a matrix product depends on
the processor.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from host_tools.conversion.architecture import load_builder
from host_tools.conversion.worker import divert_log

_BAR = 24


class _Progress:
    """One line per epoch; on a terminal it is rewritten in place."""

    def __init__(self, epochs: int, stream: TextIO) -> None:
        self._epochs = epochs
        self._began = time.monotonic()
        self._stream = stream
        self._terminal = stream.isatty()

    def show(self, epoch: int, logs: dict[str, Any]) -> None:
        filled = _BAR * (epoch + 1) // self._epochs
        text = (
            f"train [{'#' * filled}{'.' * (_BAR - filled)}] epoch {epoch + 1}/{self._epochs}"
            f"  loss {logs['loss']:.4f}  validation {logs['val_loss']:.4f}"
            f"  {time.monotonic() - self._began:.0f} s"
        )
        if self._terminal:
            self._stream.write(f"\r{text}\033[K")
        elif epoch % 5 == 0:
            self._stream.write(f"{text}\n")
        self._stream.flush()

    def end(self) -> None:
        if self._terminal:
            self._stream.write("\n")


def _single_thread(tf: Any) -> None:
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()


def _halve(epoch: int, rate: float, epochs: int) -> float:
    """Halve the learning rate at three quarters of the epochs, and again near the end."""
    return rate * 0.5 if epoch in (epochs * 5 // 10, epochs * 7 // 10, epochs * 9 // 10) else rate


def fit(folder: Path, stream: TextIO) -> None:
    """Train as `job.json` says; progress goes to `stream`."""
    import keras
    import tensorflow as tf

    _single_thread(tf)
    job = json.loads((folder / "job.json").read_text())
    arrays = np.load(folder / "arrays.npz")
    keras.utils.set_random_seed(job["seed"])
    build = load_builder(Path(job["architecture"]))
    model = build(
        keras,
        channels=job["channels"],
        window=job["window"],
        horizon=job["horizon"],
        **job["parameters"],
    )
    model.compile(optimizer=keras.optimizers.Adam(job["rate"]), loss="mse")
    progress = _Progress(job["epochs"], stream)
    epochs = job["epochs"]
    history = model.fit(
        arrays["train_x"],
        arrays["train_y"],
        validation_data=(arrays["validation_x"], arrays["validation_y"]),
        epochs=epochs,
        batch_size=job["batch"],
        shuffle=True,
        verbose=0,
        callbacks=[
            keras.callbacks.EarlyStopping(patience=job["patience"], restore_best_weights=True),
            keras.callbacks.LearningRateScheduler(lambda e, r: _halve(e, r, epochs)),
            keras.callbacks.LambdaCallback(on_epoch_end=progress.show),
        ],
    )
    progress.end()
    model.save(folder / "model.keras")
    np.savez(folder / "weights.npz", *model.get_weights())
    record = {key: [float(v) for v in values] for key, values in history.history.items()}
    (folder / "history.json").write_text(json.dumps(record))


if __name__ == "__main__":
    job_folder = Path(sys.argv[1])
    with os.fdopen(divert_log(job_folder), "w") as progress_stream:
        fit(job_folder, progress_stream)
