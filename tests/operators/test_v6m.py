"""The v6m kernels in C against the integer reference, byte by byte, and the bound of their chunks.

Their assembly runs on an emulated core: tests/emulator/test_v6m.py.
"""

from collections import Counter

import numpy as np
import pytest

from codegen import reference
from codegen.backends.native.lower import call_of
from codegen.backends.native.v6m import conv_2d, packing
from codegen.backends.native.v6m import unidirectional_sequence_lstm as lstm
from codegen.fixed_point import requantize
from codegen.frontend.tflite import load
from codegen.ir.graph import Graph
from codegen.options import KernelChoice
from tests.operators import kernels
from tests.operators.builder import ABSENT, ModelBuilder, options
from tests.operators.cases import CASES

V6M = KernelChoice("v6m")
SMALL = KernelChoice("v6m", "size")
KINDS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "UNIDIRECTIONAL_SEQUENCE_LSTM")
QUICK = 60
LOWEST = -128


def some(kind: str, count: int, build: str, stream: int) -> Counter[str]:
    """Compare `count` random cases; return how many took which v6m kernel."""
    chosen: Counter[str] = Counter()
    library = kernels.library(build)
    for seed in range(count):
        case = CASES[kind](np.random.default_rng([seed, stream]))
        graph = load(case.model, "case")
        expected = reference.run(graph, case.inputs)
        for choice in (V6M, SMALL):
            for result, truth in zip(
                library.run(graph, case.inputs, choice), expected, strict=True
            ):
                assert np.array_equal(result, truth), (kind, seed, choice)
        calls = [call_of(graph, operator, SMALL) for operator in graph.operators]
        chosen.update(c.kernel for c in calls if c is not None and c.kernel.endswith("_v6m"))
    return chosen


@pytest.mark.parametrize("kind", KINDS)
def test_random_cases(kind: str) -> None:
    chosen = some(kind, QUICK, "gcc-O3", 51)
    assert chosen.total() > QUICK // 4
    flat = {"safe_kernel_conv_1d_s8_v6m", "safe_kernel_conv_2d_s8_v6m"}
    assert kind != "CONV_2D" or set(chosen) == flat


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("build", kernels.EACH_BUILD)
def test_every_build_gives_the_same_bytes(kind: str, build: str) -> None:
    some(kind, 5, build, 52)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_many_random_cases(kind: str) -> None:
    assert some(kind, 1000, "gcc-O3", 53).total() > 250


def dense(weights: list[int]) -> Graph:
    """Return a matrix product of eight equal rows."""
    m = ModelBuilder()
    x = m.input((1, len(weights)), "int8", 0.05, 0)
    rows = m.constant(np.tile(np.array(weights, np.int8), (8, 1)), 0.01)
    y = m.tensor((1, 8), "int8", 200.0 / 127, 0)
    m.operator("FULLY_CONNECTED", [x, rows, ABSENT], [y], options("FullyConnected"))
    m.output(y)
    return load(m.build(), "dense")


def convolution(weights: list[int]) -> Graph:
    """Return a convolution of two equal channels over four positions."""
    m = ModelBuilder()
    x = m.input((1, 1, 4, len(weights)), "int8", 0.05, 0)
    rows = np.tile(np.array(weights, np.int8), (2, 1)).reshape(2, 1, 1, -1)
    w = m.constant(rows, [0.01, 0.01])
    y = m.tensor((1, 1, 4, 2), "int8", 200.0 / 127, 0)
    m.operator("CONV_2D", [x, w, ABSENT], [y], options("Conv2D", strideH=1, strideW=1))
    m.output(y)
    return load(m.build(), "convolution")


def is_exact(graph: Graph) -> bool:
    """Return whether the kernel agrees with the reference where every product is largest."""
    (call,) = (call_of(graph, operator, V6M) for operator in graph.operators)
    assert call is not None
    assert call.kernel.endswith("_v6m")
    shape = graph.tensor(graph.inputs[0]).shape
    found = True
    for value in (LOWEST, 127):
        inputs = [np.full(shape, value, np.int8)[None]]
        results = kernels.library("gcc-O3").run(graph, inputs, V6M)
        found &= bool(np.array_equal(results[0], reference.run(graph, inputs)[0]))
    return found


def test_a_vector_of_a_product_is_as_long_as_exactness_lets_it_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The parts of 508 products of 128 by 128 fit signed bytes, those of 512
    do not."""
    longest = [LOWEST] * 508
    assert packing.MAX_SUM == 508 * LOWEST**2
    none = np.zeros(1, np.int64)
    rows = np.array([longest], np.int8)
    assert packing.vectors(rows, none) == packing.Vectors(1, 508)
    assert packing.vectors(rows, none + 1) == packing.Vectors(2, 254)
    assert is_exact(dense(longest))
    assert is_exact(dense([*longest, *[LOWEST] * 4]))
    assert is_exact(dense([*[127] * 700, *[LOWEST] * 603]))
    monkeypatch.setattr(packing, "MAX_SUM", 512 * LOWEST**2)
    assert not is_exact(dense([*longest, *[LOWEST] * 4]))


def test_a_start_that_leaves_no_room_is_refused() -> None:
    rows = np.array([[LOWEST, LOWEST]], np.int8)
    room = packing.MAX_SUM - 2 * LOWEST**2
    assert packing.vectors(rows, np.array([room])) == packing.Vectors(1, 2)
    assert "a sum of two products can reach" in str(packing.vectors(rows, np.array([room + 1])))


def test_sums_fall_apart_again() -> None:
    """Sums on both sides of every carry, neighbours in a word: an error is 2^16 at least."""
    edges = [0, 1 << 15, 1 << 16, 1 << 22, packing.MAX_SUM - 256]
    near = [sign * (edge + step) for edge in edges for step in (-1, 0, 1) for sign in (1, -1)]
    starts = np.random.default_rng(55).choice(near, 2400).astype(np.int32)
    m = ModelBuilder()
    x = m.input((1, 2), "int8", 0.05, 0)
    rows = m.constant(np.tile(np.array([1, -1], np.int8), (starts.size, 1)), 0.01)
    bias = m.constant(starts, 0.05 * 0.01)
    y = m.tensor((1, starts.size), "int8", 0.05 * 0.01 * (1 << 16), 0)
    m.operator("FULLY_CONNECTED", [x, rows, bias], [y], options("FullyConnected"))
    m.output(y)
    graph = load(m.build(), "starts")
    (call,) = (call_of(graph, operator, V6M) for operator in graph.operators)
    assert call is not None
    assert call.params["row"]["vectors"] == 1
    assert is_exact(graph)


def test_a_chunk_of_a_row_is_as_long_as_exactness_lets_it_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = conv_2d.chunks(np.array([100, 100, 55, 1, LOWEST, LOWEST, 0], np.int8))
    assert [part.tolist() for part in parts] == [[100, 100, 55], [1, LOWEST], [LOWEST, 0]]
    assert [part.size for part in conv_2d.chunks(np.zeros(33, np.int8))] == [16, 16, 1]
    assert is_exact(convolution([LOWEST, -127]))
    assert is_exact(convolution([LOWEST, LOWEST]))
    monkeypatch.setattr(conv_2d, "MAX_CHUNK_SUM", 256)
    assert not is_exact(convolution([LOWEST, LOWEST]))


def test_an_odd_number_of_weights_is_filled() -> None:
    assert is_exact(dense([3, -5, 7]))
    assert is_exact(dense([1] * 601))
    none = np.zeros(8, np.int64)
    assert packing.vectors(np.zeros((8, 601), np.int8), none) == packing.Vectors(1, 602)


def test_terms_of_an_lstm_are_those_of_two_roundings() -> None:
    """The terms are those of `safe_lstm_v6m_term_t`, within 32 bits, up to the largest sum."""
    generator = np.random.default_rng(56)
    for shift in range(-lstm._MAX_TERM_SHIFT, 0):
        multiplier = int(generator.integers(1 << 30, 1 << 31))
        bound = lstm._MAX_TERM_SUM if lstm._is_term(multiplier, shift, lstm._MAX_TERM_SUM) else 900
        assert lstm._is_term(multiplier, shift, bound)
        drawn = generator.integers(-bound, bound + 1, 20_000)
        sums = np.concatenate([drawn, np.arange(-600, 601), [-bound, bound]])
        term = lstm._term(multiplier, shift)
        steps = [sums * term["low"] >> 10]
        steps.append(steps[0] + sums * term["middle"])
        steps.append((steps[1] >> 10) + sums * term["high"])
        steps.append(steps[2] + term["addend"])
        steps.append(steps[3] + (sums >> 31) * 2048)
        assert all(int(np.abs(step).max()) < 1 << 31 for step in steps)
        expected = requantize(sums, multiplier, shift)
        assert np.array_equal(steps[-1] >> term["shift"], expected), shift


def test_terms_beyond_32_bits_are_rescaled_before(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lstm._is_term(1 << 30, -1, lstm._MAX_TERM_SUM)
    assert not lstm._is_term(1 << 30, -1, lstm._MAX_TERM_SUM + 1)
    assert not lstm._is_term(1 << 30, -lstm._MAX_TERM_SHIFT - 1, 1)
    assert not lstm._is_term((1 << 31) - 1, -lstm._MAX_TERM_SHIFT, lstm._MAX_TERM_SUM)
    assert not lstm._is_term(1 << 30, 0, 1)
    monkeypatch.setattr(lstm, "_MAX_TERM_SUM", 1000)
    assert some("UNIDIRECTIONAL_SEQUENCE_LSTM", 12, "gcc-O3", 57).total() > 2
