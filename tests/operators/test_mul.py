"""MUL of dsp and of rv32: all pairs of values, broadcasting, and the scales that they take."""

import numpy as np
import pytest

from codegen import reference
from codegen.backends.native.lower import call_of
from codegen.frontend.tflite import load
from codegen.ir.graph import Graph
from codegen.options import KernelChoice
from tests.operators import kernels
from tests.operators.builder import ModelBuilder, options
from tests.operators.draw import draw_zero_point

ISAS = ("dsp", "rv32")
VALUES = np.arange(-128, 128, dtype=np.int8)
ALL = np.repeat(VALUES, 256)[None], np.tile(VALUES, 256)[None]
"""Each pair of int8 values once."""


def product(
    shapes: tuple[tuple[int, ...], tuple[int, ...]],
    zero_points: tuple[int, int, int],
    ratio: float,
    activation: int = 0,
) -> Graph:
    """Return a MUL; `ratio` of the scales of a product and of the output."""
    m = ModelBuilder()
    first, second = (
        m.input(shape, "int8", 1.0, zero)
        for shape, zero in zip(shapes, zero_points[:2], strict=True)
    )
    y = m.tensor(np.broadcast_shapes(*shapes), "int8", 1 / ratio, zero_points[2])
    m.operator("MUL", [first, second], [y], options("Mul", fusedActivationFunction=activation))
    m.output(y)
    return load(m.build(), "mul")


def is_taken_by(isa: str, graph: Graph) -> bool:
    """Return whether the kernel of the instruction set computes the product."""
    found = call_of(graph, graph.operators[0], KernelChoice(isa))
    assert found is not None
    return found.kernel == f"safe_kernel_mul_s8_{isa}"


def assert_all_pairs(isa: str, graph: Graph) -> None:
    """Assert that each pair of values gives the byte of the integer reference."""
    inputs = [*ALL]
    expected = reference.run(graph, inputs)[0]
    found = kernels.library("gcc-O3").run(graph, inputs, KernelChoice(isa))[0]
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("seed", range(24))
def test_all_pairs_of_values(seed: int, isa: str) -> None:
    """Ratios from one that saturates nearly always to one that gives the zero point only; every
    third is a power of two, whose products lie on the boundaries between results."""
    rng = np.random.default_rng([seed, 51])
    exponent = rng.uniform(-18, -2) if seed % 3 else -float(seed // 3 + 3)
    zero_points = draw_zero_point(rng), draw_zero_point(rng), draw_zero_point(rng)
    graph = product(((65536,), (65536,)), zero_points, 2.0**exponent, activation=seed % 4)
    assert is_taken_by(isa, graph)
    assert_all_pairs(isa, graph)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize(
    "shapes",
    [
        ((5, 3, 7), (5, 3, 7)),
        ((5, 3, 7), (7,)),
        ((1, 1, 6), (4, 5, 6)),
        ((4, 5, 1), (4, 5, 6)),
        ((4, 5, 9), (4, 1, 1)),
        ((3, 1, 4), (1, 5, 1)),
        ((1,), (3, 2)),
    ],
)
def test_broadcasting(shapes: tuple[tuple[int, ...], tuple[int, ...]], isa: str) -> None:
    """Lengths with each remainder by four, either input repeated along a run or between runs."""
    rng = np.random.default_rng(7)
    graph = product(shapes, (3, -100, 20), 2.0**-7.3)
    inputs = [rng.choice([-128, -3, 3, 50, 127], (8, *shape)).astype(np.int8) for shape in shapes]
    expected = reference.run(graph, inputs)[0]
    for build in ("gcc-O3", "gcc-O0"):
        assert np.array_equal(
            kernels.library(build).run(graph, inputs, KernelChoice(isa))[0], expected
        )
    assert is_taken_by(isa, graph)


@pytest.mark.parametrize(
    ("isa", "exponent", "is_taken"),
    [
        ("dsp", -1.9, False),
        ("dsp", -2.1, True),
        ("dsp", -30.9, True),
        ("dsp", -31.1, True),
        ("rv32", -0.9, False),
        ("rv32", -1.1, True),
        ("rv32", -8.9, True),
        ("rv32", -9.1, True),
        ("rv32", -21.9, True),
        ("rv32", -22.1, False),
    ],
)
def test_the_shifts_at_the_ends(isa: str, exponent: float, is_taken: bool) -> None:
    """Right shifts of 2 to 31 (DSP) and of 1 to 21 (RV32, fewer fraction bits from 9 on), with the
    largest products that there are."""
    graph = product(((65536,), (65536,)), (127, -128, -128), 2.0**exponent)
    assert is_taken_by(isa, graph) == is_taken
    assert_all_pairs(isa, graph)
