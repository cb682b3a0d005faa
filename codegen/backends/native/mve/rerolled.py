"""Weights and scratch memory that both re-rolled kernels of the vector extension share."""

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.mve import packing
from codegen.ir.call import Constant

ROWS = packing.DOT4_ROWS


def refusal(*parts: NDArray[np.int8]) -> str | None:
    """Return why weights [R, K] cannot be packed, or None."""
    most = max(int(np.abs(rows.astype(np.int64).sum(axis=1)).max()) for rows in parts)
    return f"a row's weights add up to {most}, beyond 2^15" if most >= 1 << 15 else None


def packed(suffix: str, weights: NDArray[np.int8]) -> Constant:
    """Return the tiles of `safe_mve_dense_rerolled`: weights, then the sum of each row as int16."""
    tiles = packing.pack_rows(weights, ROWS)
    sums = packing.fill(weights.astype(np.int16).sum(axis=1, dtype=np.int16))
    parts = tiles.reshape(len(tiles), -1), sums.view(np.int8).reshape(len(tiles), -1)
    return Constant(suffix, np.concatenate(parts, axis=1), weight_bytes=weights.nbytes)


def work_bytes(inputs: int, units: int, rows: int) -> int:
    """Return the bytes of both vectors in whole blocks and of the results of both products."""
    vectors = packing.BLOCK * (packing.blocks(inputs) + packing.blocks(units))
    return vectors + 2 * ROWS * -(-rows // ROWS)
