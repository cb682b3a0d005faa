"""CONV_2D's constants as the dsp kernel reads them, and the proof that it is exact with them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.dsp import packing as _packing
from codegen.backends.native.shared import conv_2d as _conv_1d
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
from codegen.ir.graph import Operator
from codegen.operators.window import Axis

_ROWS = _packing.GEMM4X2_ROWS


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
    bound = int(_packing.sum_bound(rows, bias).max())
    return _packing.refuse_rows(rows, bias, min_rows=1) or _packing.refuse_rescale(
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
    weights = _packing.pack_rows(rows, _ROWS).reshape(groups, -1)
    start = _packing.pack_start(bias, _ROWS).view(np.uint32)
    multiplier, shift = (values.astype(np.int64) for values in scales)
    words = np.stack([multiplier, -shift - 1], axis=1)
    scale = np.zeros((groups * _ROWS, 2), dtype=np.uint32)
    scale[: len(rows)] = words
    return np.concatenate([start, weights, scale.reshape(groups, -1)], axis=1)


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
    columns = 16 * _packing.blocks(taps)
    gathered = 4 * _packing.blocks(taps) if depth % _packing.BLOCK else 0
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

    `constants` and `row` from `_packing`, `conv` from `_conv_1d.params`.
    """
    taps = row["depth"]
    size = 8 * _packing.blocks(taps) + taps
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
        macs=_conv_1d.macs(conv, row),
        notes=("dsp kernel for height 1, rows in pairs, eight channels at a time",),
    )
