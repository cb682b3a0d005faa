"""CONV_2D, int8 or int16: a window of weights over an image; Conv1D is the same with height 1.

input int8[B, H, W, C], weights int8[O, kh, kw, C / G], bias int32[O], output int8[B, OH, OW, O].
With G groups, the first O / G outputs see the first C / G input channels, and so on.
Source of the arithmetic: TFLM's `reference_integer_ops::ConvPerChannel`, double rounding.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from codegen.fixed_point import exact_dot
from codegen.ir.call import KernelCall
from codegen.ir.graph import Array, DType, Graph, Operator
from codegen.ir.rows import Known, RowRule
from codegen.operators import row_rules
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import invalid, require_shape, unsupported
from codegen.operators.linear import int16 as _int16
from codegen.operators.linear import products as _products
from codegen.operators.linear.products import products
from codegen.operators.window import (
    DILATED,
    convolution_axes,
    patches,
    require_reach,
    require_window,
    window_options,
)


class Conv2D(OperatorSpec):
    """The convolution; padding is by input zero point, so it adds nothing to the sum."""

    kind = "CONV_2D"
    operands = _products.PLAIN
    clamps = True
    dtypes = (DType.INT8, DType.INT16)
    takes_padding = True

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Read padding, strides, dilations and the fused activation."""
        options = window_options(builtin_options, dilated=True)
        return {**options, **_int16.bias_type(builtin_options)} if options else options

    def shape(self, graph: Graph, operator: Operator) -> tuple[int, ...] | None:
        """Return what padding and strides leave of the image."""
        source, weights = (graph.tensor(index) for index in operator.inputs[:2])
        if len(source.shape) != 4 or len(weights.shape) != 4:
            return None
        y, x = convolution_axes(graph, operator)
        return (source.shape[0], y.output, x.output, weights.shape[0])

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check types, shapes, quantization, and that the accumulator fits."""
        roles = {"input": 0, "weights": 1}
        source, weights, output = require_window(graph, operator, (2, 3), DILATED, roles)
        channels = weights.shape[0]
        if source.shape[3] % weights.shape[3] or channels % groups(graph, operator):
            invalid(
                graph,
                operator,
                f"has shape {list(weights.shape)}, which does not divide the input's "
                f"{source.shape[3]} channels into groups; export the model again",
                weights.index,
            )
        y, x = convolution_axes(graph, operator)
        require_reach(graph, operator, y, x)
        require_shape(graph, operator, output, (source.shape[0], y.output, x.output, channels))
        if not _int16.is_int16(graph, operator):
            _products.check(graph, operator)
            return
        if groups(graph, operator) > 1:
            unsupported(
                graph, operator, "has groups, which int16 values may not have", weights.index
            )
        _int16.check(graph, operator)

    def rows(self, graph: Graph, operator: Operator, known: Known) -> RowRule | str:
        """Return the rows that a padded window over those of the input makes."""
        return row_rules.window(
            graph, operator, known, convolution_axes(graph, operator), pads=True
        )

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call of `safe_kernel_conv_2d_s8` or `_s16`; weights as in the file."""
        if _int16.is_int16(graph, operator):
            return _call_s16(graph, operator)
        p = products(graph, operator)
        y, x = convolution_axes(graph, operator)
        batches, _, _, depth = graph.tensor(operator.inputs[0]).shape
        fields = {
            "batches": batches,
            "input_channels": depth,
            "output_channels": len(p.rows),
            "groups": groups(graph, operator),
            "y": y.params(),
            "x": x.params(),
            "requantize_step": p.step,
            **p.limits,
        }
        return _products.reference_call(
            operator,
            p,
            "columns",
            fields,
            macs=batches * y.output * x.output * p.weights.size,
            notes=(
                "reference kernel, input zero point folded into the bias",
                p.prove(graph, operator),
            ),
        )

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Compute with int64 sums over patches of the input padded by its zero point."""
        values = inputs[0]
        assert values is not None
        if _int16.is_int16(graph, operator):
            return [_reference_s16(graph, operator, values)]
        p = products(graph, operator)
        count, batches = values.shape[:2]
        images = values.reshape(count * batches, *values.shape[2:])
        seen = patches(images, *convolution_axes(graph, operator), p.input_zero_point)
        parts = groups(graph, operator)
        by_group = zip(np.split(seen, parts, axis=-1), np.split(p.rows, parts), strict=True)
        sums = [exact_dot(part.reshape(*part.shape[:3], -1), rows) for part, rows in by_group]
        result = p.rescale(np.concatenate(sums, axis=-1))
        return [result.reshape(count, *graph.tensor(operator.outputs[0]).shape)]


def groups(graph: Graph, operator: Operator) -> int:
    """Return into how many parts the channels fall that see nothing of each other."""
    source, weights = (graph.tensor(index) for index in operator.inputs[:2])
    return source.shape[3] // weights.shape[3]


def _call_s16(graph: Graph, operator: Operator) -> KernelCall:
    """Return the call of `safe_kernel_conv_2d_s16`."""
    p = _int16.integers(graph, operator)
    y, x = convolution_axes(graph, operator)
    batches, _, _, depth = graph.tensor(operator.inputs[0]).shape
    fields = {
        "batches": batches,
        "input_channels": depth,
        "output_channels": p.rows.shape[0],
        "y": y.params(),
        "x": x.params(),
    }
    positions = batches * y.output * x.output
    return p.call(operator, "conv_2d", fields, positions, _int16.prove(graph, operator))


def _reference_s16(graph: Graph, operator: Operator, values: Array) -> Array:
    """Compute with int64 sums over patches padded by 0; int16[N, …] in and out."""
    p = _int16.integers(graph, operator)
    y, x = convolution_axes(graph, operator)
    seen = patches(values.reshape(-1, *values.shape[2:]), y, x, 0)
    rows = seen.reshape(*seen.shape[:3], -1)
    result = p.rescale(exact_dot(rows, p.rows)).astype(np.int16)
    return result.reshape(len(values), *graph.tensor(operator.outputs[0]).shape)


OPERATOR = Conv2D()
