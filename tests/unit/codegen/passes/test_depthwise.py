"""A convolution of one channel per group becomes a depthwise one: same numbers, and only then."""

import numpy as np
import pytest

from codegen import reference
from codegen.backends.native.backend import compile_model
from codegen.frontend import tflite
from codegen.ir.verifier import verify
from codegen.operators.registry import operators
from codegen.passes import dead, dense, depthwise
from tests.operators.builder import ModelBuilder, options
from tests.operators.cases import int8_values


def convolution(channels, groups, filters, *, size=(5, 6), kernel=(3, 2), calls=1):
    """A model of `calls` CONV_2D with the same weights, one after the other."""
    rng = np.random.default_rng(4)
    model = ModelBuilder()
    value = model.input((1, *size, channels), "int8", 0.05, -7)
    data = rng.integers(-127, 128, (filters, *kernel, channels // groups)).astype(np.int8)
    scales = [float(np.float32(s)) for s in rng.uniform(0.003, 0.006, filters)]
    weights = model.constant(data, scales, axis=0)
    for _ in range(calls):
        result = model.tensor((1, *size, filters), "int8", 0.05, -7)
        table = options("Conv2D", padding=0, strideH=1, strideW=1)
        model.operator("CONV_2D", [value, weights], [result], table)
        value = result
    model.output(value)
    return tflite.load(model.build(), "m")


def kinds(graph):
    return [o.kind for o in graph.operators]


@pytest.mark.parametrize("copies", [1, 3])
@pytest.mark.parametrize("calls", [1, 2])
def test_a_channel_per_group(copies, calls):
    if copies > 1 and calls > 1:
        calls = 1  # its output does not fit its input
    graph = convolution(6, 6, 6 * copies, calls=calls)
    after = dead.run(depthwise.run(graph))
    verify(after, "depthwise")
    assert kinds(after) == ["DEPTHWISE_CONV_2D"] * calls
    for operator in after.operators:
        operators()[operator.kind].check(after, operator)
    x = int8_values(np.random.default_rng(3), (1, 5, 6, 6), 40)
    expected, found = reference.run(graph, [x])[0], reference.run(after, [x])[0]
    np.testing.assert_array_equal(found, expected)
    assert len(np.unique(expected)) >= 10


@pytest.mark.parametrize(("channels", "groups"), [(6, 3), (6, 1), (1, 1)])
def test_others_stay_as_they_are(channels, groups):
    graph = convolution(channels, groups, 6)
    assert depthwise.run(graph) is graph


def test_groups_at_one_place_are_no_matrix_product():
    graph = convolution(6, 3, 6, size=(1, 1), kernel=(1, 1))
    assert dense.run(graph) is graph


@pytest.mark.parametrize("isa", ["dsp", "rv32"])
def test_groups_take_the_portable_kernel_and_say_so(isa):
    program = compile_model(convolution(6, 3, 6), target="host", isa=isa)
    (call,) = (call for _, call in program.calls)
    assert call.kernel == "safe_kernel_conv_2d_s8"
    assert f"no {isa} kernel: it has groups" in call.notes
