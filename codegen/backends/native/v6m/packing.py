"""Rows of weights as the v6m kernel of matrix products reads them, and why it is exact with them.

Eight rows are a tile: for each value two words, a word four rows, each weight plus 128 as a byte.
Three sums of products with a word hold its rows' four sums, of 24 bits each, so that the values are
cut into vectors within which no sum is larger (`safe/kernel/dot8_v6m.h`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.shared import weights
from codegen.backends.native.shared.weights import WeightRows
from codegen.fixed_point import Int64
from codegen.ir.call import Constant

DOT8_ROWS = 8
MIN_ROWS = 4
"""Least number of rows for which a tile pays: with fewer, more than half of it is padding."""
MAX_SUM = (1 << 23) - (1 << 16)
"""Largest magnitude of a row's sum within a vector: its parts are signed bytes up to there."""
START_BYTES = 3
"""Bytes that tell what the sum of a row starts from."""
_OFFSET = 128
_HEADER = 3
"""SAFE_DOT8_V6M_HEADER of `safe/kernel/dot8_v6m.h`."""


@dataclass(frozen=True)
class Vectors:
    """How the values of a product are cut: `number` vectors of `length` values, an even number."""

    number: int
    length: int

    @property
    def bytes(self) -> int:
        """Return the bytes that `safe_v6m_widen` writes."""
        return 4 * self.number * (_HEADER + self.length)


def vectors(rows: NDArray[np.int8], start: Int64) -> Vectors | str:
    """Return the fewest vectors within which every row's sum is small enough, or why none is."""
    depth = rows.shape[1]
    number = 1
    while True:
        length = -(-depth // (2 * number)) * 2
        most = _largest(_fill(rows, Vectors(number, length)), number, start)
        if most <= MAX_SUM:
            return Vectors(-(-depth // length), length)
        if length == 2:
            return f"a sum of two products can reach {most}, beyond {MAX_SUM}"
        number += 1


def _fill(rows: NDArray[np.int8], cut: Vectors) -> NDArray[np.int8]:
    """Return the rows with weights for whole vectors, filled with zeros."""
    return np.pad(rows, ((0, 0), (0, cut.number * cut.length - rows.shape[1])))


def _largest(rows: NDArray[np.int8], number: int, start: Int64) -> int:
    """Return the largest |sum| of any row over one of `number` equal parts."""
    parts = np.split(rows, number, axis=1)
    starts = [start, *[np.zeros_like(start)] * (number - 1)]
    bounds = [weights.sum_bound(part, first) for part, first in zip(parts, starts, strict=True)]
    return int(np.max(bounds))


def refusal(rows: WeightRows) -> str | None:
    """Return why the kernels with tiles of eight rows are not exact or do not pay, or None."""
    found = weights.refusal(rows, MIN_ROWS)
    if found is None:
        cut = vectors(rows.rows, rows.bias)
        found = cut if isinstance(cut, str) else None
    return found


def dense_vectors(rows: WeightRows) -> Vectors:
    """Return how the values are cut; `refusal` is None."""
    cut = vectors(rows.rows, rows.bias)
    assert isinstance(cut, Vectors)
    return cut


def words(rows: NDArray[np.int8], cut: Vectors) -> NDArray[np.uint32]:
    """Return [R, K] as words of tiles, filled with zeros: uint32[tiles, values, 2]."""
    filled = np.pad(_fill(rows, cut), ((0, -len(rows) % DOT8_ROWS), (0, 0)))
    moved = (filled.astype(np.int16) + _OFFSET).astype(np.uint8)
    tiles = moved.reshape(-1, DOT8_ROWS, moved.shape[1]).swapaxes(1, 2)
    return np.ascontiguousarray(tiles).view("<u4")


def pack_start(start: Int64) -> NDArray[np.uint32]:
    """Return int64[R] as uint32[tiles, 6], the three sums of both words, filled with zeros."""
    filled = np.zeros(-(-start.size // DOT8_ROWS) * DOT8_ROWS, dtype=np.int64)
    filled[: start.size] = start
    rows = filled.reshape(-1, 2, 4)
    even, odd = (rows[..., first] + (rows[..., first + 2] << 16) for first in (0, 1))
    whole, turned = even + (odd << 8), odd + (even << 8)
    upper = rows[..., 2] + (rows[..., 3] << 8)
    sums = np.concatenate(
        [np.stack([whole, turned], axis=2).reshape(-1, 4), upper.reshape(-1, 2)], axis=1
    )
    return (sums & 0xFFFFFFFF).astype(np.uint32)


def dense_constants(dense: WeightRows) -> tuple[Constant, ...]:
    """Return the four arrays of `safe_dense_weights_v6m_t`."""
    multiplier, shift = dense.scales
    return (
        Constant(
            "weights", words(dense.rows, dense_vectors(dense)), weight_bytes=dense.rows.nbytes
        ),
        Constant("start", pack_start(dense.bias), weight_bytes=START_BYTES * len(dense.rows)),
        Constant("multiplier", multiplier, counts_as_weight=False),
        Constant("shift", (-shift).astype(np.int8), counts_as_weight=False),
    )


def dense_row(dense: WeightRows, limits: tuple[int, int]) -> Mapping[str, int]:
    """Return the fields of `safe_dense_row_v6m_t`."""
    units, depth = dense.rows.shape
    cut = dense_vectors(dense)
    return {
        "depth": depth,
        "vectors": cut.number,
        "vector": cut.length,
        "units": units,
        "rescale_step": int(dense.scales[0].size > 1),
        "output_zero_point": dense.zero_point,
        "output_min": limits[0],
        "output_max": limits[1],
    }


def proof(dense: WeightRows) -> tuple[str, ...]:
    """Return the lines for the manifest."""
    cut = dense_vectors(dense)
    several = (f"{cut.number} vectors of {cut.length} values",) if cut.number > 1 else ()
    return f"|sum| <= {dense.bound}", *several
