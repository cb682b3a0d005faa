"""Recurrent networks of Keras go from file to a model that generates, by one command."""

from pathlib import Path

import numpy as np
import pytest

from codegen.frontend.tflite import load
from host_tools import cli

pytestmark = pytest.mark.train
WINDOW, CHANNELS = 6, 3


def layers(keras: object, name: str) -> list[object]:
    make = keras.layers  # type: ignore[attr-defined]
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


@pytest.mark.parametrize(
    "name",
    [
        "autoencoder",
        "bidirectional",
        *(pytest.param(n, marks=pytest.mark.slow) for n in ("simple", "gru", "upsampling")),
    ],
)
def test_a_network_converts_and_generates(name: str, tmp_path: Path) -> None:
    import keras

    keras.utils.set_random_seed(3)
    network = keras.Sequential([keras.Input((WINDOW, CHANNELS)), *layers(keras, name)])
    network.save(tmp_path / "m.keras")
    windows = np.random.default_rng(0).normal(size=(32, WINDOW, CHANNELS)).astype(np.float32)
    np.savez(tmp_path / "rep.npz", windows=windows)
    out = tmp_path / "m.tflite"
    command = ["convert", "--from", tmp_path / "m.keras", "--rep", tmp_path / "rep.npz"]
    assert cli.main([*map(str, command), "--out", str(out)]) == 0
    graph = load(out, "m")
    for operator in graph.operators:
        if operator.kind == "REVERSE_V2":  # its kernel copies bytes
            source, result = (graph.tensor(i) for i in (operator.inputs[0], *operator.outputs))
            assert source.quantization == result.quantization
