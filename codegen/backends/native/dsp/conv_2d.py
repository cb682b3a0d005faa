"""CONV_2D's constants as the dsp kernel reads them, and the proof that it is exact with them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.dsp import conv_1d_pairs, int16, packing
from codegen.backends.native.shared import conv_2d as flat
from codegen.backends.native.shared import int16 as shared_int16
from codegen.backends.native.shared import weights
from codegen.fixed_point import Int64
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

_ROWS = packing.GEMM4X2_ROWS


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of a kernel with paired rows, or why none is exact or pays."""
    del plain
    if is_int16(graph, operator):
        return int16.call(operator, shared_int16.of_convolution(graph, operator))
    if groups_of(graph, operator) > 1:
        return "it has groups"
    p = products(graph, operator)
    reason = refusal(p.rows, p.bias, p.scales, p.output_zero_point)
    if reason is not None:
        return reason
    axes = convolution_axes(graph, operator)
    batches, _, _, depth = graph.tensor(operator.inputs[0]).shape
    if flat.is_preferred(graph, operator, goal, may_replace=False):
        conv = flat.params((batches, depth), axes[1], p.input_zero_point)
        if not flat.is_by_rows(graph, operator):
            packed = pack(p.rows, p.bias, p.scales)
            return conv_1d_pairs.call(operator, packed, conv, len(p.rows), p.limits)
        constants = packing.dense_constants(p.rows, p.bias, *p.scales)
        row = packing.dense_row(p.rows, p.step, p.output_zero_point, (p.low, p.high))
        return call_1d(operator, constants, conv, row)
    shape = (batches, depth, len(p.rows))
    return call(operator, pack(p.rows, p.bias, p.scales), shape, axes, p.limits)


def refusal(
    rows: NDArray[np.int8],
    bias: Int64,
    scales: tuple[NDArray[np.int32], NDArray[np.int8]],
    zero_point: int,
) -> str | None:
    """Return why the dsp kernels cannot compute this convolution exactly, or None.

    `rows` int8[channels, taps], `bias` folded, `scales` multiplier and TFLite shift of one or
    every channel, `zero_point` of the output.
    """
    bound = int(weights.sum_bound(rows, bias).max())
    return packing.refuse_rows(rows, bias, min_rows=1) or weights.refuse_rescale(
        *scales, zero_point, bound
    )


def pack(
    rows: NDArray[np.int8],
    bias: Int64,
    scales: tuple[NDArray[np.int32], NDArray[np.int8]],
) -> NDArray[np.uint32]:
    """Return the groups of `safe_dsp_gemm4x2`, [groups, words]; arguments as for `refusal`.

    A group is what its sums start from, its weights block by block, and four times a multiplier
    and its right shift less 1.
    """
    groups = -(-len(rows) // _ROWS)
    blocks = packing.pack_rows(rows, _ROWS).reshape(groups, -1)
    start = packing.pack_start(bias, _ROWS).view(np.uint32)
    multiplier, shift = (values.astype(np.int64) for values in scales)
    words = np.stack([multiplier, -shift - 1], axis=1)
    scale = np.zeros((groups * _ROWS, 2), dtype=np.uint32)
    scale[: len(rows)] = words
    return np.concatenate([start, blocks, scale.reshape(groups, -1)], axis=1)


def call(
    operator: Operator,
    packed: NDArray[np.uint32],
    shape: tuple[int, int, int],
    axes: tuple[Axis, Axis],
    limits: Mapping[str, Any],
) -> KernelCall:
    """Return the call of `safe_kernel_conv_2d_s8_dsp`.

    `shape` is (batches, input channels, output channels), `axes` y and x; `limits` the last
    fields of the parameters: zero points of input and output, output_min, output_max.
    """
    batches, depth, channels = shape
    y, x = axes
    taps = y.kernel * x.kernel * depth
    columns = 16 * packing.blocks(taps)
    gathered = 4 * packing.blocks(taps) if depth % packing.BLOCK else 0
    return KernelCall(
        kernel="safe_kernel_conv_2d_s8_dsp",
        header="safe/kernel/conv_2d_dsp.h",
        source="conv_2d_dsp",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            ConstantArg("weights"),
            ScratchArg("columns"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_conv_2d_dsp_params_t",
        params={
            "batches": batches,
            "input_channels": depth,
            "output_channels": channels,
            "y": y.params(),
            "x": x.params(),
            **limits,
        },
        constants=(Constant("weights", packed, weight_bytes=channels * (taps + 4)),),
        scratch=(Scratch("columns", columns + gathered, alignment=4),),
        macs=batches * y.output * x.output * channels * taps,
        notes=("dsp kernel, rows in pairs, four channels at two positions at a time",),
    )


def call_1d(
    operator: Operator,
    constants: tuple[Constant, ...],
    conv: Mapping[str, Any],
    row: Mapping[str, int],
) -> KernelCall:
    """Return the call of `safe_kernel_conv_1d_s8_dsp`.

    `constants` and `row` from `packing`, `conv` from `flat.params`.
    """
    taps = row["depth"]
    size = 8 * packing.blocks(taps) + taps
    return KernelCall(
        kernel="safe_kernel_conv_1d_s8_dsp",
        header="safe/kernel/conv_1d_dsp.h",
        source="conv_1d_dsp",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            *(ConstantArg(constant.suffix) for constant in constants),
            ScratchArg("expanded"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_conv_1d_dsp_params_t",
        params={"conv": conv, "row": row},
        constants=constants,
        scratch=(Scratch("expanded", size, alignment=4),),
        macs=flat.macs(conv, row),
        notes=("dsp kernel for height 1, rows in pairs, eight channels at a time",),
    )
