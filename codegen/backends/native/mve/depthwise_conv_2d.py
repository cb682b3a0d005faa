"""DEPTHWISE_CONV_2D for the M-profile vector extension: sixteen channels at a time."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.mve import packing
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

LANES = 16
"""Number of channels in a group."""
ORDER = np.array([first + 4 * k for first in (0, 2, 1, 3) for k in range(4)])
"""Channels of a group in the order of starts and scales: how even and odd lanes fall apart."""
_MAX_PAIR = 255
"""Largest sum of the magnitudes of two weights: 128 times as much fits int16."""
_POINTER_BYTES = 8
"""Size of a pointer in the scratch memory: enough for every machine on which the kernel is
tested."""


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of the kernel for 16 channels at a time, or why it is not exact."""
    del plain, goal
    if is_int16(graph, operator):
        return None
    copies = operator.options["channel_multiplier"]
    if copies != 1:
        return f"a channel multiplier of {copies}"
    p = products_of(graph, operator)
    dense = weights.of(p)
    batches = graph.tensor(operator.inputs[0]).shape[0]
    axes = convolution_axes(graph, operator)
    return refusal(dense) or call(operator, dense, batches, axes, p.limits)


def refusal(dense: WeightRows) -> str | None:
    """Return why the mve kernel would not be exact or not pay, or None."""
    if len(dense.rows) < LANES:
        return f"{len(dense.rows)} channels, fewer than {LANES}"
    taps = dense.rows.shape[1]
    sizes = np.abs(dense.rows[:, : taps - taps % 2].astype(np.int64))
    pairs = sizes[:, 0::2] + sizes[:, 1::2]
    if pairs.max(initial=0) > _MAX_PAIR:
        return "two weights of -128 beside each other"
    return packing.refusal(dense)


def pack(dense: WeightRows) -> NDArray[np.int8]:
    """Return the groups of 16 channels, int8[groups, bytes].

    The last group starts 16 channels before the end, wherever that is.
    """
    channels = len(dense.rows)
    multiplier, shift = (np.broadcast_to(values, channels) for values in dense.scales)
    groups = []
    for start in range(0, channels, LANES):
        of = min(start, channels - LANES) + np.arange(LANES)
        ordered = of[ORDER]
        parts = (
            dense.bias[ordered].astype(np.int32),
            dense.rows[of].T,
            multiplier[ordered].astype(np.int32),
            shift[ordered].astype(np.int8),
        )
        groups.append(b"".join(np.ascontiguousarray(part).tobytes() for part in parts))
    return np.frombuffer(b"".join(groups), np.int8).reshape(len(groups), -1)


def call(
    operator: Operator,
    dense: WeightRows,
    batches: int,
    axes: tuple[Axis, Axis],
    limits: Mapping[str, Any],
) -> KernelCall:
    """Return the call of `safe_kernel_depthwise_conv_2d_s8_mve`; `axes` y and x."""
    y, x = axes
    channels, taps = dense.rows.shape
    return KernelCall(
        kernel="safe_kernel_depthwise_conv_2d_s8_mve",
        header="safe/kernel/depthwise_conv_2d_mve.h",
        source="depthwise_conv_2d_mve",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            ConstantArg("weights"),
            ScratchArg("taps"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_depthwise_conv_2d_mve_params_t",
        params={
            "batches": batches,
            "channels": channels,
            "y": y.params(),
            "x": x.params(),
            **limits,
        },
        constants=(Constant("weights", pack(dense), weight_bytes=channels * (taps + 4)),),
        scratch=(Scratch("taps", _POINTER_BYTES * taps + channels, alignment=_POINTER_BYTES),),
        macs=batches * y.output * x.output * channels * taps,
        notes=("mve kernel, sixteen channels at a time", f"|sum| <= {dense.bound}"),
    )
