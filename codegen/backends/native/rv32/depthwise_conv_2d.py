"""DEPTHWISE_CONV_2D's constants as the rv32 kernel reads them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from codegen.backends.native.shared import plane, weights
from codegen.backends.native.shared.weights import WeightRows
from codegen.ir.call import (
    Constant,
    ConstantArg,
    KernelCall,
    ParamsArg,
    Scratch,
    ScratchArg,
    TensorArg,
)
from codegen.ir.graph import Graph, Operator
from codegen.operators.linear.depthwise_conv_2d import products_of
from codegen.operators.linear.int16 import is_int16
from codegen.operators.window import Axis, by_channel_in_place, convolution_axes
from codegen.options import Goal

_LINES = (5, 8)
"""Numbers of taps of one line up to which four and more are filled, as their weights stay in
registers."""


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of the kernel that goes channel by channel, or why it is not exact."""
    del plain, goal
    if is_int16(graph, operator):
        return None
    p = products_of(graph, operator)
    dense = weights.of(p)
    batches = graph.tensor(operator.inputs[0]).shape[0]
    axes = convolution_axes(graph, operator)
    return weights.refusal(dense, 1) or call(operator, dense, batches, axes, p.limits)


def call(
    operator: Operator,
    dense: WeightRows,
    batches: int,
    axes: tuple[Axis, Axis],
    limits: Mapping[str, Any],
) -> KernelCall:
    """Return the call of `safe_kernel_depthwise_conv_2d_s8_rv32`.

    `axes` y and x; `limits` the last fields of the parameters: input_zero_point,
    output_zero_point, output_min, output_max. `weights.refusal` is None.
    """
    y, x = axes
    along = _along(y, x)
    line, across = axes[along], axes[1 - along]
    copies = operator.options["channel_multiplier"]
    channels, taps = dense.rows.shape
    size = across.seen * line.seen + _behind(line, across)
    form = "_3x3" if _is_3x3(line, across) else ""
    return KernelCall(
        kernel=f"safe_kernel_depthwise_conv_2d{form}_s8_rv32",
        header=f"safe/kernel/depthwise_conv_2d{form}_rv32.h",
        source=f"depthwise_conv_2d{form}_rv32",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            ConstantArg("weights"),
            ConstantArg("channels"),
            ScratchArg("plane"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_depthwise_rv32_params_t",
        params={
            "batches": batches,
            "input_channels": channels // copies,
            "channel_multiplier": copies,
            "plane": plane.params(axes, along, channels // copies, channels),
            "plane_bytes": size,
            "lines": across.kernel,
            "taps": line.kernel,
            "next_line": across.dilation * line.seen,
            "next_tap": line.dilation,
            "line_step": line.stride,
            "across_step": across.stride * line.seen,
            "image_bytes": y.size * x.size * channels // copies,
            **limits,
        },
        constants=_constants(dense, (y.kernel, x.kernel), along),
        scratch=(Scratch("plane", size, alignment=1),),
        macs=batches * y.output * x.output * channels * taps,
        notes=(
            f"rv32 kernel, channel by channel, lines along {'yx'[along]}",
            f"|sum| <= {dense.bound}",
        ),
        in_place=by_channel_in_place(operator, y, x) if copies == 1 else (),
    )


def _constants(dense: WeightRows, kernel: tuple[int, int], along: int) -> tuple[Constant, ...]:
    """Return weights with the taps of a line side by side, and the words of each channel."""
    channels = len(dense.rows)
    rows = dense.rows.reshape(channels, *kernel)
    by_line = rows if along == 1 else rows.swapaxes(1, 2)
    return (
        Constant("weights", np.ascontiguousarray(by_line)),
        Constant("channels", weights.channel_words(dense), weight_bytes=4 * channels),
    )


def _is_3x3(line: Axis, across: Axis) -> bool:
    """Return whether the kernel that runs across the lines takes the window."""
    small = all(axis.kernel == 3 and axis.dilation == 1 for axis in (line, across))
    return small and across.stride == 1


def _behind(line: Axis, across: Axis) -> int:
    """Return how many bytes behind the plane are read: by taps of 0 that fill a short line up."""
    if across.kernel > 1 or line.dilation > 1:
        return 0
    return next((most - line.kernel for most in _LINES if 3 < line.kernel <= most), 0)


def _along(y: Axis, x: Axis) -> int:
    """Return the number of the axis along which lines of the plane lie: 0 y, 1 x.

    Taps of a line are faster than lines of taps; a stride across that is not 1 is slower.
    """
    if _is_3x3(x, y) or _is_3x3(y, x):
        return 1 if _is_3x3(x, y) else 0
    return 0 if x.kernel == 1 or x.dilation > y.dilation == 1 else 1
