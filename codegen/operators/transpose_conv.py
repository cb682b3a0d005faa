"""TRANSPOSE_CONV, int8 with per-channel weights: each input spreads over an output window.

inputs: the output's shape (ignored, the output tensor has it), weights int8[O, kh, kw, C], input
int8[B, H, W, C], bias int32[O] (optional); output int8[B, OH, OW, O]. Input (y, x) adds through
tap (ty, tx) to output (y · stride + ty − pad, …); what falls outside is dropped. Source of the
arithmetic: TFLM's `reference_integer_ops::TransposeConv`, double rounding.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.fixed_point import exact_dot, requantize, saturate
from codegen.ir.graph import Array, Graph, Operator
from codegen.operators._common import (
    activation_name,
    bias_values,
    invalid,
    optional_input,
    prove_accumulator,
    require_activation,
    require_constant,
    require_counts,
    require_input,
    require_options,
    require_per_tensor,
    require_weights,
)
from codegen.operators._spatial import (
    Axis,
    axis,
    padding_name,
    require_rank_4,
    require_reach,
    require_window_options,
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

_WEIGHTS, _INPUT, _BIAS = 1, 2, 3


@dataclass(frozen=True, eq=False)
class _Integers:
    """Everything the arithmetic needs; `stride` of an axis is in output positions."""

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


class TransposeConv(OperatorSpec):
    """The transposed convolution, also called deconvolution."""

    kind = "TRANSPOSE_CONV"

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Read padding, strides and the fused activation."""
        if builtin_options is None:
            return {}
        return {
            "padding": padding_name(int(builtin_options.Padding())),
            "stride_h": int(builtin_options.StrideH()),
            "stride_w": int(builtin_options.StrideW()),
            "fused_activation": activation_name(builtin_options.FusedActivationFunction()),
        }

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check types, shapes, quantization, and that the accumulator fits."""
        require_counts(graph, operator, (3, 4))
        require_options(graph, operator)
        require_window_options(graph, operator, "stride_h", "stride_w")
        source = require_input(graph, operator, _INPUT, "input")
        weights = require_input(graph, operator, _WEIGHTS, "weights")
        output = graph.tensor(operator.outputs[0])
        require_rank_4(graph, operator, source, weights, output)
        channels = weights.shape[0]
        fits = source.shape[0] == output.shape[0] and output.shape[3] == channels
        if not fits or weights.shape[3] != source.shape[3]:
            invalid(
                graph,
                operator,
                f"input {list(source.shape)}, weights {list(weights.shape)} and output "
                f"{list(output.shape)} do not fit; export the model again",
            )
        require_reach(graph, operator, *_axes(graph, operator))
        require_per_tensor(graph, operator, source)
        require_weights(graph, operator, weights, channels)
        require_per_tensor(graph, operator, output)
        bias_values(graph, operator, optional_input(graph, operator, _BIAS), channels)
        _prove(graph, operator, _integers(graph, operator))

    def lower(self, graph: Graph, operator: Operator, choice: KernelChoice) -> KernelCall | None:
        """Return the call of `safe_kernel_transpose_conv_s8`; weights as in the file."""
        del choice  # one packing: output channel after output channel
        p = _integers(graph, operator)
        batches, height, width, depth = graph.tensor(operator.inputs[_INPUT]).shape
        return KernelCall(
            kernel="safe_kernel_transpose_conv_s8",
            header="safe/kernel/transpose_conv.h",
            source="transpose_conv",
            arguments=(
                ParamsArg(),
                TensorArg(operator.inputs[_INPUT]),
                ConstantArg("weights"),
                ConstantArg("bias"),
                ConstantArg("multiplier"),
                ConstantArg("shift"),
                ScratchArg("sums"),
                TensorArg(operator.outputs[0]),
            ),
            params_type="safe_transpose_conv_params_t",
            params={
                "batches": batches,
                "input_channels": depth,
                "output_channels": p.weights.shape[0],
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
            scratch=(Scratch("sums", 0, alignment=1),),
            macs=batches * height * width * p.weights.size,
            notes=(
                "reference kernel, gathers for each output what reaches it",
                _prove(graph, operator, p),
            ),
        )

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Spread every input over a plane of int64 sums and cut the output out of it."""
        p = _integers(graph, operator)
        values = inputs[_INPUT]
        assert values is not None
        images = values.reshape(-1, *values.shape[2:]).astype(np.int64) - p.input_zero_point
        reach_y, reach_x = (_reach(axis) for axis in (p.y, p.x))
        sums = np.zeros((len(images), reach_y, reach_x, p.weights.shape[0]), np.int64)
        for ty in range(p.y.kernel):
            rows = slice(ty, ty + (p.y.size - 1) * p.y.stride + 1, p.y.stride)
            for tx in range(p.x.kernel):
                columns = slice(tx, tx + (p.x.size - 1) * p.x.stride + 1, p.x.stride)
                sums[:, rows, columns] += exact_dot(images, p.weights[:, ty, tx])
        sums = sums[:, p.y.pad : p.y.pad + p.y.output, p.x.pad : p.x.pad + p.x.output]
        scaled = requantize(sums + p.bias, p.multiplier, p.shift)
        result = saturate(scaled + p.output_zero_point, p.low, p.high).astype(np.int8)
        return [result.reshape(-1, *graph.tensor(operator.outputs[0]).shape)]


def _reach(axis: Axis) -> int:
    """Return the extent of the plane: what the inputs reach, and what the output needs."""
    return max((axis.size - 1) * axis.stride + axis.kernel, axis.pad + axis.output)


def _axes(graph: Graph, operator: Operator) -> tuple[Axis, Axis]:
    """Return both axes.

    As in TFLM the padding is that of the convolution from output to input, whatever the input's
    size is.
    """
    source = graph.tensor(operator.inputs[_INPUT]).shape
    weights = graph.tensor(operator.inputs[_WEIGHTS]).shape
    output = graph.tensor(operator.outputs[0]).shape
    o = operator.options
    strides = (o["stride_h"], o["stride_w"])
    found = []
    for n, stride in enumerate(strides, start=1):
        back = axis(output[n], weights[n], stride, 1, o["padding"])
        found.append(Axis(source[n], weights[n], stride, 1, output[n], back.pad))
    return found[0], found[1]


def _integers(graph: Graph, operator: Operator) -> _Integers:
    source = graph.tensor(operator.inputs[_INPUT])
    weights = graph.tensor(operator.inputs[_WEIGHTS])
    output = graph.tensor(operator.outputs[0])
    assert source.quantization is not None
    assert weights.quantization is not None
    assert output.quantization is not None
    data = require_constant(graph, operator, weights)
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
        bias=bias_values(graph, operator, optional_input(graph, operator, _BIAS), data.shape[0]),
        multiplier=multiplier,
        shift=shift,
        input_zero_point=source.quantization.zero_point,
        output_zero_point=output.quantization.zero_point,
        low=low,
        high=high,
    )


def _prove(graph: Graph, operator: Operator, p: _Integers) -> str:
    weights = np.abs(p.weights.reshape(p.weights.shape[0], -1).astype(np.int64)).sum(axis=1)
    bound = np.abs(p.bias) + 255 * weights
    return prove_accumulator(graph, operator, bound, p.shift, operator.inputs[_WEIGHTS])


OPERATOR = TransposeConv()
