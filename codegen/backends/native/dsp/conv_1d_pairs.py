"""CONV_2D of height 1 by two positions at a time, as its dsp kernel reads it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.dsp import packing
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

_SCRATCH_BYTES = 24
"""Size of a block of both columns: 16 bytes expanded, and 8 for what is copied."""


def call(
    operator: Operator,
    packed: NDArray[np.uint32],
    conv: Mapping[str, Any],
    channels: int,
    limits: Mapping[str, Any],
) -> KernelCall:
    """Return the call of `safe_kernel_conv_1d_pairs_s8_dsp`.

    `packed` as of `conv_2d.pack`, `conv` from `flat.params`; `limits` the last fields of the
    parameters, of which that of the input's zero point is in `conv` already.
    """
    taps = conv["x"]["kernel"] * conv["input_channels"]
    size = _SCRATCH_BYTES * packing.blocks(taps)
    own = {name: value for name, value in limits.items() if name != "input_zero_point"}
    return KernelCall(
        kernel="safe_kernel_conv_1d_pairs_s8_dsp",
        header="safe/kernel/conv_1d_pairs_dsp.h",
        source="conv_1d_pairs_dsp",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            ConstantArg("weights"),
            ScratchArg("columns"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_conv_1d_pairs_dsp_params_t",
        params={"conv": conv, "output_channels": channels, **own},
        constants=(Constant("weights", packed, weight_bytes=channels * (taps + 4)),),
        scratch=(Scratch("columns", size, alignment=4),),
        macs=conv["batches"] * conv["x"]["output"] * channels * taps,
        notes=("dsp kernel for height 1, rows in pairs, four channels at two positions at a time",),
    )
