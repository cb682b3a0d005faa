"""All phases of a transposed convolution at once (dsp): bytes, and where that kernel is taken."""

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
from tests.operators.draw import int8_values
from tests.operators.networks import SAME, VALID

DSP = KernelChoice("dsp")
ALL_PHASES = "safe_kernel_transpose_conv_s8_dsp"
Pair = tuple[int, int]
Shape = tuple[Pair, Pair, Pair, Pair, int]
SHAPES: tuple[Shape, ...] = (
    # height, width, input and output channels, kernel, strides, padding
    ((4, 5), (4, 4), (3, 3), (2, 2), SAME),
    ((3, 4), (4, 4), (2, 2), (2, 2), VALID),  # no border
    ((4, 4), (8, 2), (3, 3), (2, 2), SAME),
    ((3, 4), (4, 1), (3, 3), (2, 2), SAME),  # two inputs a position
    ((2, 8), (4, 1), (2, 3), (2, 1), SAME),  # four inputs a position
    ((1, 16), (8, 1), (1, 3), (1, 2), SAME),
    ((5, 1), (4, 4), (4, 1), (2, 1), SAME),  # one column
    ((3, 3), (4, 8), (5, 2), (2, 2), VALID),  # the last line of positions has one of two lines
    ((2, 3), (12, 4), (4, 5), (4, 3), SAME),
    ((2, 3), (4, 2), (3, 1), (3, 2), SAME),  # one phase along x has no taps
    ((3, 5), (4, 4), (4, 4), (2, 2), SAME),
)


def transposed(seed: int, *, batches: int = 1, activation: int = 0) -> bytes:
    """Return a model of one of the shapes."""
    return drawn(SHAPES[seed % len(SHAPES)], seed, batches=batches, activation=activation)


def drawn(shape_of: Shape, seed: int, *, batches: int = 1, activation: int = 0) -> bytes:
    """Return a model of a shape; an odd seed has one scale for all channels."""
    size, channels, kernel, strides, padding = shape_of
    rng = np.random.default_rng([seed, 67])
    extents = [
        n * s if padding == SAME else (n - 1) * s + max(k, s)
        for n, k, s in zip(size, kernel, strides, strict=True)
    ]
    shape = (batches, *extents, channels[1])
    scales = [float(s) for s in rng.uniform(0.004, 0.01, channels[1]).astype(np.float32)]
    rows = rng.integers(-127, 128, (channels[1], *kernel, channels[0])).astype(np.int8)
    bias = rng.integers(-900, 900, channels[1]).astype(np.int32)
    m = ModelBuilder()
    target = m.constant(np.array(shape, np.int32))
    x = m.input((batches, *size, channels[0]), "int8", 0.05, -7)
    if seed % 2:
        scales = scales[:1]
    biases = m.constant(bias, [float(np.float32(0.05) * np.float32(s)) for s in scales])
    y = m.tensor(shape, "int8", 0.5, 11)
    table = options(
        "TransposeConv",
        padding=padding,
        strideH=strides[0],
        strideW=strides[1],
        fusedActivationFunction=activation,
    )
    m.operator("TRANSPOSE_CONV", [target, m.constant(rows, scales), x, biases], [y], table)
    m.output(y)
    return m.build()


def compare(graph: Graph, build: str) -> None:
    """Assert equal bytes, by this kernel."""
    (operator,) = graph.operators
    call = call_of(graph, operator, DSP)
    assert call is not None
    assert call.kernel == ALL_PHASES, call.notes
    rng = np.random.default_rng(2)
    x = [int8_values(rng, graph.tensor(graph.inputs[0]).shape, 12)]
    expected = reference.run(graph, x)
    assert len(np.unique(expected[0])) >= 10
    results = kernels.library(build).run(graph, x, DSP)
    np.testing.assert_array_equal(results[0], expected[0])


@pytest.mark.parametrize("build", kernels.EACH_BUILD)
def test_every_build_gives_the_same_bytes(build: str) -> None:
    for seed in range(2 * len(SHAPES)):  # each with one scale and with one for each channel
        compare(load(transposed(seed), "m"), build)


def test_batches_and_limits() -> None:
    for seed in range(len(SHAPES)):
        compare(load(transposed(seed, batches=2, activation=1), "m"), "gcc-O3")


OTHERS = {
    "5 channels, no multiple of 4": ((2, 3), (5, 4), (2, 2), (2, 2), SAME),
    "6 columns of outputs, no multiple of 4": ((2, 3), (4, 1), (2, 2), (2, 2), SAME),
    "stride 2 along y, above 1": ((2, 3), (4, 4), (1, 2), (2, 2), SAME),
    "stride 5 along y, above 4": ((2, 3), (4, 4), (5, 2), (5, 2), SAME),
    "stride 1: a convolution": ((2, 3), (4, 4), (3, 3), (1, 1), SAME),
}


@pytest.mark.parametrize("reason", OTHERS)
def test_others_say_why(reason: str) -> None:
    graph = load(drawn(OTHERS[reason], 0), "m")
    call = call_of(graph, graph.operators[0], DSP)
    assert call is not None
    assert call.kernel == "safe_kernel_transpose_conv_s8"
    assert f"no dsp kernel: {reason}" in call.notes


@pytest.mark.parametrize("seed", [0, 1, 2, 5, 6])
def test_few_channels_are_not_taken_apart(seed: int) -> None:
    program = compile_model(load(transposed(seed), "m"), target="mps2-an386", isa="dsp")
    assert [call.kernel for _, call in program.calls if call is not None] == [ALL_PHASES]
