"""DEPTHWISE_CONV_2D of int16 values with small windows, as its dsp kernel reads it."""

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.dsp.depthwise_lines import MOST, TAPS, Blocks, blocks_of, by_block
from codegen.backends.native.shared import int16, plane
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
from codegen.operators.linear.depthwise_conv_2d import int16_of
from codegen.operators.linear.int16 import Integers16
from codegen.operators.window import Axis, by_channel_in_place, convolution_axes

_BYTES = 2
"""Size of a value."""
_MIN_OUTPUTS = 8
"""Least number of outputs of a channel for which a copy of it pays."""


def pack(p: Integers16, blocks: Blocks, axes: tuple[Axis, Axis]) -> NDArray[np.uint32]:
    """Return the words of `safe_depthwise_lines_s16_channel_t`, uint32[channels, 5]."""
    channels = len(p.rows)
    words = np.zeros((channels, 2 + MOST), dtype=np.uint32)
    words[:, 0] = p.bias.astype(np.int32).view(np.uint32)
    words[:, 1] = int16.high_multiplier(p).astype(np.int32).view(np.uint32)
    found = by_block(p.rows, blocks, axes)
    words[:, 2 : 2 + found.shape[1]] = found
    return words


def call(graph: Graph, operator: Operator) -> KernelCall | str:
    """Return the call of `safe_kernel_depthwise_lines_s16_dsp`, or why there is none."""
    y, x = axes = convolution_axes(graph, operator)
    blocks = blocks_of(y, x)
    if blocks is None:
        return "a large window"
    if y.output * x.output < _MIN_OUTPUTS:
        return f"{y.output * x.output} outputs of a channel, fewer than {_MIN_OUTPUTS}"
    p, proof = int16_of(graph, operator)
    refusal = int16.refuse_narrow(p)
    if refusal is not None:
        return refusal
    copies = operator.options["channel_multiplier"]
    outputs, taps = p.rows.shape
    inputs = outputs // copies
    line, across = axes[blocks.along], axes[1 - blocks.along]
    behind = TAPS - 1 if blocks.is_line else (MOST - across.kernel) * line.seen + TAPS - 1
    size = line.seen * across.seen + behind
    batches = graph.tensor(operator.inputs[0]).shape[0]
    return KernelCall(
        kernel="safe_kernel_depthwise_lines_s16_dsp",
        header="safe/kernel/depthwise_lines_s16_dsp.h",
        source="depthwise_lines_s16_dsp",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            ConstantArg("channels"),
            ScratchArg("plane"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_depthwise_lines_s16_dsp_params_t",
        params={
            "batches": batches,
            "input_channels": inputs,
            "channel_multiplier": copies,
            "plane": plane.params(axes, blocks.along, inputs, outputs),
            "plane_size": size,
            "blocks": blocks.count,
            "is_paired": int(line.kernel < TAPS and line.stride == 1),
            "block_step": TAPS if blocks.is_line else line.seen,
            "line_step": line.stride,
            "across_step": across.stride * line.seen,
            "image_size": y.size * x.size * inputs,
            "output_min": p.low,
            "output_max": p.high,
        },
        constants=(Constant("channels", pack(p, blocks, axes), weight_bytes=outputs * (taps + 8)),),
        scratch=(Scratch("plane", _BYTES * size, alignment=_BYTES),),
        macs=batches * y.output * x.output * p.rows.size,
        notes=("dsp kernel for small windows, by channel, sums of 32 bits", proof),
        in_place=by_channel_in_place(operator, y, x) if copies == 1 else (),
    )
