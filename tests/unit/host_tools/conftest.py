"""A small untrained network in the forms that users have; made once, in another process."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

SMALL = (16, 8, 3)
"""Channels, window, horizon."""

_SCRIPT = """
import sys
from pathlib import Path
import keras, tf_keras
from models.forecaster.architecture import build
folder = Path(sys.argv[1])
keras.utils.set_random_seed(3)
sizes = dict(channels=16, window=8, horizon=3, conv_filters=4, lstm_units=6)
model = build(keras, **sizes)
model.save(folder / "small.keras")
model.save(folder / "small.h5")
old = build(tf_keras, **sizes)
old.set_weights(model.get_weights())
old.save(folder / "old.h5")
model.export(folder / "bare_saved_model")
samples = keras.Input((8, 16))
flow = keras.layers.BatchNormalization()(keras.layers.Conv1D(4, 3, padding="causal")(samples))
flow = keras.layers.Dense(48, activation="tanh")(keras.layers.GRU(3)(flow))
keras.Model(samples, keras.layers.Reshape((3, 16))(flow)).export(folder / "bare_gru")
"""

_TOML = """name = "small"
window = 8
horizon = 3
rate_hz = 1.0
seed = 5
source = "plant"
"""


@pytest.fixture(scope="session")
def networks(root: Path, once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("TensorFlow is not installed (extra `train`)")
    return once("networks", lambda folder: _write(root, folder))


def _write(root: Path, folder: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(root), "CUDA_VISIBLE_DEVICES": "-1"}
    subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(folder)],
        env=environment, check=True, capture_output=True, timeout=240,
    )  # fmt: skip
    (folder / "model.toml").write_text(_TOML)
    windows = np.random.default_rng(1).standard_normal((40, 8, 16)).astype(np.float32)
    np.savez(folder / "rep.npz", windows=windows)
