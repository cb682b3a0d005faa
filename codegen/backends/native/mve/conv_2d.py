"""CONV_2D for the M-profile vector extension: two channels at three positions at a time."""

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

_ROWS, _COLUMNS = 2, 3
_SUM_BYTES = 4 * 32 * _COLUMNS
"""Size of the sums of SAFE_GEMM2X3_ROWS rows."""


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
    """Return the pairs of `safe_mve_gemm2x3`: what two sums start from, then their weights."""
    tiles = packing.pack_rows(dense.rows, _ROWS)
    starts = packing.fill(dense.bias.astype(np.int32), _ROWS).view(np.int8).reshape(len(tiles), -1)
    return np.concatenate([starts, tiles.reshape(len(tiles), -1)], axis=1)


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
    multiplier, shift = (np.broadcast_to(values, channels) for values in dense.scales)
    constants = (
        Constant("weights", pack(dense), weight_bytes=channels * (taps + 4)),
        *packing.scales(multiplier, shift, channels),
    )
    scratch = _SUM_BYTES + _COLUMNS * packing.BLOCK * packing.blocks(taps)
    return KernelCall(
        kernel="safe_kernel_conv_2d_s8_mve",
        header="safe/kernel/conv_2d_mve.h",
        source="conv_2d_mve",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            *(ConstantArg(constant.suffix) for constant in constants),
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
        constants=constants,
        scratch=(Scratch("columns", scratch, alignment=4),),
        macs=batches * y.output * x.output * dense.rows.size,
        notes=(
            "mve kernel, two channels at three positions at a time",
            f"|sum| <= {dense.bound}",
        ),
    )
