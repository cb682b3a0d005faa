"""Write a small untrained network in the forms that users have: a worker of `tensorflow_server`."""

import sys
from pathlib import Path

import keras
import tf_keras

from models.forecaster.architecture import build


def write(folder: Path) -> None:
    """Write them into the folder."""
    keras.utils.set_random_seed(3)
    sizes = {"channels": 16, "window": 8, "horizon": 3, "conv_filters": 4, "lstm_units": 6}
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


write(Path(sys.argv[1]))
