"""int16x8 products for the DSP extension: four channels, and sums and rescaling in 32 bits."""

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.dsp.packing import ORDER
from codegen.backends.native.shared import int16
from codegen.backends.native.shared.int16 import BLOCK, MIN_ROWS, ROWS, Products16
from codegen.ir.call import Constant, ConstantArg, KernelCall, ParamsArg, ScratchArg, TensorArg
from codegen.ir.graph import Operator


def call(operator: Operator, products: Products16) -> KernelCall | str:
    """Return the call of `safe_kernel_conv_2d_s16_dsp`, or why it is not exact or does not pay."""
    p = products.p
    if len(p.rows) < MIN_ROWS:
        return f"{len(p.rows)} channels, fewer than {MIN_ROWS}"
    refusal = int16.refuse_narrow(p)
    if refusal is not None:
        return refusal
    return KernelCall(
        kernel="safe_kernel_conv_2d_s16_dsp",
        header="safe/kernel/conv_2d_s16_dsp.h",
        source="conv_2d_s16_dsp",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            ConstantArg("weights"),
            ScratchArg("column"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_conv_2d_s16_dsp_params_t",
        params={
            "batches": products.batches,
            "output_channels": len(p.rows),
            "window": products.window,
            "output_min": p.low,
            "output_max": p.high,
        },
        constants=(
            Constant("weights", pack(products), weight_bytes=p.rows.nbytes + 8 * len(p.bias)),
        ),
        scratch=(products.scratch,),
        macs=products.macs,
        notes=("dsp kernel, four channels at a time, sums of 32 bits", products.proof),
    )


def pack(products: Products16) -> NDArray[np.uint32]:
    """Return the groups of the kernel, uint32[groups, words]: starts, weights, multipliers."""
    p = products.p
    tiles = products.filled()
    groups = len(tiles)
    # [group, row, block, byte] to [group, block, row, byte]
    blocks = tiles.reshape(groups, ROWS, -1, BLOCK)[..., ORDER].swapaxes(1, 2)
    words = np.ascontiguousarray(blocks).view("<u4").reshape(groups, -1)
    multiplier = np.zeros(groups * ROWS, np.int32)
    multiplier[: len(p.rows)] = int16.high_multiplier(p)
    start = int16.start(p).astype(np.int32).view(np.uint32)
    return np.concatenate(
        [start, words.astype(np.uint32), multiplier.view(np.uint32).reshape(groups, ROWS)], axis=1
    )
