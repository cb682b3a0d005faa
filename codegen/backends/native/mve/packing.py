"""Order of weights for the M-profile vector extension: tiles of rows, blocks of 16 values.

Row r of a tile has its 16 weights of a block behind those of row r - 1, then comes the next block.
Rows and blocks are filled with zeros. Nothing is expanded: VMLADAVA multiplies int8 by int8.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.shared import weights
from codegen.backends.native.shared.weights import WeightRows
from codegen.fixed_point import Int64
from codegen.ir.call import Constant

BLOCK = 16
"""Number of values in a block: the lanes of a vector."""
DOT4_ROWS = 4
"""Rows of a tile of `safe_mve_dot4`."""
LANES = 4
"""Lanes of 32 bits, and so the number of outputs that are rescaled together."""


def blocks(depth: int) -> int:
    """Return the number of blocks for `depth` values."""
    return -(-depth // BLOCK)


def refusal(dense: WeightRows) -> str | None:
    """Return why `safe_mve_requantize` of these rows' sums would not be exact, or None.

    It takes right shifts by 1 to 30, as the kernels of other instruction sets, and any sum that
    fits 32 bits; the same bounds as there leave room to spare.
    """
    return weights.refusal(dense, 1)


def pack_rows(rows: NDArray[Any], tile_rows: int) -> NDArray[np.int8]:
    """Return int8[R, K] as int8[tiles, blocks, tile_rows, 16]."""
    count, depth = rows.shape
    tiles = -(-count // tile_rows)
    filled = np.zeros((tiles * tile_rows, blocks(depth) * BLOCK), dtype=np.int8)
    filled[:count, :depth] = rows
    return np.ascontiguousarray(filled.reshape(tiles, tile_rows, -1, BLOCK).swapaxes(1, 2))


def fill(values: NDArray[Any], multiple: int = LANES) -> NDArray[Any]:
    """Return the values [n, …] with zeros behind them, up to a multiple of rows."""
    more = -len(values) % multiple
    return np.concatenate([values, np.zeros((more, *values.shape[1:]), values.dtype)])


def start(sums: Int64) -> NDArray[np.int32]:
    """Return what sums start from, filled to whole tiles."""
    return fill(sums.astype(np.int32))


def scales(multiplier: NDArray[Any], shift: NDArray[Any], count: int) -> tuple[Constant, ...]:
    """Return multiplier and shift of `count` rows, filled; the pair four times where it is for all.

    Both are TFLite's, of one row or every row.
    """
    rows = LANES if len(multiplier) == 1 else count
    each = [np.broadcast_to(values, rows) for values in (multiplier, shift)]
    return (
        Constant("multiplier", fill(each[0].astype(np.int32)), counts_as_weight=False),
        Constant("shift", fill(each[1].astype(np.int8)), counts_as_weight=False),
    )


def buffer_bytes(depth: int) -> int:
    """Return the bytes for a copy of `depth` values in whole blocks; 0 where they are whole."""
    return BLOCK * blocks(depth) if depth % BLOCK else 0
