"""Weights and sums as the dsp kernels read them, and the proofs that these are exact.

Two rows of weights p and q share halfwords 256 · p + q (see `safe/kernel/dot8_dsp.h`); a tile is
some pairs of rows, and a block four values of each in the order k, k + 2, k + 1, k + 3.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.shared import weights
from codegen.ir.call import Constant

Int64 = NDArray[np.int64]

BLOCK = 4
ORDER = (0, 2, 1, 3)
"""Order of the four values of a block: SXTB16 takes bytes 0 and 2 of a word, and with a rotation by
8 bits bytes 1 and 3."""
DOT8_ROWS = 8
GEMM4X2_ROWS = 4
MAX_BLOCKS = 2047
"""Largest number of blocks: a tile takes 32 bytes of weights per block, and the parameter structure
keeps this number of bytes in 16 bits (32 · 2047 < 2^16)."""
MAX_PAIRED_SUM = (1 << 23) - 1
"""Largest magnitude of the sum of a pair's first row: 256 times it must fit int32."""
MIN_ROWS = 4
"""Least number of rows for which the packed kernel pays: with fewer, more than half of a tile is
padding, and the reference kernel is as fast."""


def blocks(depth: int) -> int:
    """Return the blocks that hold `depth` values."""
    return -(-depth // BLOCK)


def refuse_rows(
    rows: NDArray[Any], start: Int64, low: int = -128, high: int = 127, min_rows: int = MIN_ROWS
) -> str | None:
    """Return why paired rows would not be exact or not pay for `rows` int8[R, K], or None.

    Arguments as in `weights.sum_bound`; rows are paired as (0, 1), (2, 3), …
    """
    count, depth = rows.shape
    if count < min_rows:
        return f"{count} rows, fewer than {min_rows}"
    if blocks(depth) > MAX_BLOCKS:
        return f"rows of {depth} weights, more than {MAX_BLOCKS * BLOCK}"
    bound = weights.sum_bound(rows, start, low, high)
    if bound[0::2].max() > MAX_PAIRED_SUM:
        return f"a sum can reach {bound[0::2].max()}, beyond 2^23"
    if bound.max() > weights.MAX_SUM:
        return f"a sum can reach {bound.max()}, beyond 2^30"
    pairs = count // 2
    first, second = rows[0 : 2 * pairs : 2], rows[1 : 2 * pairs : 2]
    if np.any((first == -128) & (second < 0)):
        return "a pair of weights is below -32768: -128 beside a negative one"
    return None


def pack_rows(rows: NDArray[Any], tile_rows: int) -> NDArray[np.uint32]:
    """Return int8[R, K] as words [tiles, blocks, 2, tile_rows / 2], filled with zeros.

    Word [t, b, h, p] holds the halfwords 256 · first + second of pair p of tile t, for the values
    k = 4b + h (low half) and k + 2 (high half).
    """
    count, depth = rows.shape
    tiles = -(-count // tile_rows)
    filled = np.zeros((tiles * tile_rows, blocks(depth) * BLOCK), dtype=np.int64)
    filled[:count, :depth] = rows
    halves = (256 * filled[0::2] + filled[1::2]) & 0xFFFF
    ordered = halves.reshape(tiles, tile_rows // 2, -1, BLOCK)[..., ORDER]
    low, high = ordered[..., 0::2], ordered[..., 1::2]
    words = (low | high << 16).transpose(0, 2, 3, 1)  # tile, block, half, pair
    return np.ascontiguousarray(words, dtype=np.uint32)


def pack_start(start: Int64, tile_rows: int) -> NDArray[np.int32]:
    """Return what the sums of each tile start from, int32[tiles, tile_rows]: 256 · p + q, q, …

    Modulo 2^32, as the sums themselves.
    """
    tiles = -(-start.size // tile_rows)
    filled = np.zeros(tiles * tile_rows, dtype=np.int64)
    filled[: start.size] = start
    filled[0::2] = 256 * filled[0::2] + filled[1::2]
    return (filled & 0xFFFFFFFF).astype(np.uint32).view(np.int32).reshape(tiles, tile_rows)


def dense_row(
    rows: NDArray[Any], step: int, zero_point: int, limits: tuple[int, int]
) -> Mapping[str, int]:
    """Return the fields of `safe_dense_row_t` for `rows` [units, depth]."""
    return {
        "depth": rows.shape[1],
        "units": rows.shape[0],
        "rescale_step": step,
        "output_zero_point": zero_point,
        "output_min": limits[0],
        "output_max": limits[1],
    }


def dense_constants(
    rows: NDArray[Any], start: Int64, multiplier: NDArray[Any], shift: NDArray[Any]
) -> tuple[Constant, ...]:
    """Return the four arrays of `safe_dense_weights_t`."""
    return (
        Constant("weights", pack_rows(rows, DOT8_ROWS), weight_bytes=rows.nbytes),
        Constant("start", pack_start(start, DOT8_ROWS), weight_bytes=4 * len(rows)),
        Constant("multiplier", multiplier, counts_as_weight=False),
        Constant("shift", shift, counts_as_weight=False),
    )
