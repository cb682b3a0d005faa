"""A convolution at one place becomes a matrix product: same numbers, and only where it is one."""

from dataclasses import replace

import numpy as np
import pytest

from codegen import reference
from codegen.frontend import tflite
from codegen.ir.verifier import verify
from codegen.operators.registry import operators
from codegen.passes import dead, dense
from tests.operators.builder import ModelBuilder, options
from tests.operators.cases import int8_values

SAME, VALID = 0, 1


def convolution(source, kernel, *, padding=VALID, stride=1, dilation=1, filters=5, activation=0):
    """A model of one CONV_2D; `source` (height, width, channels), `kernel` (height, width)."""
    rng = np.random.default_rng(2)
    model = ModelBuilder()
    x = model.input((1, *source), "int8", 0.05, -7)
    data = rng.integers(-127, 128, (filters, *kernel, source[2])).astype(np.int8)
    scales = [float(np.float32(s)) for s in rng.uniform(0.003, 0.006, filters)]
    weights = model.constant(data, scales, axis=0)
    products = [float(np.float32(0.05) * np.float32(s)) for s in scales]
    bias = model.constant(rng.integers(-900, 900, filters).astype(np.int32), products)
    reach = [(k - 1) * dilation for k in kernel] if padding == VALID else (0, 0)
    places = [-(-(n - r) // stride) for n, r in zip(source, reach, strict=False)]
    y = model.tensor((1, *places, filters), "int8", 0.09, 4)
    fields = {"padding": padding, "strideH": stride, "strideW": stride}
    fields |= {"dilationHFactor": dilation, "dilationWFactor": dilation}
    table = options("Conv2D", **fields, fusedActivationFunction=activation)
    model.operator("CONV_2D", [x, weights, bias], [y], table)
    model.output(y)
    return tflite.load(model.build(), "m")


def same_numbers(graph):
    """Return the graph after the pass, which computes the same."""
    after = dead.run(dense.run(graph))
    verify(after, "dense")
    for operator in after.operators:
        operators()[operator.kind].check(after, operator)
    x = int8_values(np.random.default_rng(3), graph.tensor(graph.inputs[0]).shape, 60)
    expected, found = reference.run(graph, [x])[0], reference.run(after, [x])[0]
    np.testing.assert_array_equal(found, expected)
    assert len(np.unique(expected)) >= 10
    return after


def kinds(graph):
    return [o.kind for o in graph.operators]


@pytest.mark.parametrize(
    ("source", "kernel"),
    [((1, 1, 8), (1, 1)), ((1, 3, 4), (1, 3)), ((2, 3, 5), (2, 3)), ((4, 1, 3), (4, 1))],
)
@pytest.mark.parametrize("activation", [0, 1])
def test_a_kernel_as_large_as_its_input(source, kernel, activation):
    assert kinds(same_numbers(convolution(source, kernel, activation=activation))) == [
        "FULLY_CONNECTED"
    ]


@pytest.mark.parametrize("kernel", [(3, 3), (1, 5), (2, 4)])
def test_taps_on_padding_are_left_out(kernel):
    """SAME over one place: of the taps only the one on the input is kept."""
    after = same_numbers(convolution((1, 1, 6), kernel, padding=SAME))
    assert kinds(after) == ["FULLY_CONNECTED"]
    (operator,) = after.operators
    assert after.tensor(operator.inputs[1]).shape == (5, 6)


def test_a_stride_over_the_rest_sees_it_whole():
    after = same_numbers(convolution((1, 2, 4), (1, 3), padding=SAME, stride=2))
    assert kinds(after) == ["FULLY_CONNECTED"]


@pytest.mark.parametrize(
    "case",
    [
        {"source": (1, 4, 4), "kernel": (1, 3)},
        {"source": (1, 3, 4), "kernel": (1, 3), "padding": SAME},
        {"source": (1, 5, 4), "kernel": (1, 3), "dilation": 2},
        {"source": (1, 4, 4), "kernel": (1, 3), "stride": 2},
    ],
    ids=["two places", "padding", "holes between taps", "a rest that no tap sees"],
)
def test_others_stay(case):
    graph = convolution(**case)
    assert dense.run(graph) is graph


def test_a_flipped_bit_of_a_weight_is_noticed():
    graph = convolution((1, 3, 4), (1, 3))
    after = dense.run(graph)
    (operator,) = after.operators
    rows = after.tensor(operator.inputs[1])
    data = rows.data.copy()
    data[2, 5] ^= 1
    flipped = replace(after, tensors={**after.tensors, rows.index: replace(rows, data=data)})
    x = int8_values(np.random.default_rng(3), (1, 1, 3, 4), 200)
    expected, found = reference.run(graph, [x])[0], reference.run(flipped, [x])[0]
    assert np.any(found != expected)
    np.testing.assert_array_equal(reference.run(after, [x])[0], expected)
