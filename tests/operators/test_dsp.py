"""The dsp kernels against the reference kernels and the integer reference, byte by byte.

On the host the instructions are emulated in C (`safe/kernel/dsp.h`); the same arithmetic runs
on the emulated cores in `tests/emulator`.
"""

import numpy as np
import pytest

from codegen import reference
from codegen.backends.native.dsp import packing as _packing
from codegen.backends.native.dsp.depthwise_3x3 import line_axis
from codegen.backends.native.lower import call_of
from codegen.backends.native.shared import sigmoid
from codegen.backends.native.shared import weights as shared
from codegen.frontend.tflite import load
from codegen.ir.call import KernelCall
from codegen.ir.graph import Graph
from codegen.operators.window import axis
from codegen.options import KernelChoice
from tests.operators import kernels
from tests.operators.cases import CASES
from tests.operators.draw import Array, Case
from tests.operators.window_cases import depthwise_conv_2d_3x3

DSP = KernelChoice("dsp")
FAST = KernelChoice("dsp", "speed")
KINDS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "UNIDIRECTIONAL_SEQUENCE_LSTM")
QUICK = 60
SLOW = 1000


def call(graph: Graph) -> KernelCall:
    """Return the one call of a graph for the dsp instruction set and speed."""
    (operator,) = graph.operators
    found = call_of(graph, operator, FAST)
    assert found is not None
    return found


def graph_of(case: Case) -> Graph:
    """Import a case."""
    return load(case.model, "case")


def compare(graph: Graph, inputs: list[Array], build: str) -> bool:
    """Assert equal bytes; return whether a dsp kernel was there for it."""
    expected = reference.run(graph, inputs)
    library = kernels.library(build)
    for choice in (DSP, FAST, kernels.REFERENCE):
        for result, truth in zip(library.run(graph, inputs, choice), expected, strict=True):
            assert np.array_equal(result, truth), choice
    return call(graph).kernel.endswith("_dsp")


def some(kind: str, count: int, build: str, stream: int) -> int:
    """Compare `count` random cases; return how many took a dsp kernel."""
    chosen = 0
    for seed in range(count):
        case = CASES[kind](np.random.default_rng([seed, stream]))
        graph = graph_of(case)
        if len(graph.operators) == 1:
            chosen += compare(kernels.symmetric(graph), case.inputs, build)
            compare(graph, case.inputs, build)
    return chosen


@pytest.mark.parametrize("kind", KINDS)
def test_random_cases(kind: str) -> None:
    assert some(kind, QUICK, "gcc-O3", 21) > QUICK // 5


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("build", kernels.EACH_BUILD)
def test_every_build_gives_the_same_bytes(kind: str, build: str) -> None:
    some(kind, 5, build, 22)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_many_random_cases(kind: str) -> None:
    assert some(kind, SLOW, "gcc-O3", 23) > SLOW // 4


def three_by_three(count: int, stream: int) -> list[str]:
    """Compare `count` cases of the kernel for 3 x 3; return along which axis its lines lay."""
    lines = []
    for seed in range(count):
        case = depthwise_conv_2d_3x3(np.random.default_rng([seed, stream]))
        graph = graph_of(case)
        compare(graph, case.inputs, "gcc-O3")
        found = call(graph)
        if found.kernel.endswith("3x3_s8_dsp"):
            lines.append(found.notes[0][-1])
    return lines


def test_three_by_three() -> None:
    lines = three_by_three(QUICK, 24)
    assert min(lines.count("x"), lines.count("y")) > QUICK // 8, lines


@pytest.mark.slow
def test_many_three_by_three() -> None:
    assert len(three_by_three(SLOW, 25)) > SLOW // 2


def test_the_line_is_the_axis_that_wastes_less() -> None:
    wide, odd, slow = (axis(n, 3, s, 1, "SAME") for n, s in ((10, 1), (25, 1), (10, 2)))
    assert line_axis(wide, odd) == 0
    assert line_axis(odd, wide) == 1
    assert line_axis(slow, odd) == 1
    assert line_axis(slow, slow) is None
    assert line_axis(wide, axis(10, 5, 1, 1, "SAME")) is None
    assert line_axis(wide, axis(10, 3, 1, 2, "SAME")) is None
    assert line_axis(axis(1, 3, 1, 1, "SAME"), slow) is None


def rows(*values: list[int]) -> Array:
    """Return int8 weights, a row for each argument."""
    return np.array(values, dtype=np.int8)


ZEROS = np.zeros(4, dtype=np.int64)


def test_paired_weights_are_refused_where_they_do_not_fit_a_halfword() -> None:
    good = rows([-128, 1], [0, 127], [-127, 5], [-128, -128])
    assert _packing.refuse_rows(good, ZEROS) is None
    bad = rows([1, -128], [0, -1], [1, 1], [1, 1])
    assert "-32768" in str(_packing.refuse_rows(bad, ZEROS))
    odd = np.concatenate([good, rows([-128, -128])])  # the last row has no partner
    assert _packing.refuse_rows(odd, np.zeros(5, np.int64)) is None


def test_sums_are_refused_beyond_the_bounds() -> None:
    weights = rows([127], [1], [-1], [0])
    start = ZEROS.copy()
    start[0] = (1 << 23) - 1 - 127 * 127
    assert shared.sum_bound(weights, start)[0] == (1 << 23) - 1
    assert _packing.refuse_rows(weights, start) is None
    start[0] += 1
    assert "2^23" in str(_packing.refuse_rows(weights, start))
    start[:2] = 0, (1 << 30) - 128
    assert _packing.refuse_rows(weights, start) is None
    start[1] += 1
    assert "2^30" in str(_packing.refuse_rows(weights, start))


def test_rows_are_refused_when_too_few_or_too_long() -> None:
    assert "fewer" in str(_packing.refuse_rows(rows([1], [2], [3]), ZEROS[:3]))
    most = _packing.MAX_BLOCKS * _packing.BLOCK
    assert _packing.refuse_rows(np.zeros((4, most), np.int8), ZEROS) is None
    assert "more than" in str(_packing.refuse_rows(np.zeros((4, most + 1), np.int8), ZEROS))


def refusal(shift: int, zero_point: int = 0, bound: int = shared.MAX_SUM) -> str | None:
    """Return what is said of rescaling by 2^shift."""
    multiplier = np.array([1 << 30, (1 << 31) - 1])
    return shared.refuse_rescale(multiplier, np.array([-1, shift]), zero_point, bound)


def test_shifts_are_refused_outside_their_range() -> None:
    assert refusal(-1) is refusal(-30, 0, 1000) is None
    for shift in (0, 1, -31):
        assert f"shift of {shift}" in str(refusal(shift, 0, 1000))


def test_rescaling_is_refused_where_it_would_overflow() -> None:
    assert refusal(-22, -128) is refusal(-23, 126) is None
    assert "beyond 2^31" in str(refusal(-23, -128))
    assert refusal(-23, -128, 1 << 28) is None


def test_a_line_of_the_sigmoid_is_one_word() -> None:
    base, slope = sigmoid.sigmoid_lines()
    assert (base % 512 == 0).all()
    assert (base.min(), slope.min()) == (0, 0)
    assert base.max() <= 1 << 24
    assert slope.max() < 1 << 10
    words = sigmoid.lines().astype(np.int64)
    assert np.array_equal(512 * (words >> 16), base)
    assert np.array_equal(words & 0xFFFF, slope)


def test_packed_words_hold_the_pairs_in_the_order_of_the_instructions() -> None:
    weights = np.arange(-20, 20, dtype=np.int8).reshape(8, 5)
    words = _packing.pack_rows(weights, 8)
    assert words.shape == (1, 2, 2, 4)
    filled = np.zeros((8, 8), np.int64)
    filled[:, :5] = weights
    for block, half, pair in np.ndindex(2, 2, 4):
        low, high = (
            256 * filled[2 * pair, k] + filled[2 * pair + 1, k]
            for k in (4 * block + half, 4 * block + half + 2)
        )
        assert words[0, block, half, pair] == (low & 0xFFFF) | (high & 0xFFFF) << 16


def test_starts_wrap() -> None:
    start = np.array([(1 << 23) - 1, 1 << 29, -1, -5, 7], dtype=np.int64)
    packed = _packing.pack_start(start, 4).astype(np.int64)
    first = 256 * start[0] + start[1]
    assert packed.tolist() == [
        [first - (1 << 32), start[1], -261, -5],
        [7 * 256, 0, 0, 0],
    ]
