"""DEPTHWISE_CONV_2D's constants as the dsp kernel of any size of window reads them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.dsp import depthwise_3x3, depthwise_lines, depthwise_lines_s16
from codegen.backends.native.shared import weights
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
from codegen.operators.window import Axis, convolution_axes
from codegen.options import Goal

LANES = 4
"""Number of channels in a group."""
_RESCALE_WORDS = 3
_POINTER_BYTES = 8
"""Size of a pointer in the scratch memory: enough for every machine on which the kernel is
tested."""


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of a kernel for small or for any windows, or why none is exact or pays."""
    del plain
    if is_int16(graph, operator):
        # The kernel in portable C is half as large.
        return None if goal == "size" else depthwise_lines_s16.call(graph, operator)
    copies = operator.options["channel_multiplier"]
    p = products_of(graph, operator)
    dense = weights.of(p)
    refusal = weights.refusal(dense, 1)
    if refusal is not None:
        return refusal
    batches = graph.tensor(operator.inputs[0]).shape[0]
    axes = convolution_axes(graph, operator)
    small = None
    if copies == 1:
        small = depthwise_3x3.call(operator, dense, batches, axes, p.limits)
    small = small or depthwise_lines.call(operator, dense, (batches, copies), axes, p.limits)
    if small is not None:
        return small
    if copies != 1:
        return f"a channel multiplier of {copies} with a large window"
    if len(p.rows) < LANES:
        return f"{len(p.rows)} channels, fewer than {LANES}"
    limits = {"input_zero_point": p.input_zero_point, "output_min": p.low, "output_max": p.high}
    return call(operator, pack(dense), (batches, *p.rows.shape), axes, limits)


def pack(dense: WeightRows) -> NDArray[np.uint32]:
    """Return the groups of four channels, uint32[groups, words]; bounds of the rescaling proved.

    The last group starts four channels before the end, wherever that is.
    """
    rows, bias = dense.rows, dense.bias
    channels = len(rows)
    words = np.broadcast_to(
        weights.rescale(*dense.scales, dense.zero_point), (channels, _RESCALE_WORDS)
    )
    groups = []
    for start in range(0, channels, LANES):
        part = slice(min(start, channels - LANES), min(start + LANES, channels))
        taps = np.ascontiguousarray(rows[part].T).view("<u4").reshape(-1)
        groups.append(
            np.concatenate(
                [
                    bias[part].astype(np.int32).view(np.uint32),
                    taps.astype(np.uint32),
                    np.ascontiguousarray(words[part]).view(np.uint32).reshape(-1),
                ]
            )
        )
    return np.stack(groups)


def call(
    operator: Operator,
    packed: NDArray[np.uint32],
    shape: tuple[int, int, int],
    axes: tuple[Axis, Axis],
    limits: Mapping[str, Any],
) -> KernelCall:
    """Return the call of `safe_kernel_depthwise_conv_2d_s8_dsp`.

    `shape` is (batches, channels, taps), `axes` y and x; `limits` the last fields of the
    parameters: input_zero_point, output_min, output_max.
    """
    batches, channels, taps = shape
    y, x = axes
    return KernelCall(
        kernel="safe_kernel_depthwise_conv_2d_s8_dsp",
        header="safe/kernel/depthwise_conv_2d_dsp.h",
        source="depthwise_conv_2d_dsp",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            ConstantArg("weights"),
            ScratchArg("taps"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_depthwise_conv_2d_dsp_params_t",
        params={
            "batches": batches,
            "channels": channels,
            "y": y.params(),
            "x": x.params(),
            **limits,
        },
        constants=(Constant("weights", packed, weight_bytes=channels * (taps + 4)),),
        scratch=(Scratch("taps", _POINTER_BYTES * taps + channels, alignment=_POINTER_BYTES),),
        macs=batches * y.output * x.output * channels * taps,
        notes=("dsp kernel, four channels at a time",),
    )
