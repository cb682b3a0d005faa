"""CONV_2D, int8 with per-channel weights; Conv1D is the same with height 1.

input int8[B, H, W, C], weights int8[O, kh, kw, C], bias int32[O], output int8[B, OH, OW, O].
Source of the arithmetic: TFLM's `reference_integer_ops::ConvPerChannel`, double rounding.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.fixed_point import exact_dot, requantize, saturate
from codegen.ir.graph import Array, Graph, Operator
from codegen.operators._common import (
    PADDINGS,
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
    unsupported,
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


@dataclass(frozen=True)
class _Axis:
    """One spatial axis: sizes in elements; `pad` is what lies before the first input."""

    size: int
    kernel: int
    stride: int
    dilation: int
    output: int
    pad: int


@dataclass(frozen=True, eq=False)
class _Integers:
    y: _Axis
    x: _Axis
    weights: NDArray[np.int8]
    bias: NDArray[np.int64]
    multiplier: NDArray[np.int32]
    shift: NDArray[np.int8]
    input_zero_point: int
    output_zero_point: int
    low: int
    high: int


def _axis(size: int, kernel: int, stride: int, dilation: int, padding: str) -> _Axis:
    """Compute output size and padding as TensorFlow does (SAME puts the odd pixel last)."""
    effective = (kernel - 1) * dilation + 1
    if padding == "SAME":
        output = -(-size // stride)
        pad = max(0, (output - 1) * stride + effective - size) // 2
    else:
        output = max(0, (size - effective + stride) // stride)
        pad = 0
    return _Axis(size, kernel, stride, dilation, output, pad)


def _axes(graph: Graph, operator: Operator) -> tuple[_Axis, _Axis]:
    _, height, width, _ = graph.tensor(operator.inputs[0]).shape
    _, kernel_height, kernel_width, _ = graph.tensor(operator.inputs[1]).shape
    o = operator.options
    return (
        _axis(height, kernel_height, o["stride_h"], o["dilation_h"], o["padding"]),
        _axis(width, kernel_width, o["stride_w"], o["dilation_w"], o["padding"]),
    )


class Conv2D(OperatorSpec):
    """The convolution; padding is by input zero point, so it adds nothing to the sum."""

    kind = "CONV_2D"

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Read padding, strides, dilations and the fused activation."""
        if builtin_options is None:
            return {}
        padding = int(builtin_options.Padding())
        return {
            "padding": PADDINGS[padding] if padding in (0, 1) else f"UNKNOWN_{padding}",
            "stride_h": int(builtin_options.StrideH()),
            "stride_w": int(builtin_options.StrideW()),
            "dilation_h": int(builtin_options.DilationHFactor()),
            "dilation_w": int(builtin_options.DilationWFactor()),
            "fused_activation": activation_name(builtin_options.FusedActivationFunction()),
        }

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check types, shapes, quantization, and that the accumulator fits."""
        require_counts(graph, operator, (2, 3))
        require_options(graph, operator)
        _check_options(graph, operator)
        source = require_input(graph, operator, 0, "input")
        weights = require_input(graph, operator, 1, "weights")
        output = graph.tensor(operator.outputs[0])
        for tensor in (source, weights, output):
            if len(tensor.shape) != 4 or 0 in tensor.shape:
                invalid(
                    graph,
                    operator,
                    f"has shape {list(tensor.shape)}, expected rank 4; export the model again",
                    tensor.index,
                )
        channels = weights.shape[0]
        if weights.shape[3] != source.shape[3]:
            unsupported(
                graph,
                operator,
                f"has {weights.shape[3]} input channels but the input has {source.shape[3]}: "
                "grouped convolution is not supported yet",
                weights.index,
            )
        y, x = _axes(graph, operator)
        require_shape(graph, operator, output, (source.shape[0], y.output, x.output, channels))
        require_per_tensor(graph, operator, source)
        require_weights(graph, operator, weights, channels)
        require_per_tensor(graph, operator, output)
        bias_values(graph, operator, optional_input(graph, operator, 2), channels)
        _prove(graph, operator, _integers(graph, operator))

    def lower(self, graph: Graph, operator: Operator, choice: KernelChoice) -> KernelCall | None:
        """Return the call of `safe_kernel_conv_2d_s8`; weights as in the file."""
        del choice  # one packing: output channel after output channel
        p = _integers(graph, operator)
        batches, _, _, depth = graph.tensor(operator.inputs[0]).shape
        channels = p.weights.shape[0]
        positions = batches * p.y.output * p.x.output
        return KernelCall(
            kernel="safe_kernel_conv_2d_s8",
            header="safe/kernel/conv_2d.h",
            source="conv_2d",
            arguments=(
                ParamsArg(),
                TensorArg(operator.inputs[0]),
                ConstantArg("weights"),
                ConstantArg("bias"),
                ConstantArg("multiplier"),
                ConstantArg("shift"),
                ScratchArg("columns"),
                TensorArg(operator.outputs[0]),
            ),
            params_type="safe_conv_2d_params_t",
            params={
                "batches": batches,
                "input_channels": depth,
                "output_channels": channels,
                "y": _axis_params(p.y),
                "x": _axis_params(p.x),
                "requantize_step": int(p.multiplier.size > 1),
                "input_zero_point": p.input_zero_point,
                "output_zero_point": p.output_zero_point,
                "output_min": p.low,
                "output_max": p.high,
            },
            constants=(
                Constant("weights", p.weights),
                Constant("bias", p.bias.astype(np.int32)),
                Constant("multiplier", p.multiplier, counts_as_weight=False),
                Constant("shift", p.shift, counts_as_weight=False),
            ),
            scratch=(Scratch("columns", 0, alignment=1),),
            macs=positions * p.weights.size,
            notes=(
                "reference kernel, input zero point folded into the bias",
                _prove(graph, operator, p),
            ),
        )

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Compute with int64 sums over patches of the input padded by its zero point."""
        p = _integers(graph, operator)
        values = inputs[0]
        assert values is not None
        count, batches = values.shape[:2]
        images = values.reshape(count * batches, *values.shape[2:])
        patches = _patches(images, p)
        flat = p.weights.reshape(p.weights.shape[0], -1)
        scaled = requantize(exact_dot(patches, flat) + p.bias, p.multiplier, p.shift)
        result = saturate(scaled + p.output_zero_point, p.low, p.high).astype(np.int8)
        return [result.reshape(count, *graph.tensor(operator.outputs[0]).shape)]


def _patches(images: Array, p: _Integers) -> Array:
    """Return int8[images, OH, OW, kh·kw·C]: what each output position sees."""
    count, _, _, depth = images.shape
    need_y = (p.y.output - 1) * p.y.stride + (p.y.kernel - 1) * p.y.dilation + 1
    need_x = (p.x.output - 1) * p.x.stride + (p.x.kernel - 1) * p.x.dilation + 1
    after_y = max(0, need_y - p.y.size - p.y.pad)
    after_x = max(0, need_x - p.x.size - p.x.pad)
    padded = np.pad(
        images,
        ((0, 0), (p.y.pad, after_y), (p.x.pad, after_x), (0, 0)),
        constant_values=p.input_zero_point,
    )
    shape = (count, p.y.output, p.x.output, p.y.kernel, p.x.kernel, depth)
    patches = np.empty(shape, dtype=np.int8)
    for ky in range(p.y.kernel):
        rows = slice(ky * p.y.dilation, None, p.y.stride)
        for kx in range(p.x.kernel):
            columns = slice(kx * p.x.dilation, None, p.x.stride)
            patches[:, :, :, ky, kx] = padded[:, rows, columns][:, : p.y.output, : p.x.output]
    return patches.reshape(count, p.y.output, p.x.output, -1)


def _axis_params(axis: _Axis) -> Mapping[str, int]:
    return {
        "size": axis.size,
        "kernel": axis.kernel,
        "stride": axis.stride,
        "dilation": axis.dilation,
        "output": axis.output,
        "pad": axis.pad,
    }


def _check_options(graph: Graph, operator: Operator) -> None:
    require_activation(graph, operator)
    o = operator.options
    if o["padding"] not in PADDINGS:
        invalid(graph, operator, f"has padding {o['padding']}; export the model again")
    steps = [o[name] for name in ("stride_h", "stride_w", "dilation_h", "dilation_w")]
    if min(steps) < 1:
        invalid(graph, operator, f"has strides and dilations {steps}, expected at least 1")


def _integers(graph: Graph, operator: Operator) -> _Integers:
    source = graph.tensor(operator.inputs[0])
    weights = graph.tensor(operator.inputs[1])
    output = graph.tensor(operator.outputs[0])
    assert source.quantization is not None
    assert weights.quantization is not None
    assert output.quantization is not None
    data = require_constant(graph, operator, weights)
    channels = data.shape[0]
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
    return _Integers(
        y=y,
        x=x,
        weights=data,
        bias=fold_bias(bias, data.reshape(channels, -1), source.quantization.zero_point),
        multiplier=multiplier,
        shift=shift,
        input_zero_point=source.quantization.zero_point,
        output_zero_point=output.quantization.zero_point,
        low=low,
        high=high,
    )


def _prove(graph: Graph, operator: Operator, p: _Integers) -> str:
    bound = accumulator_bound(p.bias, p.weights.reshape(p.weights.shape[0], -1))
    return prove_accumulator(graph, operator, bound, p.shift, operator.inputs[1])


OPERATOR = Conv2D()
