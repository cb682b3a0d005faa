"""Lower triangles packed row by row: row i holds entries 0..i."""

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]


def unpack(packed: F32, size: int) -> F32:
    """Packed lower triangle to [size, size], zeros above."""
    factor = np.zeros((size, size), np.float32)
    factor[np.tril_indices(size)] = packed
    return factor


def bound(packed: F32, limit: np.float32) -> float:
    """Return a bound of |F v|² over values within ± limit, some of them masked.

    Without k of its K values a form is stretched by K / (K − k), at most by K.
    """
    size = int(np.sqrt(2 * len(packed)))
    square = unpack(np.abs(packed), size).astype(np.float64)
    return float(((square.sum(axis=1) * float(limit)) ** 2).sum()) * size
