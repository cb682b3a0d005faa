"""Write recurrent networks of Keras: a worker of `tensorflow_server`."""

import sys
from pathlib import Path

import keras

WINDOW, CHANNELS = 6, 3
NAMES = ("autoencoder", "simple", "bidirectional", "gru", "upsampling")


def layers(name: str) -> list[object]:
    make = keras.layers
    return {
        "autoencoder": [
            make.LSTM(5),
            make.RepeatVector(WINDOW),
            make.LSTM(4, return_sequences=True),
            make.TimeDistributed(make.Dense(CHANNELS)),
        ],
        "simple": [make.SimpleRNN(5), make.Dense(2)],
        "bidirectional": [
            make.Bidirectional(make.LSTM(4, return_sequences=True)),
            make.Bidirectional(make.LSTM(3)),
            make.Dense(2),
        ],
        "gru": [make.GRU(4, reset_after=False, use_bias=False), make.Dense(2)],
        "upsampling": [
            make.Conv1D(4, 3, strides=2, padding="same"),
            make.LeakyReLU(),
            make.UpSampling1D(2),
            make.Conv1DTranspose(CHANNELS, 3, padding="same"),
        ],
    }[name]


def write(folder: Path) -> None:
    """Write them all into the folder."""
    for name in NAMES:
        keras.utils.set_random_seed(3)
        network = keras.Sequential([keras.Input((WINDOW, CHANNELS)), *layers(name)])
        network.save(folder / f"{name}.keras")


write(Path(sys.argv[1]))
