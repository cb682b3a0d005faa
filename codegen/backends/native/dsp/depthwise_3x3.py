"""DEPTHWISE_CONV_2D of 3 x 3 as its dsp kernel reads it: the plane, the line, the constants."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.shared import plane
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
from codegen.ir.graph import Operator
from codegen.operators.window import Axis, by_channel_in_place

_KERNEL = 3
_PAIR = 2
"""Number of neighbouring outputs on a line that the kernel computes together."""
_FIRST = ((0, 0), (1, 0), (0, 2), (1, 2))
_SECOND = ((2, 0), (0, 1), (2, 2), (1, 1))
_THIRD = (2, 1)
"""Positions [across, along the line] of the nine weights, in the order in which the words of
`safe_depthwise_3x3_channel_t` hold them."""


def line_axis(y: Axis, x: Axis) -> int | None:
    """Return 0 where lines of the plane lie along y, 1 where along x, None where nothing pays.

    Two outputs beside each other share what they load, which takes a stride of 1; of an odd number
    the last is computed with the one before it again, so that the longer axis wastes less.
    """
    if any(axis.kernel != _KERNEL or axis.dilation != 1 for axis in (y, x)):
        return None
    fit = [axis.stride == 1 and axis.output >= _PAIR for axis in (y, x)]
    waste = [axis.output % _PAIR / axis.output for axis in (y, x)]
    if not any(fit):
        return None
    return min((k for k in (0, 1) if fit[k]), key=lambda k: (waste[k], -(y, x)[k].output))


def pack(dense: WeightRows, along: int) -> NDArray[np.uint32]:
    """Return the words of `safe_depthwise_3x3_channel_t`, uint32[channels, 5]."""
    channels = len(dense.rows)
    weights = dense.rows.reshape(channels, _KERNEL, _KERNEL)
    if along == 0:
        weights = weights.swapaxes(1, 2)
    words = np.zeros((channels, 5), dtype=np.uint32)
    words[:, 0] = (2 * dense.bias & 0xFFFFFFFF).astype(np.uint32)
    words[:, 1] = dense.scales[0].astype(np.uint32)
    for word, order in ((2, _FIRST), (3, _SECOND)):
        four = np.stack([weights[:, line, tap] for line, tap in order], axis=1)
        words[:, word] = np.ascontiguousarray(four).view("<u4")[:, 0]
    last = weights[:, _THIRD[0], _THIRD[1]].astype(np.uint8).astype(np.uint32)
    words[:, 4] = last | (-dense.scales[1].astype(np.int32)).astype(np.uint32) << 8
    return words


def call(
    operator: Operator,
    dense: WeightRows,
    batches: int,
    axes: tuple[Axis, Axis],
    limits: Mapping[str, Any],
) -> KernelCall | None:
    """Return the call of `safe_kernel_depthwise_conv_2d_3x3_s8_dsp`, or None for another shape.

    `axes` y and x; `limits` the last fields of the parameters: input_zero_point,
    output_zero_point, output_min, output_max. The bounds of the rescaling are proved.
    """
    y, x = axes
    along = line_axis(y, x)
    if along is None:
        return None
    channels, taps = dense.rows.shape
    line, across = axes[along], axes[1 - along]
    return KernelCall(
        kernel="safe_kernel_depthwise_conv_2d_3x3_s8_dsp",
        header="safe/kernel/depthwise_conv_2d_3x3_dsp.h",
        source="depthwise_conv_2d_3x3_dsp",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            ConstantArg("channels"),
            ScratchArg("plane"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_depthwise_3x3_dsp_params_t",
        params={
            "batches": batches,
            "channels": channels,
            "plane": plane.params(axes, along, channels, channels),
            "lines": across.seen,
            "line_stride": across.stride,
            "image_bytes": y.size * x.size * channels,
            **limits,
        },
        constants=(Constant("channels", pack(dense, along), weight_bytes=channels * (taps + 4)),),
        scratch=(Scratch("plane", line.seen * across.seen, alignment=1),),
        macs=batches * y.output * x.output * channels * taps,
        notes=(
            f"dsp kernel 3 x 3, channel by channel, lines along {'yx'[along]}",
            f"|sum| <= {dense.bound}",
        ),
        in_place=by_channel_in_place(operator, y, x),
    )
