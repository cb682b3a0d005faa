"""An unrolled LSTM or GRU, re-rolled, on emulated cores: the bytes of the unrolled graph."""

import numpy as np
import pytest

from codegen import reference
from codegen.frontend.tflite import load as load_model
from host_tools.perf import standalone
from targets.build import ROOT
from targets.emulate import bare
from targets.load import load
from tests.unit.codegen.passes.test_reroll import Unrolled

pytestmark = pytest.mark.emulator


@pytest.mark.parametrize(("units", "per_channel"), [(1, True), (17, True), (6, False)])
@pytest.mark.parametrize("name", ["mps2-an386", "mps2-an505", "mps3-an547", "riscv-virt"])
def test_unrolled_models(name, units, per_channel, tmp_path):
    target = load(name)
    path = tmp_path / "unrolled.tflite"
    path.write_bytes(Unrolled(units, 9, every=units == 6, per_channel=per_channel).build())
    built = standalone.build(path, target, tmp_path, calls=12)
    (operator,) = built.manifest["operators"]
    assert operator["kernel"] == f"safe_kernel_rerolled_lstm_s8_{target.target.isa}"
    compare(target, path, built)


class Scaled(Unrolled):
    """An LSTM whose products are scaled down more, or less, before they become int8."""

    times = 1.0

    def _weights(self, rows, depth, per_channel):
        index = super()._weights(rows, depth, per_channel)
        quantization = self.m._graph.tensors[index].quantization
        quantization.scale = [self.times * scale for scale in quantization.scale]
        return index


@pytest.mark.parametrize("times", [2**-4, 2**-2, 2**2])
def test_products_of_all_scales(times, tmp_path, monkeypatch):
    """The tile shifts its sums by another number of places for each."""
    monkeypatch.setattr(Scaled, "times", times)
    target = load("mps2-an386")
    path = tmp_path / "unrolled.tflite"
    path.write_bytes(Scaled(12, 6, every=True).build())
    built = standalone.build(path, target, tmp_path, calls=12)
    (operator,) = built.manifest["operators"]
    assert operator["kernel"] == "safe_kernel_rerolled_lstm_s8_dsp"
    compare(target, path, built)


@pytest.mark.parametrize("model", ["small_gru", "small_gru_all"])
@pytest.mark.parametrize("name", ["mps2-an386", "mps2-an505", "mps3-an547", "riscv-virt"])
def test_gru_models(name, model, tmp_path):
    target = load(name)
    path = ROOT / f"tests/unit/codegen/models/{model}.tflite"
    built = standalone.build(path, target, tmp_path, optimize="size", calls=12)
    found = {operator["kernel"] for operator in built.manifest["operators"]}
    assert f"safe_kernel_rerolled_gru_s8_{target.target.isa}" in found
    compare(target, path, built)


def compare(target, path, built):
    """Assert that the core gives the bytes of the integer reference."""
    graph = load_model(path, "m")
    raw = bare.inputs(built.interface.input_bytes, 12)
    shape = graph.tensor(graph.inputs[0]).shape
    values = np.stack([np.frombuffer(r, np.int8).reshape(shape) for r in raw])
    expected = reference.run(graph, [values])[0]
    outputs = [call.output for call in bare.run(target, built.elf)]
    assert outputs == [row.tobytes() for row in expected]
    assert len(set(outputs)) > 6
