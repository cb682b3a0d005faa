"""Depthwise convolutions of small windows and channel multipliers against the integer reference."""

from collections import Counter

import numpy as np
import pytest

from codegen import reference
from codegen.backends.native.dsp.depthwise_lines import Blocks, blocks_of, pack
from codegen.backends.native.lower import call_of
from codegen.backends.native.shared.weights import WeightRows
from codegen.frontend.tflite import load
from codegen.operators.window import Axis, axis
from codegen.options import KernelChoice
from tests.operators import kernels
from tests.operators.draw import Array, Case, Rng
from tests.operators.networks import SAME, VALID, Network
from tests.operators.window_cases import depthwise_small

CHOICES = (KernelChoice("dsp"), KernelChoice("rv32"))
QUICK, SLOW = 60, 1000


def compare(case: Case, inputs: list[Array], build: str) -> Counter[str]:
    """Assert equal bytes; return the kernels, those of `dsp` with their blocks."""
    graph = load(case.model, "case")
    expected = reference.run(graph, inputs)
    chosen: Counter[str] = Counter()
    for choice in CHOICES:
        results = kernels.library(build).run(graph, inputs, choice)
        for result, truth in zip(results, expected, strict=True):
            assert np.array_equal(result, truth), choice
        for operator in graph.operators:
            call = call_of(graph, operator, choice)
            assert call is not None
            blocks = call.params.get("blocks", "")
            chosen[f"{call.source}{blocks}{'p' * call.params.get('pairs_apart', 0)}"] += 1
    return chosen


def rng_of(seed: int, stream: int) -> Rng:
    return np.random.default_rng([seed, stream])


def test_every_form_is_drawn_and_exact() -> None:
    chosen: Counter[str] = Counter()
    for seed in range(QUICK):
        case = depthwise_small(rng_of(seed, 91))
        chosen += compare(case, case.inputs, "gcc-O3")
        for value in (-128, 127):
            compare(case, [np.full_like(case.inputs[0], value)], "gcc-O3")
    lines = "depthwise_lines_dsp"
    for name in (f"{lines}1", f"{lines}1p", f"{lines}2", f"{lines}3", "depthwise_conv_2d_rv32"):
        assert chosen[name] > QUICK // 20, chosen
    assert chosen["depthwise_conv_2d_3x3_rv32"] > 0


@pytest.mark.parametrize(
    ("size", "kernel"), [((1, 21), (1, 5)), ((3, 12), (1, 5)), ((24, 2), (5, 1))]
)
@pytest.mark.parametrize("padding", [SAME, VALID])
def test_five_taps_two_apart(size: tuple[int, int], kernel: tuple[int, int], padding: int) -> None:
    """Odd and even numbers of outputs, several lines, either direction, one copy and two."""
    for copies in (1, 2):
        n = Network(rng_of(copies, 94))
        x = n.source((1, *size, 5))
        y = n.convolution(x, 0, kernel, stride=2, padding=padding, copies=copies)
        case = n.case(y, count=12)
        assert compare(case, case.inputs, "gcc-O3")["depthwise_lines_dsp2pp"] == 1
        for value in (-128, 127):
            compare(case, [np.full_like(case.inputs[0], value)], "gcc-O3")


@pytest.mark.parametrize("build", kernels.EACH_BUILD)
def test_every_build_gives_the_same_bytes(build: str) -> None:
    for seed in range(8):
        case = depthwise_small(rng_of(seed, 92))
        compare(case, case.inputs, build)
    n = Network(rng_of(0, 95))
    case = n.case(n.convolution(n.source((1, 1, 20, 3)), 0, (1, 5), stride=2), count=12)
    compare(case, case.inputs, build)


@pytest.mark.slow
def test_many() -> None:
    for seed in range(SLOW):
        case = depthwise_small(rng_of(seed, 93))
        compare(case, case.inputs, "gcc-O3")


def window(kernel: int, dilation: int = 1) -> Axis:
    return axis(40, kernel, 1, dilation, "VALID")


def test_windows_fall_into_the_fewest_blocks() -> None:
    assert blocks_of(window(1), window(4)) == Blocks(1, 1, True)
    assert blocks_of(window(3), window(1)) == Blocks(0, 1, True)
    assert blocks_of(window(1), window(12)) == Blocks(1, 3, True)
    assert blocks_of(window(3), window(4)) == Blocks(1, 3, False)
    assert blocks_of(window(2), window(2)) == Blocks(1, 3, False)  # a third line of zeros
    assert blocks_of(window(2, 2), window(3, 1)) is None
    for y, x in ((1, 13), (5, 5), (4, 4), (2, 5)):
        assert blocks_of(window(y), window(x)) is None
    assert blocks_of(window(1), window(3, 2)) is None


def test_weights_lie_along_the_lines() -> None:
    rows = np.arange(1, 7, dtype=np.int8).reshape(1, 6)  # 3 down, 2 across
    scales = np.array([1 << 30], np.int32), np.array([-3], np.int8)
    dense = WeightRows(rows, np.array([-5]), scales, 0)
    words = pack(dense, Blocks(0, 3, False), (window(3), window(2)))
    assert words[0, :3].view(np.int32).tolist() == [-10, 1 << 30, 3]
    taps = words[0, 3:].copy().view(np.int8).reshape(3, 4)
    assert taps.tolist() == [[1, 3, 5, 0], [2, 4, 6, 0], [0, 0, 0, 0]]
