"""What element-wise and data-moving operators refuse, and every value of the tabled ones."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from codegen import reference
from codegen.backends.native.lower import call_of
from codegen.errors import CodegenError
from codegen.frontend.tflite import load
from codegen.ir.graph import DType, Graph, Quantization
from codegen.operators.registry import operators
from codegen.operators.table import INPUTS, compose, lookup
from codegen.options import KernelChoice
from tests.operators import kernels, oracle
from tests.operators.builder import ModelBuilder, options
from tests.operators.test_checks import (
    ASYMMETRIC,
    INVALID,
    PER_CHANNEL,
    UNSUPPORTED,
    Change,
    reoperator,
    reoption,
    retensor,
)


def binary(kind: str, dtype: str = "int8", constant: bool = False) -> Graph:
    m = ModelBuilder()
    x = m.input((2, 3), dtype, 0.1)
    data = np.array(5, np.int8)
    second = m.constant(data, 0.2, 1) if constant else m.input((3,), dtype, 0.2)
    y = m.tensor((2, 3), dtype, 0.3)
    m.operator(kind, [x, second], [y], options(kind.capitalize()))
    m.output(y)
    return load(m.build(), "m")


add, mul, add_s16 = partial(binary, "ADD"), partial(binary, "MUL"), partial(binary, "ADD", "int16")


def unary(
    kind: str, scale: float, zero_point: int = 0, dtype: str = "int8", table: Any = None
) -> Graph:
    m = ModelBuilder()
    x = m.input((2, 3), dtype, 0.1)
    y = m.tensor((2, 3), dtype, scale, zero_point)
    m.operator(kind, [x], [y], table)
    m.output(y)
    return load(m.build(), "m")


logistic = partial(unary, "LOGISTIC", 1 / 256, -128)
relu = partial(unary, "RELU", 0.1)
hard_swish = partial(unary, "HARD_SWISH", 0.1)
tanh_s16 = partial(unary, "TANH", 2.0**-15, dtype="int16")
leaky_relu = partial(unary, "LEAKY_RELU", 0.1, table=options("LeakyRelu", alpha=0.1))


def moved(kind: str, inputs: list[Any], shapes: list[list[int]], table: Any = None) -> Graph:
    """Return an operator whose input None is int8[4, 6]; other inputs are constants."""
    m = ModelBuilder()
    indices = [
        m.input((4, 6), "int8", 0.1) if data is None else m.constant(np.array(data, np.int32))
        for data in inputs
    ]
    outputs = [m.tensor(shape, "int8", 0.1) for shape in shapes]
    m.operator(kind, indices, outputs, table)
    m.output(*outputs)
    return load(m.build(), "m")


split = partial(moved, "SPLIT", [1, None], [[4, 3], [4, 3]], options("Split", numSplits=2))
split_v = partial(moved, "SPLIT_V", [None, [2, 4], 1], [[4, 2], [4, 4]], options("SplitV"))
unpack = partial(moved, "UNPACK", [None], [[6]] * 4, options("Unpack", num=4, axis=0))
slice_ = partial(moved, "SLICE", [None, [1, 2], [2, -1]], [[2, 4]])
transpose = partial(moved, "TRANSPOSE", [None, [1, 0]], [[6, 4]])
pack = partial(moved, "PACK", [None, None], [[2, 4, 6]], options("Pack", valuesCount=2, axis=0))
concatenation = partial(
    moved, "CONCATENATION", [None, None], [[8, 6]], options("Concatenation", axis=0)
)


def int32(*values: int) -> np.ndarray[Any, np.dtype[np.int32]]:
    return np.array(values, np.int32)


OTHER_ZERO = Quantization((0.1,), (9,))
TINY = Quantization((1e-9,), (0,))

REFUSED: list[tuple[Callable[[], Graph], Change, type[CodegenError], str]] = [
    (add, reoption(fused_activation="TANH"), UNSUPPORTED, "TANH"),
    (add, reoperator(options={}), INVALID, "options"),
    (add, retensor(1, shape=(2,)), INVALID, "do not broadcast"),
    (add, retensor(0, output=True, shape=(3,)), INVALID, "expected [2, 3]"),
    (add, retensor(1, dtype=DType.INT16), UNSUPPORTED, "int16"),
    (add, retensor(0, quantization=PER_CHANNEL), UNSUPPORTED, "per channel"),
    (add, retensor(0, output=True, quantization=TINY), UNSUPPORTED, "too small"),
    (add, retensor(0, output=True, dtype=DType.INT32), UNSUPPORTED, "int32"),
    (add_s16, retensor(0, quantization=ASYMMETRIC), UNSUPPORTED, "zero point"),
    (mul, retensor(0, output=True, quantization=TINY), UNSUPPORTED, "beyond int32"),
    (logistic, retensor(0, output=True, quantization=ASYMMETRIC), INVALID, "expected -128"),
    (logistic, retensor(0, quantization=Quantization((1e9,), (0,))), UNSUPPORTED, "2^-28"),
    (tanh_s16, retensor(0, output=True, quantization=TINY), UNSUPPORTED, "2^-15"),
    (tanh_s16, retensor(0, quantization=ASYMMETRIC), UNSUPPORTED, "zero point"),
    (tanh_s16, retensor(0, quantization=Quantization((9.0,), (0,))), UNSUPPORTED, "too large"),
    (relu, retensor(0, output=True, quantization=TINY), UNSUPPORTED, "beyond int32"),
    (relu, retensor(0, output=True, dtype=DType.INT16), UNSUPPORTED, "int16"),
    (relu, retensor(0, output=True, shape=(3, 2)), INVALID, "expected [2, 3]"),
    (relu, reoperator(inputs=()), INVALID, "0 inputs"),
    (leaky_relu, reoption(alpha=float("inf")), INVALID, "alpha inf"),
    (leaky_relu, reoption(alpha=1e30), INVALID, "alpha 1e+30"),
    (hard_swish, retensor(0, output=True, quantization=TINY), UNSUPPORTED, "exponents"),
    (split, retensor(0, data=int32(2)), INVALID, "axis 2 for rank 2"),
    (split, retensor(0, data=int32(0)), INVALID, "cuts an axis of 4"),
    (split, retensor(0, data=None), UNSUPPORTED, "run time"),
    (split, retensor(0, output=True, quantization=OTHER_ZERO), UNSUPPORTED, "zero point"),
    (split, retensor(0, output=True, dtype=DType.INT16), INVALID, "int16"),
    (split_v, retensor(1, data=int32(3, 3)), INVALID, "parts of [3, 3]"),
    (split_v, retensor(1, data=int32(-1, -1)), INVALID, "parts of [-1, -1]"),
    (split_v, retensor(1, data=int32(6)), INVALID, "parts of [6]"),
    (unpack, reoption(num=3), INVALID, "4 outputs for an axis of 4"),
    (unpack, reoption(axis=-3), INVALID, "axis -3"),
    (slice_, retensor(1, data=int32(3, 2)), INVALID, "takes 2 elements from 3"),
    (slice_, retensor(1, data=int32(1)), INVALID, "needs 2 values"),
    (slice_, retensor(0, output=True, quantization=OTHER_ZERO), UNSUPPORTED, "zero point"),
    (transpose, retensor(1, data=int32(0, 0)), INVALID, "permutation of 2 axes"),
    (transpose, retensor(0, output=True, shape=(4, 6)), INVALID, "expected [6, 4]"),
    (pack, reoption(count=3), INVALID, "2 inputs for an axis of 2"),
    (pack, retensor(1, quantization=OTHER_ZERO), UNSUPPORTED, "only copies"),
    (concatenation, retensor(1, quantization=OTHER_ZERO), UNSUPPORTED, "only copies"),
    (concatenation, reoption(fused_activation="RELU"), UNSUPPORTED, "fused activation"),
    (concatenation, retensor(1, shape=(5, 6)), INVALID, "joins 9 elements"),
    (concatenation, retensor(1, shape=(4, 5)), INVALID, "expected [4, 6]"),
]


@pytest.mark.parametrize(
    ("graph_of", "change", "error", "text"), REFUSED, ids=[str(n) for n in range(len(REFUSED))]
)
def test_refused(
    graph_of: Callable[[], Graph], change: Change, error: type[CodegenError], text: str
) -> None:
    graph = graph_of()
    operators()[graph.operators[0].kind].check(graph, graph.operators[0])
    graph = change(graph)
    operator = graph.operators[0]
    with pytest.raises(error) as caught:
        operators()[operator.kind].check(graph, operator)
    message = str(caught.value)
    assert message.startswith(f"operator 0 {operator.kind}"), message
    assert text in message, message
    assert "\n" not in message


@pytest.mark.parametrize("kind", ["ADD", "SUB", "MUL"])
def test_arithmetic_with_one_constant_value_is_a_table(kind: str) -> None:
    graph = binary(kind, constant=True)
    operator = graph.operators[0]
    call = call_of(graph, operator, KernelChoice())
    assert call is not None
    assert call.kernel == "safe_kernel_lookup_s8"
    assert call.in_place == (operator.inputs[0],)


def test_a_chain_is_one_table() -> None:
    graphs = [logistic(), relu()]
    tables = []
    for graph in graphs:
        spec = operators()[graph.operators[0].kind]
        table = spec.int8_table(graph, graph.operators[0])
        assert table is not None
        tables.append(table)
    values = INPUTS.astype(np.int8)
    expected = lookup(lookup(values, tables[0]), tables[1])
    assert (lookup(values, compose(*tables)) == expected).all()


def test_movement_that_changes_nothing_is_a_view() -> None:
    whole = moved("SLICE", [None, [0, 0], [-1, 6]], [[4, 6]])
    identity = moved("TRANSPOSE", [None, [0, 1]], [[4, 6]])
    alone = moved("PACK", [None], [[1, 4, 6]], options("Pack", valuesCount=1, axis=0))
    for graph in (whole, identity, alone):
        operator = graph.operators[0]
        assert call_of(graph, operator, KernelChoice()) is None


@pytest.mark.parametrize("kind", ["LOGISTIC", "TANH"])
@pytest.mark.parametrize("scale", [2.0**-12, 2.0**-11, 2.0**-15, 3.3e-4, 1e-3])
def test_every_int16_value(kind: str, scale: float) -> None:
    m = ModelBuilder()
    shape = (1, 65536)
    x = m.input(shape, "int16", float(np.float32(scale)))
    y = m.tensor(shape, "int16", 2.0**-15)
    m.operator(kind, [x], [y])
    m.output(y)
    model = m.build()
    values = np.arange(-32768, 32768).astype(np.int16).reshape(1, *shape)
    expected = oracle.run(model, [values])[0]
    graph = load(model, "m")
    assert (reference.run(graph, [values])[0] == expected).all()
    assert (kernels.library("gcc-O3").run(graph, [values])[0] == expected).all()


def test_int16_sums_beyond_the_limit_are_refused() -> None:
    m = ModelBuilder()
    x = m.input((1, 2), "int16", 1e-4)
    weights = m.constant(np.ones((1, 2), np.int8), 0.01)
    bias = m.constant(np.array([1 << 50], np.int64), 1e-6)
    y = m.tensor((1, 1), "int16", 1e-3)
    m.operator("FULLY_CONNECTED", [x, weights, bias], [y], options("FullyConnected"))
    m.output(y)
    with pytest.raises(UNSUPPORTED, match="beyond 2\\^47"):
        load(m.build(), "m")
