"""Recurrent networks of Keras go from file to a model that generates, by one command."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from codegen.frontend.tflite import load
from host_tools import cli
from tests.tensorflow_server import Server

pytestmark = pytest.mark.train
WINDOW, CHANNELS = 6, 3


@pytest.fixture(scope="module")
def written(once: Callable[[str, Callable[[Path], object]], Path], forked: Server) -> Path:
    """The folder of the networks."""
    worker = "tests.unit.host_tools.conversion.recurrent_networks"
    return once("recurrent", lambda folder: forked.run(worker, folder))


@pytest.mark.parametrize(
    "name",
    [
        "autoencoder",
        "bidirectional",
        *(pytest.param(n, marks=pytest.mark.slow) for n in ("simple", "gru", "upsampling")),
    ],
)
def test_a_network_converts_and_generates(name: str, written: Path, tmp_path: Path) -> None:
    windows = np.random.default_rng(0).normal(size=(32, WINDOW, CHANNELS)).astype(np.float32)
    np.savez(tmp_path / "rep.npz", windows=windows)
    out = tmp_path / "m.tflite"
    command = ["convert", "--from", written / f"{name}.keras", "--rep", tmp_path / "rep.npz"]
    assert cli.main([*map(str, command), "--out", str(out)]) == 0
    graph = load(out, "m")
    for operator in graph.operators:
        if operator.kind == "REVERSE_V2":  # its kernel copies bytes
            source, result = (graph.tensor(i) for i in (operator.inputs[0], *operator.outputs))
            assert source.quantization == result.quantization
