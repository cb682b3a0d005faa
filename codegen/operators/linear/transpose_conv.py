"""TRANSPOSE_CONV, int8 or int16 with int8 weights: each input spreads over an output window.

inputs: the output's shape (ignored, the output tensor has it), weights int8[O, kh, kw, C], input
int8[B, H, W, C], bias int32[O] (optional); output int8[B, OH, OW, O]. Input (y, x) adds through
tap (ty, tx) to output (y · stride + ty − pad, …); what falls outside is dropped. Source of the
arithmetic: TFLM's `reference_integer_ops::TransposeConv`, double rounding.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from codegen.fixed_point import Int64, exact_dot
from codegen.ir.call import KernelCall
from codegen.ir.graph import Array, DType, Graph, Operator
from codegen.operators.base import Operands, OperatorSpec
from codegen.operators.checks import invalid
from codegen.operators.linear import int16 as _int16
from codegen.operators.linear import products as _products
from codegen.operators.linear.products import WEIGHTS, products
from codegen.operators.window import (
    STRIDED,
    Axis,
    axis,
    require_reach,
    require_window,
    window_options,
)

_INPUT, _BIAS = 2, 3
OPERANDS = Operands(source=_INPUT, bias=_BIAS, folds=False)


class TransposeConv(OperatorSpec):
    """The transposed convolution, also called deconvolution."""

    kind = "TRANSPOSE_CONV"
    clamps = True
    dtypes = (DType.INT8, DType.INT16)
    data_input = _INPUT

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Read padding, strides and the fused activation."""
        return window_options(builtin_options)

    def shape(self, graph: Graph, operator: Operator) -> tuple[int, ...] | None:
        """Return the shape that the first input holds, where it is known."""
        data = graph.tensor(operator.inputs[0]).data
        if data is None or data.size != 4 or data.min() < 1:
            return None
        return tuple(int(v) for v in data.reshape(-1))

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check types, shapes, quantization, and that the accumulator fits."""
        roles = {"input": _INPUT, "weights": WEIGHTS}
        source, weights, output = require_window(graph, operator, (3, 4), STRIDED, roles)
        channels = weights.shape[0]
        fits = source.shape[0] == output.shape[0] and output.shape[3] == channels
        if not fits or weights.shape[3] != source.shape[3]:
            invalid(
                graph,
                operator,
                f"input {list(source.shape)}, weights {list(weights.shape)} and output "
                f"{list(output.shape)} do not fit; export the model again",
            )
        require_reach(graph, operator, *transposed_axes(graph, operator))
        if _int16.is_int16(graph, operator, OPERANDS):
            _int16.check(graph, operator, OPERANDS, only_wide=True)
        else:
            _products.check(graph, operator, OPERANDS)

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call of `safe_kernel_transpose_conv_s8`; weights as in the file."""
        if _int16.is_int16(graph, operator, OPERANDS):
            return _call_s16(graph, operator)
        p = products(graph, operator, OPERANDS)
        y, x = transposed_axes(graph, operator)
        batches, height, width, depth = graph.tensor(operator.inputs[_INPUT]).shape
        fields = {
            "batches": batches,
            "input_channels": depth,
            "output_channels": len(p.rows),
            "y": y.params(),
            "x": x.params(),
            "requantize_step": p.step,
            **p.limits,
        }
        return _products.reference_call(
            operator,
            p,
            "sums",
            fields,
            macs=batches * height * width * p.weights.size,
            notes=(
                "reference kernel, gathers for each output what reaches it",
                p.prove(graph, operator),
            ),
            at=OPERANDS,
        )

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Spread every input over a plane of int64 sums and cut the output out of it."""
        values = inputs[_INPUT]
        assert values is not None
        images = values.reshape(-1, *values.shape[2:]).astype(np.int64)
        shape = graph.tensor(operator.outputs[0]).shape
        axes = transposed_axes(graph, operator)
        if _int16.is_int16(graph, operator, OPERANDS):
            wide = _int16.integers(graph, operator, OPERANDS)
            sums = _sums(images, wide.weights, axes)
            return [wide.rescale(sums).astype(np.int16).reshape(-1, *shape)]
        p = products(graph, operator, OPERANDS)
        sums = _sums(images - p.input_zero_point, p.weights, axes)
        return [p.rescale(sums).reshape(-1, *shape)]


def _sums(images: Int64, weights: Array, axes: tuple[Axis, Axis]) -> Int64:
    """Return int64 sums [images, OH, OW, O]."""
    y, x = axes
    sums = np.zeros((len(images), _reach(y), _reach(x), len(weights)), np.int64)
    for ty in range(y.kernel):
        rows = slice(ty, ty + (y.size - 1) * y.stride + 1, y.stride)
        for tx in range(x.kernel):
            columns = slice(tx, tx + (x.size - 1) * x.stride + 1, x.stride)
            sums[:, rows, columns] += exact_dot(images, weights[:, ty, tx])
    cut: Int64 = sums[:, y.pad : y.pad + y.output, x.pad : x.pad + x.output]
    return cut


def _call_s16(graph: Graph, operator: Operator) -> KernelCall:
    p = _int16.integers(graph, operator, OPERANDS)
    y, x = transposed_axes(graph, operator)
    batches, height, width, depth = graph.tensor(operator.inputs[_INPUT]).shape
    fields = {
        "batches": batches,
        "input_channels": depth,
        "output_channels": len(p.rows),
        "y": y.params(),
        "x": x.params(),
    }
    note = _int16.prove(graph, operator, OPERANDS)
    return p.call(operator, "transpose_conv", fields, batches * height * width, note, at=OPERANDS)


def _reach(axis: Axis) -> int:
    """Return the extent of the plane: what the inputs reach, and what the output needs."""
    return max((axis.size - 1) * axis.stride + axis.kernel, axis.pad + axis.output)


def transposed_axes(graph: Graph, operator: Operator) -> tuple[Axis, Axis]:
    """Return both axes: sizes of the input, padding of the output.

    As in TFLM the padding is that of the convolution from output to input, whatever the input's
    size is.
    """
    source = graph.tensor(operator.inputs[_INPUT]).shape
    weights = graph.tensor(operator.inputs[WEIGHTS]).shape
    output = graph.tensor(operator.outputs[0]).shape
    o = operator.options
    strides = (o["stride_h"], o["stride_w"])
    found = []
    for n, stride in enumerate(strides, start=1):
        back = axis(output[n], weights[n], stride, 1, o["padding"])
        found.append(Axis(source[n], weights[n], stride, 1, output[n], back.pad))
    return found[0], found[1]


OPERATOR = TransposeConv()
