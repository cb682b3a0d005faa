"""CONV_2D for Armv6-M: one channel at four positions, or height 1 as rows of a matrix product.

Two products of one channel at two positions share a multiplication.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.shared import conv_2d as flat
from codegen.backends.native.shared import weights
from codegen.backends.native.shared.weights import WeightRows
from codegen.backends.native.v6m import packing
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
from codegen.operators.linear.conv_2d import groups
from codegen.operators.linear.int16 import is_int16
from codegen.operators.linear.products import products
from codegen.operators.window import Axis, convolution_axes
from codegen.options import Goal

MAX_CHUNK_SUM = 255
"""Largest sum of the magnitudes of a chunk's weights: 128 times it fits int16."""
MOST, STEP, END = 16, 7, 125
"""SAFE_ROW4_V6M_MOST, _STEP and _END of `safe/kernel/row4_v6m.h`."""
_MIN_ROWS = 2
"""Least number of channels for which it pays to gather what the positions see."""


def chunks(row: NDArray[np.int8]) -> list[NDArray[np.int8]]:
    """Return a row cut into chunks, each as long as the bound lets it be."""
    magnitudes = np.abs(row.astype(np.int64))
    cuts: list[int] = []
    start, total = 0, 0
    for k, magnitude in enumerate(magnitudes.tolist()):
        if k > start and (total + magnitude > MAX_CHUNK_SUM or k - start == MOST):
            cuts.append(k)
            start, total = k, 0
        total += magnitude
    return np.split(row, cuts)


def stream(row: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return a row as `safe_v6m_row4` reads it."""
    parts = [np.append(np.int8(STEP * (MOST - chunk.size)), chunk) for chunk in chunks(row)]
    return np.concatenate([*parts, np.array([END])]).astype(np.int8)


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of the kernel for four positions, or why it is not exact or does not pay."""
    del plain
    if is_int16(graph, operator):
        return None
    if groups(graph, operator) > 1:
        return "it has groups"
    p = products(graph, operator)
    dense = weights.of(p)
    axes = convolution_axes(graph, operator)
    batches, _, _, depth = graph.tensor(operator.inputs[0]).shape
    # For several positions, too, it is the faster one here.
    wanted: Goal = "balanced" if goal == "speed" else goal
    if flat.is_preferred(graph, operator, wanted, may_replace=True):
        conv = flat.params((batches, depth), axes[1], p.input_zero_point)
        refusal = packing.refusal(dense)
        return refusal or conv_1d_call(operator, dense, conv, (p.low, p.high))
    refusal = weights.refusal(dense, _MIN_ROWS)
    return refusal or conv_call(operator, dense, (batches, depth), axes, p.limits)


def conv_1d_call(
    operator: Operator, dense: WeightRows, conv: Mapping[str, Any], limits: tuple[int, int]
) -> KernelCall:
    """Return the call of `safe_kernel_conv_1d_s8_v6m`.

    `conv` from `flat.params`; `limits` of the output. `packing.refusal` is None.
    """
    constants = packing.dense_constants(dense)
    row = packing.dense_row(dense, limits)
    return KernelCall(
        kernel="safe_kernel_conv_1d_s8_v6m",
        header="safe/kernel/conv_1d_v6m.h",
        source="conv_1d_v6m",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            *(ConstantArg(constant.suffix) for constant in constants),
            ScratchArg("values"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_conv_1d_v6m_params_t",
        params={"conv": conv, "row": row},
        constants=constants,
        scratch=(
            Scratch("values", packing.dense_vectors(dense).bytes + row["depth"], alignment=4),
        ),
        macs=flat.macs(conv, row),
        notes=("v6m kernel for height 1, eight channels at a time", *packing.proof(dense)),
    )


def conv_call(
    operator: Operator,
    dense: WeightRows,
    shape: tuple[int, int],
    axes: tuple[Axis, Axis],
    limits: Mapping[str, Any],
) -> KernelCall:
    """Return the call of `safe_kernel_conv_2d_s8_v6m`.

    `shape` is (batches, input channels), `axes` y and x; `limits` the last fields of the
    parameters: input_zero_point, output_zero_point, output_min, output_max.
    """
    batches, depth = shape
    y, x = axes
    channels, taps = dense.rows.shape
    packed = np.concatenate([stream(row) for row in dense.rows])
    return KernelCall(
        kernel="safe_kernel_conv_2d_s8_v6m",
        header="safe/kernel/conv_2d_v6m.h",
        source="conv_2d_v6m",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            ConstantArg("weights"),
            ConstantArg("channels"),
            ScratchArg("columns"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_conv_2d_v6m_params_t",
        params={
            "batches": batches,
            "input_channels": depth,
            "output_channels": channels,
            "y": y.params(),
            "x": x.params(),
            **limits,
        },
        constants=(
            Constant("weights", packed, weight_bytes=dense.rows.nbytes),
            Constant("channels", weights.channel_words(dense), weight_bytes=4 * channels),
        ),
        scratch=(Scratch("columns", 8 * taps, alignment=4),),
        macs=batches * y.output * x.output * channels * taps,
        notes=(
            "v6m kernel, one channel at four positions at a time",
            f"|sum| <= {dense.bound}",
            f"chunks of weights with a sum up to {MAX_CHUNK_SUM}",
        ),
    )
