"""The affine sum of ADD and SUB against the integer reference, for all pairs of int8 values."""

import numpy as np
import pytest

from codegen import reference
from codegen.backends.native.lower import call_of
from codegen.backends.native.shared import add as _affine
from codegen.frontend.tflite import load
from codegen.ir.graph import Graph
from codegen.operators.near_ties import near_ties
from codegen.options import KernelChoice
from tests.operators import kernels
from tests.operators.builder import ModelBuilder, options
from tests.operators.draw import ACTIVATIONS, Array, Rng, draw_scale, draw_zero_point

CHOICES = KernelChoice("dsp"), KernelChoice("mve"), KernelChoice("rv32")
SHAPE = (1, 256, 257)
"""The last column repeats the first: a length that is no multiple of four."""


def pairs() -> list[Array]:
    """Return both inputs of one window, which holds every pair."""
    values = np.arange(-128, 128)
    first, second = np.meshgrid(values, np.append(values, -128), indexing="ij")
    return [side.reshape(1, *SHAPE).astype(np.int8) for side in (first, second)]


def graph_of(rng: Rng, kind: str) -> Graph:
    """Return one operator with equal shapes and an output scale as a residual sum has."""
    m = ModelBuilder()
    scales = draw_scale(rng), draw_scale(rng)
    inputs = [m.input(SHAPE, "int8", scale, draw_zero_point(rng)) for scale in scales]
    output = float(np.float32(max(scales) * rng.uniform(0.6, 2)))
    y = m.tensor(SHAPE, "int8", output, draw_zero_point(rng))
    table = options(kind.capitalize(), fusedActivationFunction=int(rng.choice(ACTIVATIONS)))
    m.operator(kind, inputs, [y], table)
    m.output(y)
    return load(m.build(), "case")


def affine_share(kind: str, count: int, build: str, stream: int) -> float:
    """Compare `count` random operators on every pair; return how many were affine sums."""
    found = 0
    for seed in range(count):
        graph = graph_of(np.random.default_rng([seed, stream]), kind)
        expected = reference.run(graph, pairs())[0]
        (operator,) = graph.operators
        for choice in CHOICES:
            call = call_of(graph, operator, choice)
            assert call is not None
            found += "add_affine_s8" in call.kernel
            (result,) = kernels.library(build).run(graph, pairs(), choice)
            assert np.array_equal(result, expected), (seed, choice)
    return found / count / len(CHOICES)


@pytest.mark.parametrize("kind", ["ADD", "SUB"])
@pytest.mark.parametrize("build", kernels.EACH_BUILD)
def test_every_pair_is_exact(kind: str, build: str) -> None:
    assert affine_share(kind, 6, build, 41) > 0.5


@pytest.mark.parametrize("kind", ["ADD", "SUB"])
@pytest.mark.parametrize("shapes", [((256, 1), (1, 257)), ((1, 256), (257, 1))])
def test_sums_that_broadcast_are_exact(kind: str, shapes: tuple[tuple[int, int], ...]) -> None:
    """A value for each row and one for each column: every pair of int8 values."""
    values = np.arange(-128, 128)
    chosen = 0
    for seed in range(4):
        rng = np.random.default_rng([seed, 43])
        m = ModelBuilder()
        scales = draw_scale(rng), draw_scale(rng)
        sides = [
            m.input((1, *shape), "int8", scale, draw_zero_point(rng))
            for shape, scale in zip(shapes, scales, strict=True)
        ]
        output = float(np.float32(max(scales) * rng.uniform(0.6, 2)))
        y = m.tensor((1, *np.maximum(*shapes)), "int8", output, draw_zero_point(rng))
        m.operator(kind, sides, [y], options(kind.capitalize()))
        m.output(y)
        graph = load(m.build(), "case")
        inputs = [np.resize(values, (1, 1, *shape)).astype(np.int8) for shape in shapes]
        expected = reference.run(graph, inputs)[0]
        for choice in CHOICES:
            call = call_of(graph, graph.operators[0], choice)
            assert call is not None
            chosen += "add_affine_s8" in call.kernel
            (result,) = kernels.library("gcc-O3").run(graph, inputs, choice)
            assert np.array_equal(result, expected), (seed, choice)
    assert chosen > 2


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ADD", "SUB"])
def test_many_are_exact_and_nearly_all_affine(kind: str) -> None:
    assert affine_share(kind, 300, "gcc-O3", 42) > 0.97


def plane(ratios: tuple[float, float]) -> Array:
    """Return what an ideal sum with zero points 0 gives."""
    one, two = (ratio * _affine.VALUES for ratio in ratios)
    rounded: Array = np.floor(one[:, None] + two[None, :] + 0.5)
    return np.clip(rounded, -128, 127).astype(np.int64)


@pytest.mark.parametrize(
    "ratios",
    [
        (0.712948371, 0.321319797),
        (0.5, -0.833172931),
        (1.0, 1.0),
        (0.0, 0.4),
        (2.931172937, 0.212931737),
    ],
)
def test_an_ideal_sum_is_found_and_one_wrong_pair_is_not(ratios: tuple[float, float]) -> None:
    truth = plane(ratios)
    found = _affine.fit(ratios, 0.0, truth)
    assert found is not None
    first, second, start = found
    sums = _affine.VALUES[:, None] * first + _affine.VALUES[None, :] * second + start
    assert np.abs(sums).max() < 1 << 31
    assert np.array_equal(np.clip(sums >> _affine.BITS, -128, 127), truth)
    truth[100, 150] ^= 1
    assert _affine.fit(ratios, 0.0, truth) is None


def test_pairs_far_from_a_boundary_decide_too() -> None:
    """Steps 2^-6 off where the scales have them: pairs taken to decide are other ones."""
    first, second, start = 1495161, 673867, (1 << 20) + (1 << 15)
    sums = _affine.VALUES[:, None] * first + _affine.VALUES[None, :] * second + start
    truth = np.clip(sums >> _affine.BITS, -128, 127)
    found = _affine.fit((first / 2**21, second / 2**21), 0.0, truth)
    assert found is not None
    sums = _affine.VALUES[:, None] * found[0] + _affine.VALUES[None, :] * found[1] + found[2]
    assert np.array_equal(np.clip(sums >> _affine.BITS, -128, 127), truth)


def test_sums_beyond_int32_are_refused() -> None:
    ratios = 4.0, 4.1
    assert _affine.fit(ratios, 0.0, plane(ratios)) is None


@pytest.mark.parametrize("seed", range(20))
def test_pairs_near_a_tie_are_those_of_all_sums(seed: int) -> None:
    rng = np.random.default_rng([seed, 43])
    first: Array = _affine.VALUES * rng.uniform(-3, 3) + rng.uniform(-99, 99)
    second: Array = _affine.VALUES * rng.uniform(-3, 3) + rng.uniform(-99, 99)
    if seed % 2:  # the same fraction many times
        first, second = np.round(first * 8) / 8, np.round(second * 8) / 8
    reach = 1.1 * 2.0 ** -int(rng.integers(3, 12))
    sums = first[:, None] + second[None, :]
    expected = np.argwhere(np.abs(sums - np.floor(sums) - 0.5) <= reach)
    found = near_ties(first, second, reach)
    assert np.array_equal(found[np.lexsort(found.T[::-1])], expected)
