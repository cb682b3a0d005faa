"""DEPTHWISE_CONV_2D, int8 with per-channel weights: each channel convolved by itself.

input int8[B, H, W, C], weights int8[1, kh, kw, C·M], bias int32[C·M], output int8[B, OH, OW, C·M];
output channel o reads input channel o // M. Source of the arithmetic: TFLM's
`reference_integer_ops::DepthwiseConvPerChannel`, double rounding.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from codegen.backends.native.dsp import depthwise_3x3 as _depthwise_3x3_dsp
from codegen.backends.native.dsp import depthwise_conv_2d as _depthwise_dsp
from codegen.backends.native.rv32 import depthwise_conv_2d as _depthwise_rv32
from codegen.backends.native.rv32 import packing as _rv32
from codegen.ir.call import KernelCall
from codegen.ir.graph import Array, Graph, Operator
from codegen.ir.rows import Known, Rule
from codegen.operators import row_rules
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import invalid, require_shape
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
from codegen.options import KernelChoice

_AT = _products.Operands(axis=3)
"""The output channels, and their scales, are the weights' last axis."""


class DepthwiseConv2D(OperatorSpec):
    """The depthwise convolution; padding is by input zero point, so it adds nothing to the sum."""

    kind = "DEPTHWISE_CONV_2D"
    clamps = True
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
        _products.check(graph, operator, _AT)

    def rows(self, graph: Graph, operator: Operator, known: Known) -> Rule | str:
        """Return the rows that a padded window over those of the input makes."""
        return row_rules.window(
            graph, operator, known, convolution_axes(graph, operator), pads=True
        )

    def lower(self, graph: Graph, operator: Operator, choice: KernelChoice) -> KernelCall | None:
        """Return the call of `safe_kernel_depthwise_conv_2d_s8` or of its dsp or rv32 variant.

        The reference reads weights as in the file; the dsp kernel words of four channels and the
        rv32 kernel channel by channel, where the weights prove that it is exact.
        """
        p = _products_of(graph, operator)
        y, x = convolution_axes(graph, operator)
        copies = operator.options["channel_multiplier"]
        batches = graph.tensor(operator.inputs[0]).shape[0]
        fallback: tuple[str, ...] = ()
        if choice.isa != "ref":
            found = _variant_call(graph, operator, p, choice)
            if isinstance(found, KernelCall):
                return found
            fallback = (f"no {choice.isa} kernel: {found}",)
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
                *fallback,
                p.prove(graph, operator),
            ),
        )

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Compute with int64 sums over patches of the input padded by its zero point."""
        p = _products_of(graph, operator)
        y, x = convolution_axes(graph, operator)
        values = inputs[0]
        assert values is not None
        images = values.reshape(-1, *values.shape[2:])
        sums = np.zeros((len(images), y.output, x.output, len(p.rows)), np.int64)
        seen = patches(images, y, x, p.input_zero_point)
        copies = operator.options["channel_multiplier"]
        for ky in range(y.kernel):
            for kx in range(x.kernel):
                tap = np.repeat(seen[:, :, :, ky, kx].astype(np.int64), copies, axis=-1)
                sums += tap * p.weights[ky, kx]
        return [p.rescale(sums).reshape(-1, *graph.tensor(operator.outputs[0]).shape)]


def _products_of(graph: Graph, operator: Operator) -> Products:
    """Return all integers; `weights` is [kh, kw, C·M]."""
    p = products(graph, operator, _AT)
    return replace(p, weights=p.weights[0])


def _variant_call(
    graph: Graph, operator: Operator, p: Products, choice: KernelChoice
) -> KernelCall | str:
    """Return the call of a kernel for an instruction set, or why none would be exact or pay."""
    copies = operator.options["channel_multiplier"]
    if copies != 1:
        return f"a channel multiplier of {copies}"
    refusal = _rv32.refusal(p.dense, 1)
    if refusal is not None:
        return refusal
    batches = graph.tensor(operator.inputs[0]).shape[0]
    axes = convolution_axes(graph, operator)
    if choice.isa == "rv32":
        return _depthwise_rv32.call(operator, p.dense, batches, axes, p.limits)
    found = _depthwise_3x3_dsp.call(operator, p.dense, batches, axes, p.limits)
    if found is not None:
        return found
    if len(p.rows) < _depthwise_dsp.LANES:
        return f"{len(p.rows)} channels, fewer than {_depthwise_dsp.LANES}"
    return _depthwise_dsp.call(
        operator,
        _depthwise_dsp.pack(p.dense),
        (batches, *p.rows.shape),
        axes,
        {"input_zero_point": p.input_zero_point, "output_min": p.low, "output_max": p.high},
    )


OPERATOR = DepthwiseConv2D()
