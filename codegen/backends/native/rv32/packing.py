"""Constants as the rv32 kernels of FULLY_CONNECTED and CONV_2D read them, and why they are exact.

Rows of weights stay int8 and lie side by side: for each value, the weights of all rows of a tile
(`safe/kernel/dot8_rv32.h`).
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.shared.weights import WeightRows
from codegen.fixed_point import Int64
from codegen.ir.call import (
    Constant,
)

DOT8_ROWS = 8
CONV_ROWS = 4
DOT8_MIN_ROWS, CONV_MIN_ROWS = 4, 2
"""Least numbers of rows for which the packed kernels pay: with fewer, more than half of a tile is
padding, and the reference kernel is as fast."""


def pack_rows(rows: NDArray[np.int8], tile_rows: int) -> NDArray[np.int8]:
    """Return int8[R, K] as int8[tiles, K, tile_rows], filled with zeros."""
    count, depth = rows.shape
    tiles = -(-count // tile_rows)
    filled = np.zeros((tiles * tile_rows, depth), dtype=np.int8)
    filled[:count] = rows
    return np.ascontiguousarray(filled.reshape(tiles, tile_rows, depth).swapaxes(1, 2))


def pack_start(start: Int64, tile_rows: int) -> NDArray[np.int32]:
    """Return int64[R] as int32[tiles, tile_rows], filled with zeros."""
    filled = np.zeros(-(-start.size // tile_rows) * tile_rows, dtype=np.int32)
    filled[: start.size] = start
    return filled.reshape(-1, tile_rows)


def pack_dense_start(start: Int64) -> NDArray[np.int16] | NDArray[np.int32]:
    """Return int64[R] as [tiles, 8], filled with zeros: int16 where all fit, else int32."""
    whole = pack_start(start, DOT8_ROWS)
    short = whole.astype(np.int16)
    return short if np.array_equal(short, whole) else whole


def dense_constants(dense: WeightRows) -> tuple[Constant, ...]:
    """Return the four arrays of `safe_dense_weights_rv32_t`."""
    multiplier, shift = dense.scales
    start = pack_dense_start(dense.bias)
    own = start.itemsize * len(dense.rows)
    return (
        Constant("weights", pack_rows(dense.rows, DOT8_ROWS), weight_bytes=dense.rows.nbytes),
        Constant("start", start, weight_bytes=own),
        Constant("multiplier", multiplier, counts_as_weight=False),
        Constant("shift", (-shift).astype(np.int8), counts_as_weight=False),
    )


def proof(dense: WeightRows) -> tuple[str, str]:
    """Return the lines for the manifest."""
    largest = int(np.abs(dense.bias).max())
    bits = 8 * pack_dense_start(dense.bias).itemsize
    starts = f"sums start from up to {largest}, kept in {bits} bits"
    return f"|sum| <= {dense.bound}", starts


def dense_row(dense: WeightRows, limits: tuple[int, int]) -> Mapping[str, int]:
    """Return the fields of `safe_dense_row_rv32_t`."""
    units, depth = dense.rows.shape
    return {
        "depth": depth,
        "units": units,
        "start_is_short": int(pack_dense_start(dense.bias).itemsize == 2),
        "rescale_step": int(dense.scales[0].size > 1),
        "output_zero_point": dense.zero_point,
        "output_min": limits[0],
        "output_max": limits[1],
    }
