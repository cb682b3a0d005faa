"""The rv32 kernels against the integer reference, byte by byte: they are plain C."""

from collections import Counter

import numpy as np
import pytest

from codegen import reference
from codegen.backends.native.lower import call_of
from codegen.backends.native.rv32 import packing as _rv32
from codegen.backends.native.shared import fully_connected as _forms
from codegen.backends.native.shared import sigmoid as _curve
from codegen.backends.native.shared import unidirectional_sequence_lstm as _lstm
from codegen.backends.native.shared import weights
from codegen.frontend.tflite import load
from codegen.ir.graph import Graph
from codegen.options import KernelChoice
from tests.operators import kernels
from tests.operators.builder import ABSENT, ModelBuilder, options
from tests.operators.cases import CASES

RV32 = KernelChoice("rv32")
SMALL = KernelChoice("rv32", "size")
FAST = KernelChoice("rv32", "speed")
KINDS = (
    "AVERAGE_POOL_2D",
    "CONV_2D",
    "DEPTHWISE_CONV_2D",
    "FULLY_CONNECTED",
    "MAX_POOL_2D",
    "MUL",
    "UNIDIRECTIONAL_SEQUENCE_LSTM",
)
CONV_1D, CONV_2D = "safe_kernel_conv_1d_s8_rv32", "safe_kernel_conv_2d_s8_rv32"
QUICK = 60
SLOW = 1000


def some(kind: str, count: int, build: str, stream: int) -> Counter[str]:
    """Compare `count` random cases; return how many took which rv32 kernel."""
    chosen: Counter[str] = Counter()
    library = kernels.library(build)
    for seed in range(count):
        case = CASES[kind](np.random.default_rng([seed, stream]))
        graph = load(case.model, "case")
        expected = reference.run(graph, case.inputs)
        for choice in (RV32, SMALL):
            for result, truth in zip(
                library.run(graph, case.inputs, choice), expected, strict=True
            ):
                assert np.array_equal(result, truth), (kind, seed, choice)
        chosen.update(name for name in names(graph, SMALL) if name.endswith("_rv32"))
    return chosen


def names(graph: Graph, choice: KernelChoice) -> list[str]:
    """Return the kernels of a graph."""
    calls = [call_of(graph, o, choice) for o in graph.operators]
    return [call.kernel for call in calls if call is not None]


@pytest.mark.parametrize("kind", KINDS)
def test_random_cases(kind: str) -> None:
    chosen = some(kind, QUICK, "gcc-O3", 41)
    assert chosen.total() > QUICK // 4
    assert kind != "CONV_2D" or set(chosen) == {CONV_1D, CONV_2D}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("build", kernels.EACH_BUILD)
def test_every_build_gives_the_same_bytes(kind: str, build: str) -> None:
    some(kind, 5, build, 42)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_many_random_cases(kind: str) -> None:
    assert some(kind, SLOW, "gcc-O3", 43).total() > SLOW // 4


@pytest.mark.parametrize("kind", ["CONV_2D", "FULLY_CONNECTED"])
@pytest.mark.parametrize("value", [-128, 127])
def test_extremes(kind: str, value: int) -> None:
    library = kernels.library("gcc-O3")
    for seed in range(20):
        case = CASES[kind](np.random.default_rng([seed, 44]))
        graph = load(case.model, "case")
        inputs = [np.full_like(values, value) for values in case.inputs]
        expected = reference.run(graph, inputs)
        for result, truth in zip(library.run(graph, inputs, SMALL), expected, strict=True):
            assert np.array_equal(result, truth), seed


def network(windows: list[tuple[int, int]], units: int, channels: int = 8) -> Graph:
    """Return convolutions over an image of height 1, each of a window, and a dense product."""
    rng = np.random.default_rng(5)
    m = ModelBuilder()
    shape = (1, 1, 12, channels)
    x = m.input(shape, "int8", 0.05, 3)
    for height, taps in windows:
        weights = rng.integers(-90, 90, (channels, height, taps, channels), dtype=np.int8)
        w = m.constant(weights, [0.01] * channels)
        y = m.tensor(shape, "int8", 0.05, -4)
        m.operator("CONV_2D", [x, w, ABSENT], [y], options("Conv2D", strideH=1, strideW=1))
        x = y
    rows = rng.integers(-90, 90, (units, int(np.prod(shape))), dtype=np.int8)
    y = m.tensor((1, units), "int8", 0.1, 1)
    matrix = m.constant(rows, 0.01)
    m.operator("FULLY_CONNECTED", [x, matrix, ABSENT], [y], options("FullyConnected"))
    m.output(y)
    return load(m.build(), "network")


def convolutions(graph: Graph, choice: KernelChoice) -> set[str]:
    """Return the kernels of the convolutions."""
    return {name for name in names(graph, choice) if "conv" in name}


def test_convolutions_take_the_tile_of_matrix_products_where_it_costs_little() -> None:
    little, much = network([(1, 3), (1, 5)], 512), network([(1, 3), (1, 5)], 32)
    assert convolutions(little, RV32) == {CONV_1D}
    assert convolutions(little, FAST) == {CONV_2D}
    assert convolutions(much, RV32) == {CONV_2D}
    assert convolutions(much, SMALL) == {CONV_1D}


def test_beside_a_two_dimensional_convolution_its_kernel_is_there_anyhow() -> None:
    assert convolutions(network([(1, 3), (2, 3)], 512), SMALL) == {CONV_2D}


def dense(rows: int, start: int = 0, shift: int = -1) -> weights.WeightRows:
    """Return rows of one weight 0."""
    scales = np.array([1 << 30], np.int32), np.array([shift], np.int8)
    return weights.WeightRows(
        np.zeros((rows, 1), np.int8), np.full(rows, start, np.int64), scales, 0
    )


def test_what_the_rescaling_cannot_take_is_refused() -> None:
    assert weights.refusal(dense(4), 4) is None
    assert "fewer" in str(weights.refusal(dense(3), 4))
    assert weights.refusal(dense(4, (1 << 30) - 1), 4) is None
    assert "2^30" in str(weights.refusal(dense(4, 1 << 30), 4))
    assert "shift of 0" in str(weights.refusal(dense(4, 0, 0), 4))


def test_rows_of_a_tile_lie_side_by_side() -> None:
    rows = np.arange(15, dtype=np.int8).reshape(5, 3)
    packed = _rv32.pack_rows(rows, 4)
    assert packed.shape == (2, 3, 4)
    for tile, k, r in np.ndindex(2, 3, 4):
        row = 4 * tile + r
        assert packed[tile, k, r] == (rows[row, k] if row < 5 else 0)
    assert _rv32.pack_start(np.arange(5), 4).tolist() == [[0, 1, 2, 3], [4, 0, 0, 0]]


def test_starts_take_two_bytes_where_they_fit() -> None:
    narrow = _rv32.pack_dense_start(np.array([32767, -32768, 5]))
    assert narrow.dtype == np.int16
    assert narrow.tolist() == [[32767, -32768, 5, 0, 0, 0, 0, 0]]
    for beyond in (32768, -32769, 1 << 29):
        wide = _rv32.pack_dense_start(np.array([beyond, 7]))
        assert wide.dtype == np.int32
        assert wide.tolist() == [[beyond, 7, 0, 0, 0, 0, 0, 0]]


@pytest.mark.parametrize(
    ("kind", "of", "forms"),
    [
        ("CONV_2D", "start_is_short", {0, 1}),
        ("FULLY_CONNECTED", "start_is_short", {0, 1}),
        ("UNIDIRECTIONAL_SEQUENCE_LSTM", "recurrent_start_step", {0, 8}),
    ],
)
def test_random_cases_have_both_forms_of_starts(
    kind: str, of: str, forms: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_forms, "choose", lambda *_: "eight")
    seen = set()
    for seed in range(QUICK):
        graph = load(CASES[kind](np.random.default_rng([seed, 41])).model, "case")
        for o in graph.operators:
            call = call_of(graph, o, SMALL)
            params = {} if call is None else {**call.params, **call.params.get("row", {})}
            seen |= {params[of]} if of in params else set()
    assert seen == forms


def test_the_curve_has_the_lines_of_the_dsp_kernel() -> None:
    curve = _lstm.sigmoid_curve().astype(np.int64)
    base, slope = _curve.sigmoid_lines()
    z = np.arange(1 << 17)
    line, rest = z >> 9, z & 511
    points = 512 * curve[line] + (curve[line + 1] - curve[line]) * rest
    assert np.array_equal(points, z * slope[line] + base[line])
    # Below 0 the kernels take one's complements; the line's rest is from its other end.
    below = 512 * curve[line] + (curve[line + 1] - curve[line]) * (rest + 1)
    assert np.array_equal(~below, (-1 - z) * slope[line] + ~base[line])
