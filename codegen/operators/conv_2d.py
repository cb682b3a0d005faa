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
from codegen.operators import _conv_dsp, _int16, _packing, _rv32
from codegen.operators._common import (
    accumulator_bound,
    activation_name,
    bias_values,
    fold_bias,
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


@dataclass(frozen=True, eq=False)
class _Integers:
    y: Axis
    x: Axis
    weights: NDArray[np.int8]
    bias: NDArray[np.int64]
    multiplier: NDArray[np.int32]
    shift: NDArray[np.int8]
    input_zero_point: int
    output_zero_point: int
    low: int
    high: int


def _axes(graph: Graph, operator: Operator) -> tuple[Axis, Axis]:
    _, height, width, _ = graph.tensor(operator.inputs[0]).shape
    _, kernel_height, kernel_width, _ = graph.tensor(operator.inputs[1]).shape
    return window_axes(operator, (height, width), (kernel_height, kernel_width))


class Conv2D(OperatorSpec):
    """The convolution; padding is by input zero point, so it adds nothing to the sum."""

    kind = "CONV_2D"

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Read padding, strides, dilations and the fused activation."""
        if builtin_options is None:
            return {}
        return {
            "padding": padding_name(int(builtin_options.Padding())),
            "stride_h": int(builtin_options.StrideH()),
            "stride_w": int(builtin_options.StrideW()),
            "dilation_h": int(builtin_options.DilationHFactor()),
            "dilation_w": int(builtin_options.DilationWFactor()),
            "fused_activation": activation_name(builtin_options.FusedActivationFunction()),
            **_int16.bias_type(builtin_options),
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
        require_reach(graph, operator, y, x)
        require_shape(graph, operator, output, (source.shape[0], y.output, x.output, channels))
        if _int16.is_int16(graph, operator):
            _int16.check(graph, operator)
            return
        require_per_tensor(graph, operator, source)
        require_weights(graph, operator, weights, channels)
        require_per_tensor(graph, operator, output)
        bias_values(graph, operator, optional_input(graph, operator, 2), channels)
        _prove(graph, operator, _integers(graph, operator))

    def lower(self, graph: Graph, operator: Operator, choice: KernelChoice) -> KernelCall | None:
        """Return the call of `safe_kernel_conv_2d_s8`, its dsp, rv32 or int16 variant.

        The reference reads weights as in the file; the dsp kernel paired rows and the rv32 kernel
        rows side by side, where the weights prove that it is exact.
        """
        if _int16.is_int16(graph, operator):
            return _lower_s16(graph, operator)
        p = _integers(graph, operator)
        batches, _, _, depth = graph.tensor(operator.inputs[0]).shape
        channels = p.weights.shape[0]
        positions = batches * p.y.output * p.x.output
        proof = _prove(graph, operator, p)
        fallback: tuple[str, ...] = ()
        if choice.isa != "ref":
            found = _variant_call(graph, operator, p, choice)
            if isinstance(found, KernelCall):
                return found
            fallback = (f"no {choice.isa} kernel: {found}",)
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
                "y": p.y.params(),
                "x": p.x.params(),
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
                *fallback,
                proof,
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
        p = _integers(graph, operator)
        count, batches = values.shape[:2]
        images = values.reshape(count * batches, *values.shape[2:])
        seen = patches(images, p.y, p.x, p.input_zero_point)
        rows = seen.reshape(*seen.shape[:3], -1)
        flat = p.weights.reshape(p.weights.shape[0], -1)
        scaled = requantize(exact_dot(rows, flat) + p.bias, p.multiplier, p.shift)
        result = saturate(scaled + p.output_zero_point, p.low, p.high).astype(np.int8)
        return [result.reshape(count, *graph.tensor(operator.outputs[0]).shape)]


def _lower_s16(graph: Graph, operator: Operator) -> KernelCall:
    """Return the call of `safe_kernel_conv_2d_s16`."""
    p = _int16.integers(graph, operator)
    y, x = _axes(graph, operator)
    batches, _, _, depth = graph.tensor(operator.inputs[0]).shape
    fields = {
        "batches": batches,
        "input_channels": depth,
        "output_channels": p.weights.shape[0],
        "y": y.params(),
        "x": x.params(),
    }
    positions = batches * y.output * x.output
    return p.call(operator, "conv_2d", fields, positions, _int16.prove(graph, operator))


def _reference_s16(graph: Graph, operator: Operator, values: Array) -> Array:
    """Compute with int64 sums over patches padded by 0; int16[N, …] in and out."""
    p = _int16.integers(graph, operator)
    y, x = _axes(graph, operator)
    seen = patches(values.reshape(-1, *values.shape[2:]), y, x, 0)
    rows = seen.reshape(*seen.shape[:3], -1)
    result = p.rescale(exact_dot(rows, p.weights)).astype(np.int16)
    return result.reshape(len(values), *graph.tensor(operator.outputs[0]).shape)


def _variant_call(
    graph: Graph, operator: Operator, p: _Integers, choice: KernelChoice
) -> KernelCall | str:
    """Return the call of the kernel for an instruction set, or why there is none."""
    if choice.isa == "dsp":
        return _dsp_call(graph, operator, p, choice)
    batches, _, _, depth = graph.tensor(operator.inputs[0]).shape
    return _rv32_call(operator, p, (batches, depth))


def _dsp_call(
    graph: Graph, operator: Operator, p: _Integers, choice: KernelChoice
) -> KernelCall | str:
    """Return the call of a dsp kernel, or why there is none."""
    batches, _, _, depth = graph.tensor(operator.inputs[0]).shape
    rows = p.weights.reshape(p.weights.shape[0], -1)
    integers = (rows, p.bias, (p.multiplier, p.shift), p.output_zero_point)
    refusal = _conv_dsp.refusal(*integers)
    if refusal is not None:
        return refusal
    if _conv_dsp.prefers_1d(graph, operator, p.y, choice.optimize):
        constants = _packing.dense_constants(rows, p.bias, p.multiplier, p.shift)
        step = int(p.multiplier.size > 1)
        row = _packing.dense_row(rows, step, p.output_zero_point, (p.low, p.high))
        fields = {"input_zero_point": p.input_zero_point, "row": row}
        return _conv_dsp.call_1d(operator, constants, (batches, depth), p.x, fields)
    limits = {
        "input_zero_point": p.input_zero_point,
        "output_zero_point": p.output_zero_point,
        "output_min": p.low,
        "output_max": p.high,
    }
    shape = (batches, depth, len(rows))
    return _conv_dsp.call(operator, _conv_dsp.pack(*integers[:3]), shape, (p.y, p.x), limits)


def _rv32_call(operator: Operator, p: _Integers, shape: tuple[int, int]) -> KernelCall | str:
    """Return the call of the rv32 kernel, or why there is none; `shape` (batches, channels)."""
    dense = _rv32.Dense(
        p.weights.reshape(len(p.weights), -1),
        p.bias,
        (p.multiplier, p.shift),
        p.output_zero_point,
    )
    refusal = _rv32.refusal(dense, _rv32.CONV_MIN_ROWS)
    if refusal is not None:
        return refusal
    limits = {
        "input_zero_point": p.input_zero_point,
        "output_zero_point": p.output_zero_point,
        "output_min": p.low,
        "output_max": p.high,
    }
    return _rv32.conv_call(operator, dense, shape, (p.y, p.x), limits)


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
