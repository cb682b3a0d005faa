"""What the packed forms of CONV_STREAM share: tiles of eight channels, and scratch for a tile."""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from codegen.ir.call import Constant, ConstantArg, KernelCall, Scratch, ScratchArg
from codegen.ir.graph import Array
from codegen.operators.linear.conv_stream import Taps

TILE_ROWS = 8
"""Number of channels in a tile: their products with one tap are computed together."""


def product_bytes(p: Taps) -> int:
    """Return the bytes of the products of a sample, whole tiles of each tap."""
    return 4 * p.count * TILE_ROWS * -(-len(p.weights) // TILE_ROWS)


def constants(
    p: Taps, weights: Array, start: NDArray[np.int32], rescale: NDArray[np.int32]
) -> tuple[Constant, ...]:
    """Return the arrays of a packed kernel, in the order of its arguments."""
    return (
        Constant("weights", weights, weight_bytes=p.weights.nbytes),
        Constant("start", start, weight_bytes=4 * len(p.weights)),
        Constant("rescale", rescale, counts_as_weight=False),
    )


def packed(
    plain: KernelCall, folder: str, packed_constants: tuple[Constant, ...], work_bytes: int
) -> KernelCall:
    """Return the call of the kernel in `folder`: other constants, and scratch `work`."""
    state, heads, *counter = plain.scratch
    work = Scratch("work", work_bytes, alignment=4)
    return dataclasses.replace(
        plain,
        kernel=f"{plain.kernel}_{folder}",
        header=f"safe/kernel/{plain.source}_{folder}.h",
        source=f"{plain.source}_{folder}",
        arguments=(
            *plain.arguments[:3],
            *(ConstantArg(constant.suffix) for constant in packed_constants),
            *(ScratchArg(item.name) for item in (state, heads, work)),
        ),
        constants=packed_constants,
        scratch=(state, heads, work, *counter),
    )
