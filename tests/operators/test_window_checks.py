"""What convolutions, pooling, mean, softmax and padding refuse, and where they go beyond TFLM."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from codegen import reference
from codegen.backends.native.lower import call_of
from codegen.errors import CodegenError
from codegen.frontend.tflite import load
from codegen.ir.graph import DType, Graph, Quantization
from codegen.operators.registry import operators
from tests.operators import kernels
from tests.operators.builder import ModelBuilder, options
from tests.operators.test_checks import (
    ASYMMETRIC,
    HUGE,
    INVALID,
    UNSUPPORTED,
    Change,
    reoperator,
    reoption,
    retensor,
)


def depthwise_conv_2d() -> Graph:
    m = ModelBuilder()
    x = m.input((1, 5, 6, 3), "int8", 0.1)
    w = m.constant(np.ones((1, 2, 2, 3), np.int8), [0.01, 0.02, 0.03], axis=3)
    b = m.constant(np.ones(3, np.int32), [0.001, 0.002, 0.003])
    y = m.tensor((1, 5, 6, 3), "int8", 0.1)
    table = options("DepthwiseConv2D", strideH=1, strideW=1, depthMultiplier=1)
    m.operator("DEPTHWISE_CONV_2D", [x, w, b], [y], table)
    m.output(y)
    return load(m.build(), "m")


def transpose_conv() -> Graph:
    m = ModelBuilder()
    x = m.input((1, 3, 3, 2), "int8", 0.1)
    w = m.constant(np.ones((3, 2, 2, 2), np.int8), 0.01)
    b = m.constant(np.ones(3, np.int32), 0.001)
    y = m.tensor((1, 6, 6, 3), "int8", 0.1)
    size = m.constant(np.array([1, 6, 6, 3], np.int32))
    m.operator(
        "TRANSPOSE_CONV", [size, w, x, b], [y], options("TransposeConv", strideH=2, strideW=2)
    )
    m.output(y)
    return load(m.build(), "m")


def max_pool_2d() -> Graph:
    m = ModelBuilder()
    x = m.input((1, 4, 4, 3), "int8", 0.1)
    y = m.tensor((1, 2, 2, 3), "int8", 0.1)
    table = options("Pool2D", padding=1, strideH=2, strideW=2, filterHeight=2, filterWidth=2)
    m.operator("MAX_POOL_2D", [x], [y], table)
    m.output(y)
    return load(m.build(), "m")


def mean() -> Graph:
    m = ModelBuilder()
    x = m.input((1, 4, 5, 3), "int8", 0.1)
    y = m.tensor((1, 3), "int8", 0.05)
    m.operator("MEAN", [x, m.constant(np.array([1, 2], np.int32))], [y], options("Reducer"))
    m.output(y)
    return load(m.build(), "m")


def softmax(shape: tuple[int, ...] = (1, 5), scale: float = 0.1, dtype: str = "int8") -> Graph:
    m = ModelBuilder()
    x = m.input(shape, "int8", scale)
    bits = 8 if dtype == "int8" else 16
    y = m.tensor(shape, dtype, 2.0**-bits, -(1 << (bits - 1)))
    m.operator("SOFTMAX", [x], [y], options("Softmax", beta=1.0))
    m.output(y)
    return load(m.build(), "m")


def padv2() -> Graph:
    m = ModelBuilder()
    x = m.input((1, 4), "int8", 0.1)
    y = m.tensor((1, 7), "int8", 0.1)
    borders = m.constant(np.array([[0, 0], [1, 2]], np.int32))
    value = m.constant(np.array([7], np.int8), 0.1)
    m.operator("PADV2", [x, borders, value], [y], options("PadV2"))
    m.output(y)
    return load(m.build(), "m")


ALONG_0 = Quantization((0.1, 0.2, 0.3), (0, 0, 0), axis=0)
OTHER = Quantization((0.2,), (0,))

REFUSED: list[tuple[Callable[[], Graph], Change, type[CodegenError], str]] = [
    (depthwise_conv_2d, reoption(channel_multiplier=0), INVALID, "3 channels times 0"),
    (depthwise_conv_2d, reoption(channel_multiplier=2), INVALID, "3 channels times 2"),
    (depthwise_conv_2d, reoption(dilation_w=0), INVALID, "dilation_w 0"),
    (depthwise_conv_2d, reoption(dilation_w=1 << 30), UNSUPPORTED, "dilation_w 1073741824"),
    (depthwise_conv_2d, retensor(0, shape=(1, 5, 1 << 31, 3)), UNSUPPORTED, "reach beyond"),
    (depthwise_conv_2d, reoption(padding="UNKNOWN_7"), INVALID, "UNKNOWN_7"),
    (depthwise_conv_2d, reoption(padding="VALID"), INVALID, "expected [1, 4, 5, 3]"),
    (depthwise_conv_2d, reoption(fused_activation="TANH"), UNSUPPORTED, "TANH"),
    (depthwise_conv_2d, reoperator(options={}), INVALID, "options"),
    (depthwise_conv_2d, retensor(0, shape=(5, 6, 3)), INVALID, "expected rank 4"),
    (depthwise_conv_2d, retensor(1, quantization=ALONG_0), UNSUPPORTED, "along axis 3"),
    (depthwise_conv_2d, retensor(1, quantization=ASYMMETRIC), UNSUPPORTED, "zero point"),
    (depthwise_conv_2d, retensor(1, data=None), UNSUPPORTED, "run time"),
    (depthwise_conv_2d, retensor(2, data=HUGE), UNSUPPORTED, "beyond int32"),
    (transpose_conv, reoption(stride_h=0), INVALID, "stride_h 0"),
    (transpose_conv, retensor(2, shape=(2, 3, 3, 2)), INVALID, "do not fit"),
    (transpose_conv, retensor(1, data=None), UNSUPPORTED, "run time"),
    (transpose_conv, retensor(3, data=HUGE), UNSUPPORTED, "beyond int32"),
    (transpose_conv, reoperator(inputs=(0, 1)), INVALID, "2 inputs"),
    (max_pool_2d, reoption(filter_h=0), INVALID, "filter_h 0"),
    (max_pool_2d, reoption(filter_h=1 << 31), UNSUPPORTED, "filter_h 2147483648"),
    (max_pool_2d, reoption(filter_h=5), INVALID, "expected [1, 0, 2, 3]"),
    (max_pool_2d, retensor(0, dtype=DType.FLOAT32), UNSUPPORTED, "float32"),
    (max_pool_2d, retensor(0, output=True, quantization=OTHER), INVALID, "another scale"),
    (mean, retensor(1, data=np.array([1, 4], np.int32)), INVALID, "axis 4 of 4"),
    (mean, retensor(1, data=None), UNSUPPORTED, "run time"),
    (mean, retensor(1, dtype=DType.INT64), UNSUPPORTED, "int64"),
    (mean, reoption(keep_dims=True), INVALID, "expected [1, 1, 1, 3]"),
    (mean, retensor(0, quantization=Quantization((1e9,), (0,))), UNSUPPORTED, "beyond int32"),
    (softmax, retensor(0, output=True, quantization=OTHER), UNSUPPORTED, "expected 0.00390625"),
    (softmax, retensor(0, shape=(1, 4)), INVALID, "expected [1, 4]"),
    (softmax, reoption(beta=0.0), INVALID, "beta 0.0"),
    (softmax, reoption(beta=float("nan")), INVALID, "beta nan"),
    (padv2, retensor(1, data=np.array([0, 0, -1, 4], np.int32)), INVALID, "at least 0"),
    (padv2, retensor(1, data=np.array([1, 2], np.int32)), INVALID, "expected 4 counts"),
    (padv2, retensor(1, data=np.array([0, 0, 1, 1], np.int32)), INVALID, "expected [1, 6]"),
    (padv2, retensor(1, dtype=DType.INT64), UNSUPPORTED, "int64"),
    (padv2, retensor(2, data=np.array([1, 2], np.int8)), INVALID, "expected one"),
    (padv2, retensor(2, quantization=OTHER), UNSUPPORTED, "another scale"),
    (padv2, reoperator(inputs=(0, 1)), INVALID, "2 inputs"),
]


@pytest.mark.parametrize(
    "graph_of", [depthwise_conv_2d, transpose_conv, max_pool_2d, mean, softmax, padv2]
)
def test_the_unchanged_graph_passes(graph_of: Callable[[], Graph]) -> None:
    graph = graph_of()
    operators()[graph.operators[0].kind].check(graph, graph.operators[0])


@pytest.mark.parametrize(
    ("graph_of", "change", "error", "text"),
    REFUSED,
    ids=[f"{case[0].__name__}-{number}" for number, case in enumerate(REFUSED)],
)
def test_refused(
    graph_of: Callable[[], Graph], change: Change, error: type[CodegenError], text: str
) -> None:
    graph = change(graph_of())
    operator = graph.operators[0]
    with pytest.raises(error) as caught:
        operators()[operator.kind].check(graph, operator)
    message = str(caught.value)
    assert message.startswith(f"operator 0 {operator.kind}"), message
    assert text in message, message
    assert "\n" not in message


def test_softmax_refuses_a_row_whose_sum_could_leave_int32() -> None:
    softmax((1, 4095))
    with pytest.raises(UNSUPPORTED, match="at most 4095"):
        softmax((1, 4096))


@pytest.mark.parametrize(("dtype", "largest"), [("int8", -128), ("int16", -32768 + 16)])
def test_softmax_of_many_equal_classes(dtype: str, largest: int) -> None:
    """Where TFLM aborts (int8, a sum of 512 or more) SAFE gives what the arithmetic means."""
    graph = softmax((1, 4095), dtype=dtype)
    values = np.full((2, 1, 4095), -128, np.int8)
    values[1] = 5
    expected = np.full(values.shape, largest, dtype)
    assert (reference.run(graph, [values])[0] == expected).all()
    for build in kernels.BUILDS:
        assert (kernels.library(build).run(graph, [values])[0] == expected).all(), build


@pytest.mark.parametrize(("filter_h", "in_place"), [(2, True), (3, True), (5, False)])
def test_pooling_works_in_place_unless_padding_comes_first(filter_h: int, in_place: bool) -> None:
    """Over 4 positions with stride 2, three taps pad one position behind, five pad both sides."""
    graph = reoption(padding="SAME", filter_h=filter_h)(max_pool_2d())
    operator = graph.operators[0]
    call: Any = call_of(graph, operator, kernels.REFERENCE)
    assert call.in_place == (operator.inputs if in_place else ())
