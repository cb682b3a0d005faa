"""The rv32 kernels against the integer reference, byte by byte: they are plain C."""

import numpy as np
import pytest

from codegen import reference
from codegen.frontend.tflite import load
from codegen.operators import _rv32
from codegen.operators.base import KernelChoice
from codegen.operators.registry import operators
from tests.operators import kernels
from tests.operators.cases import CASES

RV32 = KernelChoice("rv32")
KINDS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "UNIDIRECTIONAL_SEQUENCE_LSTM")
QUICK = 60
SLOW = 1000


def some(kind: str, count: int, build: str, stream: int) -> int:
    """Compare `count` random cases; return how many took an rv32 kernel."""
    chosen = 0
    library = kernels.library(build)
    for seed in range(count):
        case = CASES[kind](np.random.default_rng([seed, stream]))
        graph = load(case.model, "case")
        expected = reference.run(graph, case.inputs)
        for result, truth in zip(library.run(graph, case.inputs, RV32), expected, strict=True):
            assert np.array_equal(result, truth), (kind, seed)
        for operator in graph.operators:
            call = operators()[operator.kind].lower(graph, operator, RV32)
            chosen += call is not None and call.kernel.endswith("_rv32")
    return chosen


@pytest.mark.parametrize("kind", KINDS)
def test_random_cases(kind: str) -> None:
    assert some(kind, QUICK, "gcc-O3", 41) > QUICK // 4


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("build", sorted(kernels.BUILDS))
def test_every_build_gives_the_same_bytes(kind: str, build: str) -> None:
    some(kind, 5, build, 42)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_many_random_cases(kind: str) -> None:
    assert some(kind, SLOW, "gcc-O3", 43) > SLOW // 4


def dense(rows: int, start: int = 0, shift: int = -1) -> _rv32.Dense:
    """Return rows of one weight 0."""
    scales = np.array([1 << 30], np.int32), np.array([shift], np.int8)
    return _rv32.Dense(np.zeros((rows, 1), np.int8), np.full(rows, start, np.int64), scales, 0)


def test_what_the_rescaling_cannot_take_is_refused() -> None:
    assert _rv32.refusal(dense(4), 4) is None
    assert "fewer" in str(_rv32.refusal(dense(3), 4))
    assert _rv32.refusal(dense(4, (1 << 30) - 1), 4) is None
    assert "2^30" in str(_rv32.refusal(dense(4, 1 << 30), 4))
    assert "shift of 0" in str(_rv32.refusal(dense(4, 0, 0), 4))


def test_rows_of_a_tile_lie_side_by_side() -> None:
    rows = np.arange(15, dtype=np.int8).reshape(5, 3)
    packed = _rv32.pack_rows(rows, 4)
    assert packed.shape == (2, 3, 4)
    for tile, k, r in np.ndindex(2, 3, 4):
        row = 4 * tile + r
        assert packed[tile, k, r] == (rows[row, k] if row < 5 else 0)
    assert _rv32.pack_start(np.arange(5), 4).tolist() == [[0, 1, 2, 3], [4, 0, 0, 0]]
