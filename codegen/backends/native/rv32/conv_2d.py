"""CONV_2D for RV32: four channels at four positions, or height 1 as rows of a matrix product."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.rv32 import packing
from codegen.backends.native.shared import conv_2d as flat
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
from codegen.operators.linear.conv_2d import groups
from codegen.operators.linear.int16 import is_int16
from codegen.operators.linear.products import products
from codegen.operators.window import Axis, convolution_axes
from codegen.options import Goal


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of a kernel with rows side by side, or why none is exact or pays."""
    del plain
    if is_int16(graph, operator):
        return None
    if groups(graph, operator) > 1:
        return "it has groups"
    p = products(graph, operator)
    dense = weights.of(p)
    axes = convolution_axes(graph, operator)
    batches, _, _, depth = graph.tensor(operator.inputs[0]).shape
    if flat.is_preferred(graph, operator, goal, may_replace=True):
        conv = flat.params((batches, depth), axes[1], p.input_zero_point)
        refusal = weights.refusal(dense, packing.DOT8_MIN_ROWS)
        return refusal or conv_1d_call(operator, dense, conv, (p.low, p.high))
    refusal = weights.refusal(dense, packing.CONV_MIN_ROWS)
    return refusal or conv_call(operator, dense, (batches, depth), axes, p.limits)


def _groups(dense: WeightRows) -> NDArray[np.int32]:
    """Return the words of `safe_conv_rv32_group_t`, int32[groups, 9]."""
    start = packing.pack_start(dense.bias, packing.CONV_ROWS)
    count = len(dense.rows)
    multiplier = np.zeros(start.size, dtype=np.int32)
    shift = np.ones(start.size, dtype=np.int8)  # any: nothing is written of what fills the last
    multiplier[:count], shift[:count] = dense.scales[0], -dense.scales[1]
    words = multiplier.reshape(start.shape), shift.view("<i4").reshape(-1, 1)
    return np.concatenate([start, *words], axis=1).astype(np.int32)


def conv_1d_call(
    operator: Operator, dense: WeightRows, conv: Mapping[str, Any], limits: tuple[int, int]
) -> KernelCall:
    """Return the call of `safe_kernel_conv_1d_s8_rv32`.

    `conv` from `flat.params`; `limits` of the output.
    """
    constants = packing.dense_constants(dense)
    row = packing.dense_row(dense, limits)
    return KernelCall(
        kernel="safe_kernel_conv_1d_s8_rv32",
        header="safe/kernel/conv_1d_rv32.h",
        source="conv_1d_rv32",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            *(ConstantArg(constant.suffix) for constant in constants),
            ScratchArg("taps"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_conv_1d_rv32_params_t",
        params={"conv": conv, "row": row},
        constants=constants,
        scratch=(Scratch("taps", dense.rows.shape[1], alignment=1),),
        macs=flat.macs(conv, row),
        notes=(
            "rv32 kernel for height 1, eight channels at a time",
            *packing.proof(dense),
        ),
    )


def conv_call(
    operator: Operator,
    dense: WeightRows,
    shape: tuple[int, int],
    axes: tuple[Axis, Axis],
    limits: Mapping[str, Any],
) -> KernelCall:
    """Return the call of `safe_kernel_conv_2d_s8_rv32`.

    `shape` is (batches, input channels), `axes` y and x; `limits` the last fields of the
    parameters: input_zero_point, output_zero_point, output_min, output_max.
    """
    batches, depth = shape
    y, x = axes
    channels, taps = dense.rows.shape
    return KernelCall(
        kernel="safe_kernel_conv_2d_s8_rv32",
        header="safe/kernel/conv_2d_rv32.h",
        source="conv_2d_rv32",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            ConstantArg("weights"),
            ConstantArg("groups"),
            ScratchArg("patch"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_conv_2d_rv32_params_t",
        params={
            "batches": batches,
            "input_channels": depth,
            "output_channels": channels,
            "y": y.params(),
            "x": x.params(),
            **limits,
        },
        constants=(
            Constant(
                "weights",
                packing.pack_rows(dense.rows, packing.CONV_ROWS),
                weight_bytes=dense.rows.nbytes,
            ),
            Constant("groups", _groups(dense), weight_bytes=4 * channels),
        ),
        scratch=(Scratch("patch", packing.CONV_ROWS * taps, alignment=1),),
        macs=batches * y.output * x.output * channels * taps,
        notes=(
            "rv32 kernel, four channels at four positions at a time",
            f"|sum| <= {dense.bound}",
        ),
    )
