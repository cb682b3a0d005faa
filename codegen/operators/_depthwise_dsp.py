"""DEPTHWISE_CONV_2D's constants as the dsp kernel reads them, and the proof that it is exact."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.fixed_point import Int64
from codegen.ir.graph import Operator
from codegen.operators import _packing
from codegen.operators._spatial import Axis
from codegen.operators.base import (
    Constant,
    ConstantArg,
    KernelCall,
    ParamsArg,
    Scratch,
    ScratchArg,
    TensorArg,
)

_LANES = 4
_RESCALE_WORDS = 3
_POINTER_BYTES = 8
"""Enough for any machine on which the kernel is tested."""


def refusal(
    rows: NDArray[np.int8],
    bias: Int64,
    scales: tuple[NDArray[np.int32], NDArray[np.int8]],
    zero_point: int,
    copies: int,
) -> str | None:
    """Return why the dsp kernel cannot compute this convolution exactly, or None.

    `rows` int8[channels, taps], `bias` folded, `scales` multiplier and TFLite shift of one or
    every channel, `zero_point` of the output, `copies` the channel multiplier.
    """
    if copies != 1:
        return f"a channel multiplier of {copies}"
    if len(rows) < _LANES:
        return f"{len(rows)} channels, fewer than {_LANES}"
    bound = int(_packing.sum_bound(rows, bias).max())
    if bound > _packing.MAX_SUM:
        return f"a sum can reach {bound}, beyond 2^30"
    return _packing.refuse_rescale(*scales, zero_point, bound)


def pack(
    rows: NDArray[np.int8],
    bias: Int64,
    scales: tuple[NDArray[np.int32], NDArray[np.int8]],
    zero_point: int,
) -> NDArray[np.uint32]:
    """Return the groups of four channels, uint32[groups, words]; arguments as for `refusal`.

    The last group starts four channels before the end, wherever that is.
    """
    channels = len(rows)
    words = np.broadcast_to(_packing.rescale(*scales, zero_point), (channels, _RESCALE_WORDS))
    groups = []
    for start in range(0, channels, _LANES):
        part = slice(min(start, channels - _LANES), min(start + _LANES, channels))
        weights = np.ascontiguousarray(rows[part].T).view("<u4").reshape(-1)
        groups.append(
            np.concatenate(
                [
                    bias[part].astype(np.int32).view(np.uint32),
                    weights.astype(np.uint32),
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
