"""What operators refuse: each message names operator, tensor and what to do."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from codegen.errors import CodegenError, ModelInvalidError, ModelUnsupportedError
from codegen.frontend.tflite import load
from codegen.ir.graph import ABSENT, DType, Graph, Operator, Quantization, Tensor
from codegen.operators.registry import operators
from tests.operators.builder import ModelBuilder, options
from tests.operators.cases import LstmShape, lstm_model

Change = Callable[[Graph], Graph]


def retensor(position: int, output: bool = False, **changes: Any) -> Change:
    """Return a change of the first operator's input (or output) tensor at `position`."""

    def change(graph: Graph) -> Graph:
        operator = graph.operators[0]
        index = (operator.outputs if output else operator.inputs)[position]
        tensor: Tensor = replace(graph.tensor(index), **changes)
        return replace(graph, tensors={**graph.tensors, index: tensor})

    return change


def reoperator(**changes: Any) -> Change:
    """Return a change of the first operator."""

    def change(graph: Graph) -> Graph:
        first: Operator = replace(graph.operators[0], **changes)
        return replace(graph, operators=(first, *graph.operators[1:]))

    return change


def reoption(**values: Any) -> Change:
    """Return a change of the first operator's options."""

    def change(graph: Graph) -> Graph:
        return reoperator(options={**graph.operators[0].options, **values})(graph)

    return change


def reinput(position: int, index: int) -> Change:
    """Return a change of one input of the first operator."""

    def change(graph: Graph) -> Graph:
        inputs = list(graph.operators[0].inputs)
        inputs[position] = index
        return reoperator(inputs=tuple(inputs))(graph)

    return change


def fully_connected() -> Graph:
    m = ModelBuilder()
    x = m.input((1, 4), "int8", 0.1)
    w = m.constant(np.ones((3, 4), np.int8), 0.01)
    b = m.constant(np.ones(3, np.int32), 0.001)
    y = m.tensor((1, 3), "int8", 0.1)
    m.operator("FULLY_CONNECTED", [x, w, b], [y], options("FullyConnected"))
    m.output(y)
    return load(m.build(), "m")


def conv_2d() -> Graph:
    m = ModelBuilder()
    x = m.input((1, 5, 6, 2), "int8", 0.1)
    w = m.constant(np.ones((3, 2, 2, 2), np.int8), [0.01, 0.02, 0.03])
    b = m.constant(np.ones(3, np.int32), [0.001, 0.002, 0.003])
    y = m.tensor((1, 5, 6, 3), "int8", 0.1)
    m.operator("CONV_2D", [x, w, b], [y], options("Conv2D", strideH=1, strideW=1))
    m.output(y)
    return load(m.build(), "m")


def conv_2d_s16() -> Graph:
    m = ModelBuilder()
    x = m.input((1, 5, 6, 2), "int16", 0.001)
    w = m.constant(np.ones((3, 2, 2, 2), np.int8), [0.01, 0.02, 0.03])
    y = m.tensor((1, 5, 6, 3), "int16", 0.001)
    m.operator("CONV_2D", [x, w], [y], options("Conv2D", strideH=1, strideW=1))
    m.output(y)
    return load(m.build(), "m")


def lstm() -> Graph:
    return load(lstm_model(np.random.default_rng(1), LstmShape(3, 2, 4)).model, "m")


def strided_slice() -> Graph:
    m = ModelBuilder()
    x = m.input((1, 5, 6), "int8", 0.1)
    indices = [m.constant(np.array(v, np.int32)) for v in ([0, -1, 0], [1, 5, 6], [1, 1, 1])]
    y = m.tensor((1, 6), "int8", 0.1)
    m.operator("STRIDED_SLICE", [x, *indices], [y], options("StridedSlice", shrinkAxisMask=2))
    m.output(y)
    return load(m.build(), "m")


def quantize() -> Graph:
    m = ModelBuilder()
    x = m.input((1, 5), "int8", 0.1)
    y = m.tensor((1, 5), "int8", 0.2)
    m.operator("QUANTIZE", [x], [y])
    m.output(y)
    return load(m.build(), "m")


def dequantize() -> Graph:
    m = ModelBuilder()
    x = m.input((1, 5), "int8", 0.1)
    y = m.tensor((1, 5), "float32")
    m.operator("DEQUANTIZE", [x], [y])
    m.output(y)
    return load(m.build(), "m")


def reshape() -> Graph:
    m = ModelBuilder()
    x = m.input((2, 5), "int8", 0.1)
    y = m.tensor((5, 2), "int8", 0.1)
    m.operator("RESHAPE", [x], [y], options("Reshape", newShape=[5, 2]))
    m.output(y)
    return load(m.build(), "m")


BAD_SCALE = Quantization((float("nan"),), (0,))
ZERO_SCALE = Quantization((0.0,), (0,))
PER_CHANNEL = Quantization((0.1, 0.2, 0.3), (0, 0, 0))
ASYMMETRIC = Quantization((0.1,), (3,))
FAR_BIAS = Quantization((0.5,), (0,))
HUGE = np.full(3, 2**31 - 1, np.int32)
INVALID, UNSUPPORTED = ModelInvalidError, ModelUnsupportedError

REFUSED: list[tuple[Callable[[], Graph], Change, type[CodegenError], str]] = [
    (fully_connected, retensor(0, dtype=DType.FLOAT32), UNSUPPORTED, "float32"),
    (fully_connected, retensor(0, quantization=None), INVALID, "no scale"),
    (fully_connected, retensor(0, quantization=PER_CHANNEL), UNSUPPORTED, "per channel"),
    (fully_connected, retensor(0, quantization=Quantization((0.1,), (200,))), INVALID, "200"),
    (fully_connected, retensor(0, shape=(1, 5)), INVALID, "do not fit"),
    (fully_connected, retensor(0, output=True, shape=(3, 3)), INVALID, "shape"),
    (fully_connected, retensor(0, output=True, quantization=BAD_SCALE), INVALID, "scale nan"),
    (fully_connected, retensor(0, output=True, quantization=ZERO_SCALE), INVALID, "scale 0"),
    (fully_connected, retensor(1, data=None), UNSUPPORTED, "run time"),
    (fully_connected, retensor(1, quantization=ASYMMETRIC), UNSUPPORTED, "zero point"),
    (fully_connected, retensor(1, quantization=None), INVALID, "no scale"),
    (fully_connected, retensor(1, shape=(3, 4, 1)), INVALID, "shape"),
    (
        fully_connected,
        retensor(1, quantization=Quantization((0.1, 0.2), (0, 0))),
        UNSUPPORTED,
        "2 scales",
    ),
    (fully_connected, retensor(2, dtype=DType.INT64), UNSUPPORTED, "int64"),
    (fully_connected, retensor(2, data=np.ones(2, np.int32)), INVALID, "2 values"),
    (fully_connected, retensor(2, data=HUGE), UNSUPPORTED, "beyond int32"),
    (fully_connected, retensor(2, quantization=FAR_BIAS), INVALID, "input scale"),
    (fully_connected, reoption(weights_format=1), UNSUPPORTED, "shuffled"),
    (fully_connected, reoption(fused_activation="TANH"), UNSUPPORTED, "TANH"),
    (fully_connected, reoperator(inputs=(0,)), INVALID, "1 inputs"),
    (fully_connected, reinput(1, ABSENT), INVALID, "lacks its weights"),
    (conv_2d, reoperator(options={}), INVALID, "options"),
    (conv_2d, reoption(padding="UNKNOWN_7"), INVALID, "UNKNOWN_7"),
    (conv_2d, reoption(stride_h=0), INVALID, "at least 1"),
    (conv_2d, reoption(padding="VALID"), INVALID, "expected [1, 4, 5, 3]"),
    (conv_2d, reoption(fused_activation="SIGN_BIT"), UNSUPPORTED, "SIGN_BIT"),
    (conv_2d, retensor(0, shape=(1, 5, 6, 3)), INVALID, "3 channels into groups"),
    (conv_2d, retensor(0, shape=(1, 5, 6, 4)), INVALID, "4 channels into groups"),
    (conv_2d_s16, retensor(0, shape=(1, 5, 6, 6)), UNSUPPORTED, "has groups"),
    (conv_2d, retensor(0, shape=(5, 6, 2)), INVALID, "shape"),
    (conv_2d, retensor(2, data=HUGE), UNSUPPORTED, "beyond int32"),
    (lstm, reinput(9, 3), UNSUPPORTED, "peephole"),
    (lstm, reinput(16, 3), UNSUPPORTED, "projection"),
    (lstm, reinput(20, 3), UNSUPPORTED, "layer normalization"),
    (lstm, reinput(1, ABSENT), UNSUPPORTED, "lacks weights"),
    (lstm, reinput(13, ABSENT), INVALID, "lacks its bias"),
    (lstm, reoption(fused_activation="RELU"), UNSUPPORTED, "only tanh"),
    (lstm, reoption(diagonal_recurrent=True), UNSUPPORTED, "diagonal"),
    (lstm, retensor(18, is_variable=False), INVALID, "variable"),
    (lstm, retensor(19, quantization=Quantization((0.3,), (0,))), UNSUPPORTED, "power of two"),
    (lstm, retensor(19, dtype=DType.INT8), UNSUPPORTED, "int16"),
    (lstm, retensor(1, shape=(3, 9)), INVALID, "expected [3, 2]"),
    (lstm, retensor(1, quantization=PER_CHANNEL), UNSUPPORTED, "per-channel"),
    (lstm, retensor(12, dtype=DType.INT64), UNSUPPORTED, "int64"),
    (lstm, retensor(12, data=HUGE), UNSUPPORTED, "beyond int32"),
    (lstm, retensor(0, output=True, shape=(1, 4, 9)), INVALID, "expected [1, 4, 3]"),
    (lstm, reoperator(inputs=(0, 1, 2)), INVALID, "3 inputs"),
    (strided_slice, reoption(ellipsis_mask=1), UNSUPPORTED, "ellipsis_mask"),
    (strided_slice, reoption(new_axis_mask=1), UNSUPPORTED, "new_axis_mask"),
    (strided_slice, reoption(offset=True), UNSUPPORTED, "offset"),
    (strided_slice, retensor(0, shape=(1, 1, 1, 5, 6)), UNSUPPORTED, "rank 5"),
    (strided_slice, retensor(1, data=None), UNSUPPORTED, "run time"),
    (strided_slice, retensor(1, data=np.array([0, 1], np.int32)), INVALID, "3 values"),
    (strided_slice, retensor(3, data=np.array([1, 0, 1], np.int32)), INVALID, "stride of 0"),
    (strided_slice, retensor(3, data=np.array([1, -1, 1], np.int32)), INVALID, "negative stride"),
    (strided_slice, retensor(1, data=np.array([0, 9, 0], np.int32)), INVALID, "takes nothing"),
    (strided_slice, retensor(0, output=True, shape=(6,)), INVALID, "expected [1, 6]"),
    (strided_slice, retensor(0, output=True, dtype=DType.INT16), INVALID, "element type"),
    (quantize, retensor(0, dtype=DType.INT32), UNSUPPORTED, "int32"),
    (quantize, retensor(0, output=True, quantization=None), INVALID, "no scale"),
    (quantize, retensor(0, output=True, shape=(5,)), INVALID, "expected [1, 5]"),
    (quantize, retensor(0, quantization=Quantization((1e9,), (0,))), UNSUPPORTED, "beyond int32"),
    (dequantize, retensor(0, output=True, dtype=DType.INT8), UNSUPPORTED, "expected float32"),
    (dequantize, retensor(0, quantization=None), INVALID, "no scale"),
    (reshape, retensor(0, output=True, shape=(3, 3)), INVALID, "[3, 3]"),
    (reshape, retensor(0, output=True, dtype=DType.INT16), INVALID, "int16"),
    (reshape, retensor(0, output=True, quantization=ASYMMETRIC), UNSUPPORTED, "quantization"),
]


@pytest.mark.parametrize(
    "graph_of",
    [fully_connected, conv_2d, conv_2d_s16, lstm, strided_slice, quantize, dequantize, reshape],
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
