"""Rows of weights as the v6m kernel of matrix products reads them, and why it is exact with them.

Eight rows are a tile: for each value two words, a word four rows, each weight plus 128 as a byte.
Two products share a multiplication, one in each half of the result, so that a tile is cut into
chunks within which the products of a row stay below 2^15 (`safe/kernel/dot8_v6m.h`).
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.shared import weights
from codegen.backends.native.shared.weights import WeightRows
from codegen.fixed_point import Int64
from codegen.ir.call import Constant

DOT8_ROWS = 8
MIN_ROWS = 4
"""Least number of rows for which a tile pays: with fewer, more than half of it is padding."""
MAX_CHUNK_SUM = 255
"""Largest sum of the magnitudes of a row's weights within a chunk: 128 times it fits int16."""
_OFFSET = 128
_MOST_VALUES = 254
"""Most values of a chunk: an even number in a byte."""


def refusal(rows: WeightRows) -> str | None:
    """Return why the kernels with tiles of eight rows are not exact or do not pay, or None."""
    return weights.refusal(rows, MIN_ROWS) or refuse_chunks(rows.rows)


def refuse_chunks(rows: NDArray[np.int8]) -> str | None:
    """Return why no chunk can hold some two neighbouring weights, or None."""
    pairs = np.abs(_even(rows).astype(np.int64)).reshape(len(rows), -1, 2).sum(axis=2)
    most = int(pairs.max(initial=0))
    if most > MAX_CHUNK_SUM:
        return f"two neighbouring weights reach {most}, beyond {MAX_CHUNK_SUM}"
    return None


def _even(rows: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return the rows with an even number of weights, filled with a zero."""
    return np.pad(rows, ((0, 0), (0, rows.shape[1] % 2)))


def tiles(rows: NDArray[np.int8]) -> list[NDArray[np.int8]]:
    """Return [R, K] as tiles of [8, K], filled with zeros to whole tiles and an even K."""
    even = _even(rows)
    filled = np.pad(even, ((0, -len(rows) % DOT8_ROWS), (0, 0)))
    return list(filled.reshape(-1, DOT8_ROWS, even.shape[1]))


def counts(tile: NDArray[np.int8]) -> bytes:
    """Return the lengths of a tile's chunks, each as long as the bound lets it be, then 0."""
    pairs = np.abs(tile.astype(np.int64)).reshape(DOT8_ROWS, -1, 2).sum(axis=2)
    lengths: list[int] = []
    total = np.zeros(DOT8_ROWS, dtype=np.int64)
    length = 0
    for pair in pairs.T:
        if length and ((total + pair > MAX_CHUNK_SUM).any() or length == _MOST_VALUES):
            lengths.append(length)
            total, length = np.zeros_like(total), 0
        total = total + pair
        length += 2
    return bytes([*lengths, length, 0])


def words(tile: NDArray[np.int8]) -> NDArray[np.uint32]:
    """Return a tile as uint32[K, 2]."""
    moved = (tile.astype(np.int16) + _OFFSET).astype(np.uint8)
    return np.ascontiguousarray(moved.T).view("<u4")


def pack_tiles(found: list[NDArray[np.int8]]) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
    """Return the words and the counts of tiles, one after the other."""
    every = np.concatenate([words(tile) for tile in found])
    return every, np.frombuffer(b"".join(counts(tile) for tile in found), np.uint8)


def pack_start(start: Int64) -> NDArray[np.int32]:
    """Return int64[R] as int32[tiles, 8], filled with zeros."""
    filled = np.zeros(-(-start.size // DOT8_ROWS) * DOT8_ROWS, dtype=np.int32)
    filled[: start.size] = start
    return filled.reshape(-1, DOT8_ROWS)


def _pack_dense_start(start: Int64) -> NDArray[np.int16] | NDArray[np.int32]:
    """Return `pack_start`, as int16 where all fit."""
    whole = pack_start(start)
    short = whole.astype(np.int16)
    return short if np.array_equal(short, whole) else whole


def dense_constants(dense: WeightRows) -> tuple[Constant, ...]:
    """Return the five arrays of `safe_dense_weights_v6m_t`."""
    multiplier, shift = dense.scales
    packed, lengths = pack_tiles(tiles(dense.rows))
    start = _pack_dense_start(dense.bias)
    return (
        Constant("weights", packed, weight_bytes=dense.rows.nbytes),
        Constant("counts", lengths, counts_as_weight=False),
        Constant("start", start, weight_bytes=start.itemsize * len(dense.rows)),
        Constant("multiplier", multiplier, counts_as_weight=False),
        Constant("shift", (-shift).astype(np.int8), counts_as_weight=False),
    )


def dense_row(dense: WeightRows, limits: tuple[int, int]) -> Mapping[str, int]:
    """Return the fields of `safe_dense_row_v6m_t`."""
    units, depth = dense.rows.shape
    return {
        "depth": depth,
        "units": units,
        "start_is_short": int(_pack_dense_start(dense.bias).itemsize == 2),
        "rescale_step": int(dense.scales[0].size > 1),
        "output_zero_point": dense.zero_point,
        "output_min": limits[0],
        "output_max": limits[1],
    }


def widened_bytes(depth: int) -> int:
    """Return the bytes that `safe_v6m_widen` writes."""
    return 4 * (depth + depth % 2)


def proof(dense: WeightRows) -> tuple[str, str]:
    """Return the lines for the manifest."""
    return f"|sum| <= {dense.bound}", f"chunks of weights with a sum up to {MAX_CHUNK_SUM}"
