"""DEPTHWISE_CONV_2D, int8 with per-channel weights: each channel convolved by itself.

input int8[B, H, W, C], weights int8[1, kh, kw, C·M], bias int32[C·M], output int8[B, OH, OW, C·M];
output channel o reads input channel o // M. Source of the arithmetic: TFLM's
`reference_integer_ops::DepthwiseConvPerChannel`, double rounding.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.fixed_point import requantize, saturate
from codegen.ir.graph import Array, Graph, Operator
from codegen.operators import _depthwise_3x3_dsp, _depthwise_dsp, _depthwise_rv32, _rv32
from codegen.operators._common import (
    accumulator_bound,
    activation_name,
    bias_values,
    fold_bias,
    invalid,
    optional_input,
    prove_accumulator,
    require_activation,
    require_constant,
    require_counts,
    require_input,
    require_options,
    require_per_tensor,
    require_shape,
    require_weights,
)
from codegen.operators._spatial import (
    Axis,
    padding_name,
    patches,
    require_rank_4,
    require_reach,
    require_window_options,
    window_axes,
)
from codegen.operators.base import (
    Constant,
    ConstantArg,
    KernelCall,
    KernelChoice,
    OperatorSpec,
    ParamsArg,
    Scratch,
    ScratchArg,
    TensorArg,
)
from codegen.quantization import activation_range, output_multipliers

CHANNEL_AXIS = 3
"""The axis of the weights that holds the output channels, and their scales."""


@dataclass(frozen=True, eq=False)
class Integers:
    """Everything the arithmetic needs; `weights` is [kh, kw, C·M], `bias` is folded."""

    y: Axis
    x: Axis
    copies: int
    weights: NDArray[np.int8]
    bias: NDArray[np.int64]
    multiplier: NDArray[np.int32]
    shift: NDArray[np.int8]
    input_zero_point: int
    output_zero_point: int
    low: int
    high: int

    @property
    def rows(self) -> NDArray[np.int8]:
        """The weights as [C·M, taps]."""
        return self.weights.reshape(-1, self.weights.shape[-1]).T

    @property
    def dense(self) -> _rv32.Dense:
        """The rows with all that rescales their sums."""
        scales = (self.multiplier, self.shift)
        return _rv32.Dense(self.rows, self.bias, scales, self.output_zero_point)

    @property
    def limits(self) -> Mapping[str, int]:
        """The last fields of the parameters of every kernel but the dsp kernel of four channels."""
        return {
            "input_zero_point": self.input_zero_point,
            "output_zero_point": self.output_zero_point,
            "output_min": self.low,
            "output_max": self.high,
        }


class DepthwiseConv2D(OperatorSpec):
    """The depthwise convolution; padding is by input zero point, so it adds nothing to the sum."""

    kind = "DEPTHWISE_CONV_2D"

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Read padding, strides, dilations, channel multiplier and the fused activation."""
        if builtin_options is None:
            return {}
        return {
            "padding": padding_name(int(builtin_options.Padding())),
            "stride_h": int(builtin_options.StrideH()),
            "stride_w": int(builtin_options.StrideW()),
            "dilation_h": int(builtin_options.DilationHFactor()),
            "dilation_w": int(builtin_options.DilationWFactor()),
            "channel_multiplier": int(builtin_options.DepthMultiplier()),
            "fused_activation": activation_name(builtin_options.FusedActivationFunction()),
        }

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check types, shapes, quantization, and that the accumulator fits."""
        require_counts(graph, operator, (2, 3))
        require_options(graph, operator)
        require_window_options(graph, operator, "stride_h", "stride_w", "dilation_h", "dilation_w")
        source = require_input(graph, operator, 0, "input")
        weights = require_input(graph, operator, 1, "weights")
        output = graph.tensor(operator.outputs[0])
        require_rank_4(graph, operator, source, weights, output)
        channels = weights.shape[CHANNEL_AXIS]
        copies = operator.options["channel_multiplier"]
        if weights.shape[0] != 1 or channels != source.shape[3] * copies:
            invalid(
                graph,
                operator,
                f"has shape {list(weights.shape)}, expected 1 and {source.shape[3]} channels times "
                f"{copies}; export the model again",
                weights.index,
            )
        y, x = _axes(graph, operator)
        require_reach(graph, operator, y, x)
        require_shape(graph, operator, output, (source.shape[0], y.output, x.output, channels))
        require_per_tensor(graph, operator, source)
        require_weights(graph, operator, weights, channels, axis=CHANNEL_AXIS)
        require_per_tensor(graph, operator, output)
        bias_values(graph, operator, optional_input(graph, operator, 2), channels)
        prove(graph, operator, integers(graph, operator))

    def lower(self, graph: Graph, operator: Operator, choice: KernelChoice) -> KernelCall | None:
        """Return the call of `safe_kernel_depthwise_conv_2d_s8` or of its dsp or rv32 variant.

        The reference reads weights as in the file; the dsp kernel words of four channels and the
        rv32 kernel channel by channel, where the weights prove that it is exact.
        """
        p = integers(graph, operator)
        batches = graph.tensor(operator.inputs[0]).shape[0]
        fallback: tuple[str, ...] = ()
        if choice.isa == "dsp":
            found = _dsp_call(operator, p, batches)
            if isinstance(found, KernelCall):
                return found
            fallback = (f"no dsp kernel: {found}",)
        elif choice.isa == "rv32":
            found = _rv32_call(operator, p, batches)
            if isinstance(found, KernelCall):
                return found
            fallback = (f"no rv32 kernel: {found}",)
        return KernelCall(
            kernel="safe_kernel_depthwise_conv_2d_s8",
            header="safe/kernel/depthwise_conv_2d.h",
            source="depthwise_conv_2d",
            arguments=(
                ParamsArg(),
                TensorArg(operator.inputs[0]),
                ConstantArg("weights"),
                ConstantArg("bias"),
                ConstantArg("multiplier"),
                ConstantArg("shift"),
                ScratchArg("rows"),
                TensorArg(operator.outputs[0]),
            ),
            params_type="safe_depthwise_conv_2d_params_t",
            params={
                "batches": batches,
                "input_channels": p.weights.shape[-1] // p.copies,
                "channel_multiplier": p.copies,
                "y": p.y.params(),
                "x": p.x.params(),
                "requantize_step": int(p.multiplier.size > 1),
                **p.limits,
            },
            constants=(
                Constant("weights", p.weights),
                Constant("bias", p.bias.astype(np.int32)),
                Constant("multiplier", p.multiplier, counts_as_weight=False),
                Constant("shift", p.shift, counts_as_weight=False),
            ),
            scratch=(Scratch("rows", 0, alignment=1),),
            macs=batches * p.y.output * p.x.output * p.weights.size,
            notes=(
                "reference kernel, input zero point folded into the bias",
                *fallback,
                prove(graph, operator, p),
            ),
        )

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Compute with int64 sums over patches of the input padded by its zero point."""
        p = integers(graph, operator)
        values = inputs[0]
        assert values is not None
        images = values.reshape(-1, *values.shape[2:])
        sums = np.zeros((len(images), p.y.output, p.x.output, p.weights.shape[-1]), np.int64)
        seen = patches(images, p.y, p.x, p.input_zero_point)
        for ky in range(p.y.kernel):
            for kx in range(p.x.kernel):
                tap = np.repeat(seen[:, :, :, ky, kx].astype(np.int64), p.copies, axis=-1)
                sums += tap * p.weights[ky, kx]
        scaled = requantize(sums + p.bias, p.multiplier, p.shift)
        result = saturate(scaled + p.output_zero_point, p.low, p.high).astype(np.int8)
        return [result.reshape(-1, *graph.tensor(operator.outputs[0]).shape)]


def _dsp_call(operator: Operator, p: Integers, batches: int) -> KernelCall | str:
    """Return the call of a dsp kernel, or why none would be exact or pay."""
    if p.copies != 1:
        return f"a channel multiplier of {p.copies}"
    refusal = _rv32.refusal(p.dense, 1)
    if refusal is not None:
        return refusal
    found = _depthwise_3x3_dsp.call(operator, p.dense, batches, (p.y, p.x), p.limits)
    if found is not None:
        return found
    if len(p.rows) < _depthwise_dsp.LANES:
        return f"{len(p.rows)} channels, fewer than {_depthwise_dsp.LANES}"
    return _depthwise_dsp.call(
        operator,
        _depthwise_dsp.pack(p.dense),
        (batches, *p.rows.shape),
        (p.y, p.x),
        {"input_zero_point": p.input_zero_point, "output_min": p.low, "output_max": p.high},
    )


def _rv32_call(operator: Operator, p: Integers, batches: int) -> KernelCall | str:
    """Return the call of the rv32 kernel, or why it would not be exact."""
    if p.copies != 1:
        return f"a channel multiplier of {p.copies}"
    refusal = _rv32.refusal(p.dense, 1)
    return refusal or _depthwise_rv32.call(operator, p.dense, batches, (p.y, p.x), p.limits)


def _axes(graph: Graph, operator: Operator) -> tuple[Axis, Axis]:
    _, height, width, _ = graph.tensor(operator.inputs[0]).shape
    _, kernel_height, kernel_width, _ = graph.tensor(operator.inputs[1]).shape
    return window_axes(operator, (height, width), (kernel_height, kernel_width))


def integers(graph: Graph, operator: Operator) -> Integers:
    """Compute all integers; types and shapes must have passed `check`."""
    source = graph.tensor(operator.inputs[0])
    weights = graph.tensor(operator.inputs[1])
    output = graph.tensor(operator.outputs[0])
    assert source.quantization is not None
    assert weights.quantization is not None
    assert output.quantization is not None
    data = require_constant(graph, operator, weights)[0]
    channels = data.shape[-1]
    bias = bias_values(graph, operator, optional_input(graph, operator, 2), channels)
    multiplier, shift = output_multipliers(
        source.quantization.scale, weights.quantization.scales, output.quantization.scale
    )
    low, high = activation_range(
        require_activation(graph, operator),
        output.quantization.scale,
        output.quantization.zero_point,
    )
    y, x = _axes(graph, operator)
    return Integers(
        y=y,
        x=x,
        copies=operator.options["channel_multiplier"],
        weights=data,
        bias=fold_bias(bias, data.reshape(-1, channels).T, source.quantization.zero_point),
        multiplier=multiplier,
        shift=shift,
        input_zero_point=source.quantization.zero_point,
        output_zero_point=output.quantization.zero_point,
        low=low,
        high=high,
    )


def prove(graph: Graph, operator: Operator, p: Integers) -> str:
    """Check that no sum leaves int32 and return the line for the manifest."""
    bound = accumulator_bound(p.bias, p.rows)
    return prove_accumulator(graph, operator, bound, p.shift, operator.inputs[1])


OPERATOR = DepthwiseConv2D()
