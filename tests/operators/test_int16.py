"""int16x8 products in tiles against the integer reference, byte by byte, and at their limits."""

from collections import Counter

import numpy as np
import pytest

from codegen import reference
from codegen.backends.native.dsp import int16 as dsp
from codegen.backends.native.lower import call_of
from codegen.backends.native.shared import int16
from codegen.frontend.tflite import load
from codegen.ir.graph import Graph
from codegen.operators.linear.int16 import Integers16
from codegen.options import KernelChoice
from tests.operators import kernels
from tests.operators.builder import ModelBuilder, options
from tests.operators.cases import ALL_CASES
from tests.operators.draw import Array

KINDS = ("CONV_2D_S16", "FULLY_CONNECTED_S16")
CHOICES = (KernelChoice("dsp"), KernelChoice("rv32"))
QUICK, SLOW = 60, 1000
LEAST, MOST = -(1 << 15), (1 << 15) - 1


def compare(graph: Graph, inputs: list[Array], build: str) -> Counter[str]:
    """Assert equal values on every instruction set; return which kernels there were."""
    expected = reference.run(graph, inputs)
    chosen: Counter[str] = Counter()
    for choice in CHOICES:
        results = kernels.library(build).run(graph, inputs, choice)
        for result, truth in zip(results, expected, strict=True):
            assert np.array_equal(result, truth), choice
        calls = [call_of(graph, o, choice) for o in graph.operators]
        chosen.update(call.source for call in calls if call is not None)
    return chosen


def some(kind: str, count: int, build: str, stream: int) -> Counter[str]:
    """Compare `count` random cases."""
    chosen: Counter[str] = Counter()
    for seed in range(count):
        case = ALL_CASES[kind](np.random.default_rng([seed, stream]))
        chosen += compare(load(case.model, "case"), case.inputs, build)
    return chosen


@pytest.mark.parametrize("kind", KINDS)
def test_random_cases(kind: str) -> None:
    chosen = some(kind, QUICK, "gcc-O3", 71)
    assert chosen["conv_2d_s16_dsp"] > QUICK // 4
    assert chosen["conv_2d_s16_tiled"] > QUICK // 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("build", kernels.EACH_BUILD)
def test_every_build_gives_the_same_values(kind: str, build: str) -> None:
    some(kind, 5, build, 72)


def test_random_depthwise_cases() -> None:
    chosen = some("DEPTHWISE_CONV_2D_S16", QUICK, "gcc-O3", 75)
    for name in ("lines_s16_dsp", "conv_2d_s16_narrow", "conv_2d_s16"):
        assert chosen[f"depthwise_{name}"] > QUICK // 10, chosen


@pytest.mark.parametrize("build", kernels.EACH_BUILD)
def test_every_build_gives_the_same_depthwise_values(build: str) -> None:
    some("DEPTHWISE_CONV_2D_S16", 12, build, 76)


@pytest.mark.parametrize("taps", [2, 3, 4, 5, 8, 12])
@pytest.mark.parametrize("width", [11, 12])
def test_small_windows_of_every_number_of_blocks(taps: int, width: int) -> None:
    rng = np.random.default_rng([taps, width])
    rows = rng.integers(-127, 128, (3, taps))
    graph = depthwise(rows, rng.integers(-(1 << 20), 1 << 20, 3), width, 2.0**4)
    inputs = [rng.choice([LEAST, -1, 0, 5, MOST], (9, 1, 1, width, 3)).astype(np.int16)]
    assert compare(graph, inputs, "gcc-O3")["depthwise_lines_s16_dsp"] == 1


@pytest.mark.parametrize("window", [(3, 3), (2, 3), (3, 2), (3, 4), (4, 1), (1, 1), (2, 9)])
@pytest.mark.parametrize(("stride", "copies", "padding"), [(1, 1, 0), (1, 2, 1), (2, 1, 0)])
def test_small_windows_of_several_lines(
    window: tuple[int, int], stride: int, copies: int, padding: int
) -> None:
    """Lines along either axis, borders, pairs and single outputs, several multiples of a channel;
    2 x 9 is no small window."""
    rng = np.random.default_rng([*window, stride])
    image, depth = (9, 10), 3
    out = [
        -(-n // stride) if padding == 0 else (n - k) // stride + 1
        for n, k in zip(image, window, strict=True)
    ]
    m = ModelBuilder()
    channels = depth * copies
    x = m.input((1, *image, depth), "int16", 2.0**-10)
    rows = rng.integers(-127, 128, (1, *window, channels)).astype(np.int8)
    weights = m.constant(rows, [2.0**-5] * channels, axis=3)
    bias = m.constant(rng.integers(-(1 << 20), 1 << 20, channels), [2.0**-15] * channels)
    y = m.tensor((1, *out, channels), "int16", 2.0**-11)
    fields = {"strideH": stride, "strideW": stride, "depthMultiplier": copies, "padding": padding}
    m.operator("DEPTHWISE_CONV_2D", [x, weights, bias], [y], options("DepthwiseConv2D", **fields))
    m.output(y)
    inputs = [rng.choice([LEAST, -1, 0, 5, MOST], (5, 1, *image, depth)).astype(np.int16)]
    chosen = compare(load(m.build(), "depthwise"), inputs, "gcc-O3")
    assert chosen["depthwise_lines_s16_dsp"] == (window != (2, 9))


@pytest.mark.parametrize(("over", "source"), [(0, "lines_s16_dsp"), (1, "conv_2d_s16")])
def test_a_small_window_at_the_limit_of_32_bits(over: int, source: str) -> None:
    """Every value is the least one, every weight the least: the sum is the largest there is."""
    rows = np.full((2, 5), -127)
    start = (1 << 31) - 1 - 5 * 127 * (1 << 15) + over
    graph = depthwise(rows, np.array([start, -start]), 10, 2.0**17)
    for value in (LEAST, MOST):
        inputs = [np.full((1, 1, 1, 10, 2), value, np.int16)]
        assert compare(graph, inputs, "gcc-O3")[f"depthwise_{source}"] >= 1


@pytest.mark.parametrize(("width", "source"), [(7, "conv_2d_s16_narrow"), (8, "lines_s16_dsp")])
def test_few_outputs_are_not_worth_a_copy(width: int, source: str) -> None:
    rng = np.random.default_rng(4)
    graph = depthwise(rng.integers(-127, 128, (4, 3)), np.zeros(4, np.int64), width, 16.0)
    (operator,) = graph.operators
    found = call_of(graph, operator, KernelChoice("dsp"))
    assert found is not None
    assert found.source == f"depthwise_{source}"


def depthwise(rows: Array, bias: Array, width: int, scale: float) -> Graph:
    """Return a DEPTHWISE_CONV_2D along a line; rows[channels, taps]; `scale` as for `matrix`."""
    channels, taps = rows.shape
    m = ModelBuilder()
    x = m.input((1, 1, width, channels), "int16", 2.0**-10)
    kernel = rows.T.reshape(1, 1, taps, channels).astype(np.int8)
    weights = m.constant(kernel, [2.0**-5] * channels, axis=3)
    starts = m.constant(bias, [2.0**-15] * channels)
    y = m.tensor((1, 1, width, channels), "int16", 2.0**-15 * scale)
    table = options("DepthwiseConv2D", strideH=1, strideW=1, depthMultiplier=1)
    m.operator("DEPTHWISE_CONV_2D", [x, weights, starts], [y], table)
    m.output(y)
    return load(m.build(), "depthwise")


@pytest.mark.parametrize("channels", [3, 4, 5, 7, 8])
@pytest.mark.parametrize("taps", [1, 2, 5])
def test_groups_of_depthwise_channels(channels: int, taps: int) -> None:
    rng = np.random.default_rng([channels, taps])
    rows = rng.integers(-128, 128, (channels, taps))
    graph = depthwise(rows, rng.integers(-(1 << 20), 1 << 20, channels), 6, 2.0**5)
    values = rng.choice([LEAST, MOST, 0, 1, -1, 12345], (9, 1, 1, 6, channels)).astype(np.int16)
    chosen = compare(graph, [values], "gcc-O3")
    assert chosen["depthwise_conv_2d_s16_narrow"] == len(CHOICES) * (channels >= 4)


@pytest.mark.parametrize(("bias", "is_narrow"), [(32767, True), (32768, False)])
def test_a_depthwise_sum_at_the_limit_of_32_bits(bias: int, is_narrow: bool) -> None:
    row = np.full(517, 127)
    row[:130] = -128
    row[-2] = 65535 - int(np.abs(row[:-2]).sum())
    row[-1] = 0
    rows = np.stack([row, row, np.maximum(-row, -127), row, row])
    graph = depthwise(rows, np.array([bias, -bias, 0, 1, bias]), 517, 2.0**17)
    against = np.where(rows < 0, MOST, LEAST), np.where(rows < 0, LEAST, MOST)
    values = np.stack([one.T for one in against]).astype(np.int16).reshape(2, 1, 1, 517, 5)
    chosen = compare(graph, [values], "gcc-O3")
    assert chosen["depthwise_conv_2d_s16_narrow"] == len(CHOICES) * is_narrow


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_many_random_cases(kind: str) -> None:
    some(kind, SLOW, "gcc-O3", 73)


def matrix(rows: Array, bias: Array, scale: float = 1.0) -> Graph:
    """Return a FULLY_CONNECTED of int16 values; `scale` is that of its output, in sums."""
    m = ModelBuilder()
    x = m.input((1, rows.shape[1]), "int16", 2.0**-10)
    weights = m.constant(rows.astype(np.int8), [2.0**-5] * len(rows))
    starts = m.constant(bias, [2.0**-15] * len(rows))
    y = m.tensor((1, len(rows)), "int16", 2.0**-15 * scale)
    m.operator("FULLY_CONNECTED", [x, weights, starts], [y], options("FullyConnected"), version=4)
    m.output(y)
    return load(m.build(), "matrix")


def extremes(depth: int) -> Array:
    """Return values at either end, and of changing signs, [3, 1, depth]."""
    signs = np.where(np.arange(depth) % 2 == 0, LEAST, MOST)
    ends = [np.full(depth, LEAST), np.full(depth, MOST), signs]
    return np.stack(ends).astype(np.int16)[:, None]


@pytest.mark.parametrize(("bias", "is_narrow"), [(32767, True), (32768, False)])
def test_a_sum_at_the_limit_of_32_bits(bias: int, is_narrow: bool) -> None:
    """2^15 · 65,535 and a bias of 32,767 reach 2^31 - 1; one more needs 64 bits."""
    row = np.full(516, 127)
    row[:130] = -128
    row[-1] = 65535 - int(np.abs(row[:-1]).sum())
    rows = np.stack([row, row, np.maximum(-row, -127), np.maximum(row, -127)])
    graph = matrix(rows, np.array([bias, -bias, 0, 1], np.int64), 2.0**17)
    against = np.where(row < 0, MOST, LEAST), np.where(row < 0, LEAST, MOST)
    values = np.stack(against).astype(np.int16)[:, None]
    chosen = compare(graph, [np.concatenate([extremes(516), values])], "gcc-O3")
    assert chosen["conv_2d_s16_dsp"] == int(is_narrow)


@pytest.mark.parametrize("depth", [int16.CHUNK, int16.CHUNK + 1, 2 * int16.CHUNK, 1700])
def test_parts_of_a_row_at_the_limit(depth: int) -> None:
    rows = np.full((5, depth), -128)
    rows[1] = 127
    rows[2, ::2] = 127
    graph = matrix(rows, np.array([0, 5, -(1 << 40), 1 << 40, 1], np.int64), 2.0**20)
    chosen = compare(graph, [extremes(depth)], "gcc-O3")
    assert chosen["conv_2d_s16_tiled"] >= 1


def integers(shift: int, multiplier: int = 0x7FFF, wide: bool = True) -> Integers16:
    """Return rows of one weight with one scale."""
    return Integers16(
        np.ones((4, 1), np.int8), np.ones((4, 1), np.int8), np.zeros(4, np.int64), wide,
        np.array([multiplier], np.int32), np.array([shift], np.int8), LEAST, MOST,
    )  # fmt: skip


def test_what_one_rounding_of_the_high_word_cannot_do_is_refused() -> None:
    assert int16.refuse_narrow(integers(-1)) is int16.refuse_narrow(integers(-17)) is None
    for shift in (0, -18):
        assert f"shift of {shift}" in str(int16.refuse_narrow(integers(shift)))
    assert "two roundings" in str(int16.refuse_narrow(integers(-1, wide=False)))


@pytest.mark.parametrize("shift", [-1, -2, -16, -17])
@pytest.mark.parametrize("multiplier", [1 << 14, 0x7FFF, 0x5A5B])
def test_the_high_word_is_the_rescaling(shift: int, multiplier: int) -> None:
    p = integers(shift, multiplier)
    rng = np.random.default_rng(74)
    sums = rng.integers(-(1 << 31), 1 << 31, 20000)
    half = np.int64(1) << (14 - shift)  # sums whose quotient ends in a half
    ties = (half * (2 * rng.integers(-50, 50, 2000) + 1)) // multiplier
    sums = np.concatenate([sums, ties, [-(1 << 31), (1 << 31) - 1, 0, -1, 1]])
    high = (sums * int(int16.high_multiplier(p)[0]) + (1 << 31)) >> 32
    exact = (sums * multiplier + (np.int64(1) << (14 - shift))) >> (15 - shift)
    assert np.array_equal(high, exact)


def test_groups_hold_starts_weights_and_multipliers() -> None:
    rows = np.arange(-15, 15).reshape(5, 6)
    graph = matrix(rows, np.arange(-2, 3, dtype=np.int64), 2.0**5)
    packed = dsp.pack(int16.of_matrix(graph, graph.operators[0]))
    assert packed.shape == (2, 4 + 2 * 4 + 4)
    assert packed.view(np.int32)[:, :4].tolist() == [[-2, -1, 0, 1], [2, 0, 0, 0]]
    blocks = packed[:, 4:12].copy().view(np.int8).reshape(2, 2, 4, 4)
    filled = np.zeros((8, 8), np.int64)
    filled[:5, :6] = rows
    for group, block, row, byte in np.ndindex(2, 2, 4, 4):
        value = 4 * block + (0, 2, 1, 3)[byte]
        assert blocks[group, block, row, byte] == filled[4 * group + row, value]
    assert (packed[0, 12:] == packed[1, 12]).all()
    assert not packed[1, 13:].any()
