"""CONV_2D for the M-profile vector extension: four channels at three positions at a time."""

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
from codegen.operators.linear.conv_2d import groups as groups_of
from codegen.operators.linear.int16 import is_int16
from codegen.operators.linear.products import products
from codegen.operators.window import Axis, convolution_axes
from codegen.options import Goal

_COLUMNS = 3
"""Number of positions in a tile."""


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of the kernel for three positions at a time, or why it is not exact."""
    del plain, goal
    if is_int16(graph, operator):
        return None
    if groups_of(graph, operator) > 1:
        return "it has groups"
    p = products(graph, operator)
    dense = weights.of(p)
    batches, _, _, depth = graph.tensor(operator.inputs[0]).shape
    return packing.refusal(dense) or call(
        operator, dense, (batches, depth), convolution_axes(graph, operator), p.limits
    )


def pack(dense: WeightRows) -> NDArray[np.int8]:
    """Return the groups of `safe_mve_gemm4x3`, int8[groups, bytes].

    Of rows 0 and 2, then of 1 and 3: what two sums start from, and their weights; then four
    multipliers and four shifts.
    """
    count = len(dense.rows)
    groups = -(-count // packing.LANES)
    order = np.arange(groups * packing.LANES).reshape(-1, 2, 2).swapaxes(1, 2).reshape(-1)
    tiles = packing.pack_rows(packing.fill(dense.rows)[order], 2).reshape(2 * groups, -1)
    starts = _bytes(packing.start(dense.bias)[order], 2 * groups)
    pairs = np.concatenate([starts, tiles], axis=1).reshape(groups, -1)
    multiplier, shift = (np.broadcast_to(values, count) for values in dense.scales)
    scales = packing.scales(multiplier, shift, count)
    return np.concatenate([pairs, *(_bytes(c.data, groups) for c in scales)], axis=1)


def _bytes(values: NDArray[Any], rows: int) -> NDArray[np.int8]:
    return np.ascontiguousarray(values).view(np.int8).reshape(rows, -1)


def call(
    operator: Operator,
    dense: WeightRows,
    shape: tuple[int, int],
    axes: tuple[Axis, Axis],
    limits: Mapping[str, Any],
) -> KernelCall:
    """Return the call of `safe_kernel_conv_2d_s8_mve`.

    `shape` is (batches, input channels), `axes` y and x; `limits` the last fields of the
    parameters: zero points of input and output, output_min, output_max.
    """
    batches, depth = shape
    y, x = axes
    channels, taps = dense.rows.shape
    scratch = _COLUMNS * packing.BLOCK * packing.blocks(taps)
    return KernelCall(
        kernel="safe_kernel_conv_2d_s8_mve",
        header="safe/kernel/conv_2d_mve.h",
        source="conv_2d_mve",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            ConstantArg("weights"),
            ScratchArg("columns"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_conv_2d_mve_params_t",
        params={
            "batches": batches,
            "input_channels": depth,
            "output_channels": channels,
            "y": y.params(),
            "x": x.params(),
            **limits,
        },
        constants=(Constant("weights", pack(dense), weight_bytes=channels * (taps + 4)),),
        scratch=(Scratch("columns", scratch, alignment=4),),
        macs=batches * y.output * x.output * dense.rows.size,
        notes=(
            "mve kernel, four channels at three positions at a time",
            f"|sum| <= {dense.bound}",
        ),
    )
