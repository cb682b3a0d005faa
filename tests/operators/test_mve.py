"""The mve kernels against the integer reference, byte by byte.

On the host the instructions are emulated in C (`safe/kernel/mve.h`); the same arithmetic runs on
the emulated core in `tests/emulator`.
"""

import ctypes
import subprocess
from pathlib import Path

import numpy as np
import pytest

from codegen import fixed_point, reference
from codegen.backends.native.lower import call_of
from codegen.backends.native.mve import (
    average_pool_2d,
    conv_2d,
    depthwise_conv_2d,
    packing,
    rerolled,
)
from codegen.backends.native.shared.sigmoid import lines
from codegen.backends.native.shared.weights import WeightRows
from codegen.frontend.tflite import load
from codegen.ir.graph import Graph
from codegen.options import KernelChoice
from tests.operators import kernels
from tests.operators.builder import ABSENT, ModelBuilder, options
from tests.operators.cases import CASES
from tests.operators.draw import Array

MVE = KernelChoice("mve")
KINDS = (
    "ADD",
    "AVERAGE_POOL_2D",
    "CONV_2D",
    "FULLY_CONNECTED",
    "MAX_POOL_2D",
    "SUB",
    "UNIDIRECTIONAL_SEQUENCE_LSTM",
)
QUICK = 60
SLOW = 1000


def compare(graph: Graph, inputs: list[Array], build: str) -> bool:
    """Assert equal bytes; return whether an mve kernel was there for it."""
    expected = reference.run(graph, inputs)
    found = kernels.library(build).run(graph, inputs, MVE)
    for result, truth in zip(found, expected, strict=True):
        assert np.array_equal(result, truth)
    calls = [call_of(graph, o, MVE) for o in graph.operators]
    return any(call is not None and call.kernel.endswith("_mve") for call in calls)


def some(kind: str, count: int, build: str, stream: int) -> int:
    """Compare `count` random cases; return how many took an mve kernel."""
    chosen = 0
    for seed in range(count):
        case = CASES[kind](np.random.default_rng([seed, stream]))
        chosen += compare(load(case.model, "case"), case.inputs, build)
    return chosen


@pytest.mark.parametrize("kind", KINDS)
def test_random_cases(kind: str) -> None:
    assert some(kind, QUICK, "gcc-O3", 71) > QUICK // 5


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("build", kernels.EACH_BUILD)
def test_every_build_gives_the_same_bytes(kind: str, build: str) -> None:
    some(kind, 5, build, 72)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_many_random_cases(kind: str) -> None:
    assert some(kind, SLOW, "gcc-O3", 73) > SLOW // 5


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [-128, 127])
def test_extremes(kind: str, value: int) -> None:
    for seed in range(20):
        case = CASES[kind](np.random.default_rng([seed, 74]))
        inputs = [np.full_like(values, value) for values in case.inputs]
        compare(load(case.model, "case"), inputs, "gcc-O3")


def compiled(compiler: str, folder: Path, *sources: Path) -> ctypes.CDLL:
    """Return C with the emulated instructions as a library that traps where C says nothing."""
    flags = "-O2 -std=c99 -fsanitize=undefined -fsanitize-undefined-trap-on-error -fPIC -shared"
    library = folder / "shim.so"
    command = [compiler, *flags.split(), f"-I{kernels.SDK / 'include'}", *map(str, sources)]
    subprocess.run([*command, "-o", str(library)], check=True)
    return ctypes.CDLL(str(library))


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_tiles_and_every_boundary_of_the_rescaling(compiler: str, tmp_path: Path) -> None:
    """The image of `tests/emulator/test_mve_kernels.py`, with the emulated instructions."""
    image = kernels.SDK.parent / "tests/emulator/images/mve.c"
    tile = kernels.SDK / "src/kernel/mve/gemm4x3_mve.c"
    run = compiled(compiler, tmp_path, image, tile).safe_tiles_run
    for seed in range(3):
        assert run(seed.to_bytes(4, "little"), ctypes.create_string_buffer(1)) == 0


def test_both_curves_for_every_value(tmp_path: Path) -> None:
    library = compiled("gcc", tmp_path, Path(__file__).with_name("mve_shim.c"))
    values = np.arange(-(1 << 15), 1 << 15, dtype=np.int32)
    table = lines()

    def of(name: str, x: Array) -> Array:
        found = np.zeros_like(x)
        pointers = [ctypes.c_void_p(a.ctypes.data) for a in (x, table, found)]
        getattr(library, name)(pointers[0], ctypes.c_int32(x.size), *pointers[1:])
        return found

    assert np.array_equal(of("sigmoid_of", values), fixed_point.sigmoid_s16(values))
    for multiplier in (3 << k for k in range(13)):
        argument = values * np.int32(multiplier)
        assert np.array_equal(of("tanh_of", argument), fixed_point.tanh_s16(values, multiplier, 0))


def test_packed_rows_are_blocks_of_sixteen_side_by_side() -> None:
    rows = np.arange(-60, 60, dtype=np.int8).reshape(6, 20)
    packed = packing.pack_rows(rows, 4)
    assert packed.shape == (2, 2, 4, 16)
    filled = np.zeros((8, 32), np.int8)
    filled[:6, :20] = rows
    for tile, block, row in np.ndindex(2, 2, 4):
        part = filled[4 * tile + row, 16 * block : 16 * block + 16]
        assert packed[tile, block, row].tolist() == part.tolist()


def test_a_group_of_a_convolution_has_rows_0_and_2_and_then_1_and_3() -> None:
    rows = np.arange(1, 7, dtype=np.int8).reshape(6, 1)
    scales = np.arange(6) + (1 << 30), -np.arange(1, 7)
    packed = conv_2d.pack(WeightRows(rows, np.arange(10, 16), scales, 0))
    assert packed.shape == (2, 36 + 64)

    def words(first: int, last: int) -> list[list[int]]:
        return np.ascontiguousarray(packed[:, first:last]).view(np.int32).tolist()

    assert [words(0, 8), words(40, 48)] == [[[10, 12], [14, 0]], [[11, 13], [15, 0]]]
    assert packed[:, [8, 24, 48, 64]].tolist() == [[1, 3, 2, 4], [5, 0, 6, 0]]
    assert words(80, 96) == [
        [(1 << 30) + k for k in range(4)],
        [(1 << 30) + 4, (1 << 30) + 5, 0, 0],
    ]
    assert packed[:, 96:].tolist() == [[-1, -2, -3, -4], [-5, -6, 0, 0]]


def many_channels(taps: tuple[int, int], channels: int, stride: int) -> tuple[Graph, Array]:
    """Return a depthwise convolution of enough channels for vectors, and images for it."""
    rng = np.random.default_rng(channels)
    m = ModelBuilder()
    shape = (1, 7, 6, channels)
    x = m.input(shape, "int8", 0.05, 3)
    weights = rng.integers(-127, 128, (1, *taps, channels), dtype=np.int8)
    w = m.constant(weights, list(rng.uniform(0.002, 0.02, channels)), axis=3)
    output = (1, -(-7 // stride), -(-6 // stride), channels)
    y = m.tensor(output, "int8", 0.3, -4)
    fields = options("DepthwiseConv2D", strideH=stride, strideW=stride, depthMultiplier=1)
    m.operator("DEPTHWISE_CONV_2D", [x, w, ABSENT], [y], fields)
    m.output(y)
    return load(m.build(), "wide"), rng.integers(-128, 128, (3, *shape), dtype=np.int8)


@pytest.mark.parametrize("channels", [16, 17, 31, 32, 40])
@pytest.mark.parametrize(("taps", "stride"), [((3, 3), 1), ((2, 3), 2), ((1, 1), 1), ((5, 2), 1)])
def test_depthwise_of_many_channels(taps: tuple[int, int], stride: int, channels: int) -> None:
    graph, images = many_channels(taps, channels, stride)
    extremes = [np.full_like(images[:1], value) for value in (-128, 127)]
    assert compare(graph, [np.concatenate([images, *extremes])], "gcc-O3")


def test_a_depthwise_pair_that_leaves_16_bits_is_refused() -> None:
    def refusal(first: int, second: int, third: int = -128) -> str | None:
        rows = np.zeros((16, 3), np.int8)
        rows[5] = first, second, third
        scales = np.array([1 << 30], np.int32), np.array([-3], np.int8)
        return depthwise_conv_2d.refusal(WeightRows(rows, np.zeros(16, np.int64), scales, 0))

    assert refusal(-128, 127) is refusal(127, -128) is None
    assert "-128" in str(refusal(-128, -128))


def test_the_mean_of_every_sum_and_number_of_taps() -> None:
    """The arithmetic of `mean_of` in pool_2d_mve.c against TFLite's division."""
    size = np.arange((1 << 15) + 1)
    for count in range(1, average_pool_2d.MAX_TAPS + 1):
        reciprocal = (1 << 31) - 1 if count == 1 else ((1 << 31) - 1) // count + 1
        mean = fixed_point.multiply_high(size, reciprocal)
        assert np.array_equal(mean, (size + count // 2) // count), count


def pooled(taps: tuple[int, int]) -> Graph:
    """Return an average over windows of `taps` without padding."""
    m = ModelBuilder()
    height, width = taps
    x = m.input((1, *taps, 5), "int8", 0.05, 3)
    y = m.tensor((1, 1, 1, 5), "int8", 0.05, 3)
    fields = options("Pool2D", filterHeight=height, filterWidth=width, strideH=1, strideW=1)
    fields.padding = 1
    m.operator("AVERAGE_POOL_2D", [x], [y], fields)
    m.output(y)
    return load(m.build(), "pool")


def test_means_of_more_taps_are_refused() -> None:
    for taps, kernel in (((16, 16), "_mve"), ((16, 17), "_s8")):
        graph = pooled(taps)
        (operator,) = graph.operators
        call = call_of(graph, operator, MVE)
        assert call is not None
        assert call.kernel.endswith(kernel)
        images = np.full((1, 1, *taps, 5), -128, np.int8)
        compare(graph, [images], "gcc-O3")


def test_scales_are_filled_to_whole_vectors() -> None:
    one = packing.scales(np.array([1 << 30]), np.array([-3]), 10)
    assert [c.data.tolist() for c in one] == [[1 << 30] * 4, [-3] * 4]
    each = packing.scales(np.arange(5) + (1 << 30), -np.arange(1, 6), 5)
    assert [len(c.data) for c in each] == [8, 8]
    assert each[1].data.tolist() == [-1, -2, -3, -4, -5, 0, 0, 0]


def test_a_buffer_is_there_where_the_last_block_is_not_whole() -> None:
    assert [packing.buffer_bytes(depth) for depth in (1, 16, 17, 640)] == [16, 0, 32, 0]


def test_rows_of_a_rerolled_product_end_with_their_sums() -> None:
    rows = np.arange(-60, 60, dtype=np.int8).reshape(6, 20)
    packed = rerolled.packed("weights", rows).data
    assert packed.shape == (2, 4 * 32 + 8)
    sums = np.ascontiguousarray(packed[:, -8:]).view(np.int16)
    assert sums.reshape(-1).tolist() == [*rows.sum(axis=1, dtype=np.int64), 0, 0]


def test_rows_whose_sum_leaves_16_bits_are_refused() -> None:
    rows = np.full((4, 256), -128, np.int8)
    assert "beyond 2^15" in str(rerolled.refusal(rows[:, :9], rows))
    rows[:, 0] = -127
    assert rerolled.refusal(rows[:, :9], rows) is None
