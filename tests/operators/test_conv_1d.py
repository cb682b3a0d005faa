"""Convolutions of height 1 by two positions at a time: bytes, and where that kernel is taken."""

import numpy as np
import pytest

from codegen import reference
from codegen.backends.native.backend import compile_model
from codegen.backends.native.lower import call_of
from codegen.frontend.tflite import load
from codegen.ir.graph import Graph
from codegen.options import KernelChoice
from tests.operators import kernels
from tests.operators.builder import ModelBuilder, options
from tests.operators.draw import Array
from tests.operators.networks import SAME, VALID, Network

DSP = KernelChoice("dsp")
PAIRS = "safe_kernel_conv_1d_pairs_s8_dsp"
SHAPES = (
    # width, input channels, output channels, taps, stride, dilation, padding
    (16, 4, 8, 2, 1, 1, VALID),
    (17, 4, 4, 3, 1, 1, SAME),
    (9, 3, 5, 3, 2, 1, SAME),
    (12, 1, 6, 5, 1, 2, SAME),
    (2, 8, 3, 3, 1, 1, SAME),
    (21, 6, 9, 4, 3, 1, VALID),
    (10, 16, 16, 1, 1, 1, VALID),
)
"""Depths with and without a remainder by 4, odd and even outputs, borders, no whole group."""


def drawn(seed: int) -> tuple[Graph, list[Array]]:
    """Return a convolution of one of the shapes, and values for it."""
    width, depth, channels, taps, stride, dilation, padding = SHAPES[seed % len(SHAPES)]
    n = Network(np.random.default_rng([seed, 61]))
    x = n.source((1, 1, width, depth))
    y = n.convolution(x, channels, (1, taps), stride=stride, dilation=dilation, padding=padding)
    case = n.case(y, count=12)
    return load(case.model, "case"), case.inputs


def compare(build: str, count: int) -> int:
    """Assert equal bytes of `count` cases; return how many took the kernel."""
    chosen = 0
    for seed in range(count):
        graph, inputs = drawn(seed)
        (operator,) = graph.operators
        found = call_of(graph, operator, DSP)
        chosen += found is not None and found.kernel == PAIRS
        expected = reference.run(graph, inputs)
        results = kernels.library(build).run(graph, inputs, DSP)
        for result, truth in zip(results, expected, strict=True):
            assert np.array_equal(result, truth), SHAPES[seed % len(SHAPES)]
    return chosen


def test_bytes() -> None:
    assert compare("gcc-O3", 42) > 30


@pytest.mark.parametrize("build", kernels.EACH_BUILD)
def test_every_build_gives_the_same_bytes(build: str) -> None:
    compare(build, len(SHAPES))


def kernel_of(model: bytes) -> str:
    """Return the kernel of the first convolution of a model."""
    graph = load(model, "m")
    found = call_of(graph, next(o for o in graph.operators if o.kind == "CONV_2D"), DSP)
    assert found is not None
    return found.kernel


@pytest.mark.parametrize(("width", "kernel"), [(3, "conv_1d"), (4, "conv_1d_pairs")])
def test_one_position_is_a_row_of_the_tile_of_eight(width: int, kernel: str) -> None:
    n = Network(np.random.default_rng(3))
    y = n.convolution(n.source((1, 1, width, 8)), 8, (1, 3), padding=VALID)
    assert kernel_of(n.case(y, count=1).model) == f"safe_kernel_{kernel}_s8_dsp"


def test_a_second_convolution_in_two_dimensions_brings_the_kernel_for_both() -> None:
    n = Network(np.random.default_rng(3))
    flat = n.convolution(n.source((1, 1, 16, 8)), 8, (1, 3))
    square = n.reshape(flat, (1, 4, 4, 8))
    found = kernel_of(n.case(n.convolution(square, 8, (3, 3)), count=1).model)
    assert found == "safe_kernel_conv_2d_s8_dsp"


def test_a_transposed_convolution_of_stride_1_is_one_of_them() -> None:
    m = ModelBuilder()
    rng = np.random.default_rng(1)
    target = m.constant(np.array([1, 1, 16, 4], np.int32))
    x = m.input((1, 1, 16, 4), "int8", 0.05, 3)
    weights = m.constant(rng.integers(-127, 128, (4, 1, 3, 4)).astype(np.int8), [0.004] * 4)
    y = m.tensor((1, 1, 16, 4), "int8", 0.3, -5)
    table = options("TransposeConv", padding=SAME, strideH=1, strideW=1)
    m.operator("TRANSPOSE_CONV", [target, weights, x], [y], table, version=3)
    m.output(y)
    program = compile_model(load(m.build(), "m"), target="mps2-an386", isa="dsp")
    assert [call.kernel for _, call in program.calls if call is not None] == [PAIRS]
