"""DEPTHWISE_CONV_2D of int16 values, four channels at a time, where sums fit 32 bits."""

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.shared import int16
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
from codegen.operators.linear.int16 import Integers16, is_int16
from codegen.operators.window import convolution_axes
from codegen.options import Goal

LANES = 4
"""Number of channels in a group."""
_POINTER_BYTES = 8
"""Size of a pointer in the scratch memory: enough for every machine on which the kernel is
tested."""


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call for int16 values, or why none is exact or pays."""
    del plain, goal
    if not is_int16(graph, operator):
        return None
    copies = operator.options["channel_multiplier"]
    if copies != 1:
        return f"a channel multiplier of {copies}"
    p, proof = int16_of(graph, operator)
    channels, taps = p.rows.shape
    if channels < LANES:
        return f"{channels} channels, fewer than {LANES}"
    refusal = int16.refuse_narrow(p)
    if refusal is not None:
        return refusal
    batches = graph.tensor(operator.inputs[0]).shape[0]
    y, x = convolution_axes(graph, operator)
    return KernelCall(
        kernel="safe_kernel_depthwise_conv_2d_s16_narrow",
        header="safe/kernel/depthwise_conv_2d_s16_narrow.h",
        source="depthwise_conv_2d_s16_narrow",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            ConstantArg("weights"),
            ScratchArg("taps"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_depthwise_conv_2d_s16_narrow_params_t",
        params={
            "batches": batches,
            "channels": channels,
            "y": y.params(),
            "x": x.params(),
            "output_min": p.low,
            "output_max": p.high,
        },
        constants=(Constant("weights", pack(p), weight_bytes=p.rows.nbytes + 8 * len(p.bias)),),
        scratch=(Scratch("taps", _POINTER_BYTES * taps + 2 * channels, alignment=_POINTER_BYTES),),
        macs=batches * y.output * x.output * p.rows.size,
        notes=("shared kernel, four channels at a time, sums of 32 bits", proof),
    )


def pack(p: Integers16) -> NDArray[np.uint32]:
    """Return the groups of the kernel, uint32[groups, words]: starts, taps, multipliers.

    The last group begins four channels before the end, wherever that is.
    """
    channels = len(p.rows)
    multiplier = np.broadcast_to(int16.high_multiplier(p), channels).astype(np.int32)
    groups = []
    for start in range(0, channels, LANES):
        first = min(start, channels - LANES)
        part = slice(first, first + LANES)
        taps = np.ascontiguousarray(p.rows[part].T).view("<u4").reshape(-1)
        words = (p.bias[part].astype(np.int32).view(np.uint32), taps, multiplier[part])
        groups.append(np.concatenate([word.astype(np.uint32) for word in words]))
    return np.stack(groups)
