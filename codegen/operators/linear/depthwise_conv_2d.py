"""DEPTHWISE_CONV_2D, int8 or int16 with int8 weights: each channel convolved by itself.

input int8[B, H, W, C], weights int8[1, kh, kw, C·M], bias int32[C·M], output int8[B, OH, OW, C·M];
output channel o reads input channel o // M. Source of the arithmetic: TFLM's
`reference_integer_ops::DepthwiseConvPerChannel`, double rounding.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from codegen.ir.call import KernelCall
from codegen.ir.graph import Array, DType, Graph, Operator
from codegen.ir.rows import Known, RowRule
from codegen.operators import row_rules
from codegen.operators.base import Operands, OperatorSpec
from codegen.operators.checks import invalid, require_shape
from codegen.operators.linear import int16 as _int16
from codegen.operators.linear import products as _products
from codegen.operators.linear.products import Products, products
from codegen.operators.window import (
    DILATED,
    convolution_axes,
    patches,
    require_reach,
    require_window,
    window_options,
)

_AT = Operands(axis=3, by_channel=True)
"""Place of the operands: the output channels, and their scales, are the weights' last axis."""


class DepthwiseConv2D(OperatorSpec):
    """The depthwise convolution; padding is by input zero point, so it adds nothing to the sum."""

    kind = "DEPTHWISE_CONV_2D"
    operands = _AT
    clamps = True
    dtypes = (DType.INT8, DType.INT16)
    takes_padding = True

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Read padding, strides, dilations, channel multiplier and the fused activation."""
        more = {"channel_multiplier": "DepthMultiplier"}
        return window_options(builtin_options, more, dilated=True)

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check types, shapes, quantization, and that the accumulator fits."""
        roles = {"input": 0, "weights": 1}
        source, weights, output = require_window(graph, operator, (2, 3), DILATED, roles)
        channels = weights.shape[_AT.axis]
        copies = operator.options["channel_multiplier"]
        if weights.shape[0] != 1 or channels != source.shape[3] * copies:
            invalid(
                graph,
                operator,
                f"has shape {list(weights.shape)}, expected 1 and {source.shape[3]} channels times "
                f"{copies}; export the model again",
                weights.index,
            )
        y, x = convolution_axes(graph, operator)
        require_reach(graph, operator, y, x)
        require_shape(graph, operator, output, (source.shape[0], y.output, x.output, channels))
        if _int16.is_int16(graph, operator):
            _int16.check(graph, operator, _AT, only_wide=True)
        else:
            _products.check(graph, operator, _AT)

    def rows(self, graph: Graph, operator: Operator, known: Known) -> RowRule | str:
        """Return the rows that a padded window over those of the input makes."""
        return row_rules.window(
            graph, operator, known, convolution_axes(graph, operator), pads=True
        )

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call of the kernel for the values' type; weights as in the file."""
        if _int16.is_int16(graph, operator):
            return _call_s16(graph, operator)
        p = products_of(graph, operator)
        y, x = convolution_axes(graph, operator)
        copies = operator.options["channel_multiplier"]
        batches = graph.tensor(operator.inputs[0]).shape[0]
        fields = {
            "batches": batches,
            "input_channels": len(p.rows) // copies,
            "channel_multiplier": copies,
            "y": y.params(),
            "x": x.params(),
            "requantize_step": p.step,
            **p.limits,
        }
        return _products.reference_call(
            operator,
            p,
            "rows",
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
        y, x = convolution_axes(graph, operator)
        values = inputs[0]
        assert values is not None
        images = values.reshape(-1, *values.shape[2:])
        shape = graph.tensor(operator.outputs[0]).shape
        copies = operator.options["channel_multiplier"]
        if _int16.is_int16(graph, operator):
            wide = _int16.integers(graph, operator, _AT)
            sums = _sums(patches(images, y, x, 0), wide.weights[0], copies)
            return [wide.rescale(sums).astype(np.int16).reshape(-1, *shape)]
        p = products_of(graph, operator)
        sums = _sums(patches(images, y, x, p.input_zero_point), p.weights, copies)
        return [p.rescale(sums).reshape(-1, *shape)]


def _sums(seen: Array, weights: Array, copies: int) -> Array:
    """Return int64 sums [images, OH, OW, C·M] of patches [images, OH, OW, kh, kw, C]."""
    height, width, channels = weights.shape
    sums = np.zeros((*seen.shape[:3], channels), np.int64)
    for ky in range(height):
        for kx in range(width):
            tap = np.repeat(seen[:, :, :, ky, kx].astype(np.int64), copies, axis=-1)
            sums += tap * weights[ky, kx]
    return sums


def _call_s16(graph: Graph, operator: Operator) -> KernelCall:
    p, note = int16_of(graph, operator)
    y, x = convolution_axes(graph, operator)
    copies = operator.options["channel_multiplier"]
    batches = graph.tensor(operator.inputs[0]).shape[0]
    fields = {
        "batches": batches,
        "input_channels": len(p.rows) // copies,
        "channel_multiplier": copies,
        "y": y.params(),
        "x": x.params(),
    }
    positions = batches * y.output * x.output
    return p.call(operator, "depthwise_conv_2d", fields, positions, note, at=_AT)


def int16_of(graph: Graph, operator: Operator) -> tuple[_int16.Integers16, str]:
    """Return the integers of int16 values, and the line of their proof for the manifest."""
    return _int16.integers(graph, operator, _AT), _int16.prove(graph, operator, _AT)


def products_of(graph: Graph, operator: Operator) -> Products:
    """Return all integers; `weights` is [kh, kw, C·M]."""
    p = products(graph, operator, _AT)
    return replace(p, weights=p.weights[0])


OPERATOR = DepthwiseConv2D()
