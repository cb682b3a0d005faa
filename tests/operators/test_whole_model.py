"""Whole forecasters against TensorFlow Lite Micro on more than 1,000 windows each."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from codegen import reference
from codegen.frontend.tflite import load
from codegen.ir.graph import DType, Graph
from codegen.operators.registry import operators
from codegen.passes import absorb
from tests.operators import forecaster, kernels, oracle

Array = NDArray[Any]
MODELS = Path(__file__).resolve().parents[2] / "models"
UNROLLED = MODELS.parent / "tests" / "unit" / "codegen" / "models" / "small_unrolled.tflite"
SHIPPED = sorted(path.parent.name for path in MODELS.glob("*/model_int8.tflite"))


def mismatches(result: Array, expected: Array) -> int:
    """Return the number of different bytes; shapes and types must agree."""
    assert (result.shape, result.dtype) == (expected.shape, expected.dtype)
    return int(np.count_nonzero(result.view(np.uint8) != expected.view(np.uint8)))


def shaped_windows(graph: Graph, count: int) -> Array:
    """Return 3·count windows in the model's own input shape."""
    shape = graph.tensor(graph.inputs[0]).shape
    values = forecaster.windows(count)
    if values.shape[1:] == shape:
        return values
    rng = np.random.default_rng(4)
    walk = np.cumsum(rng.normal(0, 6, (3 * count, *shape)), axis=2)
    walk[count : 2 * count] *= 5
    return np.clip(np.round(walk), -128, 127).astype(np.int8)


@pytest.mark.parametrize("name", ["random", *SHIPPED])
def test_reference_and_kernels_equal_the_oracle(name: str) -> None:
    path = MODELS / name / "model_int8.tflite"
    model = forecaster.model() if name == "random" else path.read_bytes()
    graph = load(model, "forecaster")
    values = shaped_windows(graph, 350)
    expected = oracle.run(model, [values])[0]
    assert len(expected) >= 1000
    assert len(np.unique(expected)) > 50, "outputs too poor to show a difference"
    assert mismatches(reference.run(graph, [values])[0], expected) == 0
    absorbed = absorb.run(graph)
    for operator in absorbed.operators:
        operators()[operator.kind].check(absorbed, operator)
    assert mismatches(reference.run(absorbed, [values[:50]])[0], expected[:50]) == 0
    assert mismatches(kernels.library("gcc-O3").run(absorbed, [values])[0], expected) == 0
    assert mismatches(kernels.library("clang-O3").run(graph, [values[::9]])[0], expected[::9]) == 0


def test_an_unrolled_lstm_equals_the_oracle() -> None:
    """As Keras leaves it: a split, sigmoids, tanhs, products and sums for each step."""
    model = UNROLLED.read_bytes()
    graph = load(model, "unrolled")
    values = shaped_windows(graph, 120)
    expected = oracle.run(model, [values])[0]
    assert len(np.unique(expected)) > 20, "outputs too poor to show a difference"
    assert mismatches(reference.run(graph, [values])[0], expected) == 0
    assert mismatches(kernels.library("gcc-O3").run(graph, [values])[0], expected) == 0


def test_the_last_step_is_absorbed_into_the_lstm() -> None:
    graph = load(forecaster.model(), "forecaster")
    kinds = [operator.kind for operator in absorb.run(graph).operators]
    assert "STRIDED_SLICE" not in kinds
    assert len(kinds) == len(graph.operators) - 1


def flipped(graph: Graph, index: int, element: int, bit: int) -> Graph:
    """Return the graph with one bit of one constant changed."""
    tensor = graph.tensor(index)
    assert tensor.data is not None
    data = tensor.data.copy()
    data.reshape(-1)[element] ^= np.array(1 << bit, dtype=data.dtype)
    return replace(graph, tensors={**graph.tensors, index: replace(tensor, data=data)})


def weight_tensors(graph: Graph) -> Sequence[int]:
    """Return the int8 constants that operators read."""
    read = {i for operator in graph.operators for i in operator.inputs if i >= 0}
    return sorted(
        i for i in read if graph.tensor(i).is_constant and graph.tensor(i).dtype is DType.INT8
    )


def test_one_flipped_weight_bit_is_seen() -> None:
    model = forecaster.model()
    graph = load(model, "forecaster")
    values = forecaster.windows(4)
    expected = oracle.run(model, [values])[0]
    assert mismatches(reference.run(graph, [values])[0], expected) == 0
    tensors = weight_tensors(graph)
    assert len(tensors) == 10  # convolution, eight of the LSTM, dense
    for index in tensors:
        other = flipped(graph, index, graph.tensor(index).elements // 2, 6)
        assert mismatches(reference.run(other, [values])[0], expected) > 0, index
        assert mismatches(kernels.library("gcc-O3").run(other, [values])[0], expected) > 0, index


def test_one_flipped_output_bit_is_seen() -> None:
    model = forecaster.model()
    values = forecaster.windows(4)
    expected = oracle.run(model, [values])[0]
    result = reference.run(load(model, "forecaster"), [values])[0]
    assert mismatches(result, expected) == 0
    result.reshape(-1)[result.size // 2] ^= 1
    assert mismatches(result, expected) == 1


def test_float_edges_equal_the_oracle() -> None:
    """QUANTIZE and DEQUANTIZE around the whole: float32 in, float32 out, same bits."""
    model = forecaster.model(float_edges=True)
    graph = load(model, "forecaster")
    rng = np.random.default_rng(5)
    values = (forecaster.windows(20) * 0.05 + rng.normal(0, 0.05, 16)).astype(np.float32)
    expected = oracle.run(model, [values])[0]
    assert expected.dtype == np.float32
    assert mismatches(reference.run(graph, [values])[0], expected) == 0
    assert mismatches(kernels.library("gcc-O3").run(graph, [values])[0], expected) == 0


def test_the_oracle_starts_each_window_from_a_reset_state() -> None:
    """The order of windows changes nothing: state does not leak from one to the next."""
    values = forecaster.windows(6)
    forward = oracle.run(forecaster.model(), [values])[0]
    backward = oracle.run(forecaster.model(), [values[::-1]])[0]
    assert mismatches(backward[::-1].copy(), forward) == 0
