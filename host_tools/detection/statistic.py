"""The arithmetic of a score: means over rows, and a quadratic form of what is not masked.

float32, one rounding per operation, sums in the order written; numpy's own sum is pairwise and
is not used. The same to the last bit in `sdk/src/quadratic.c` and `sdk/src/rows.c`.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

ZERO, ONE = np.float32(0.0), np.float32(1.0)

__all__ = ["ONE", "ZERO", "contributions", "form", "row_mean", "top", "transform"]


def row_mean(ring: F32, inv_rows: np.float32) -> F32:
    """Mean of a ring's rows, summed slot 0 first; [rows, n] to [n]."""
    total = ring[0].copy()
    for row in ring[1:]:
        total = total + row
    return np.asarray(total * inv_rows, np.float32)


def transform(factor: F32, values: F32) -> F32:
    """Factor @ values, factor lower triangular [K, K]; each sum runs over j = 0..i.

    The device does not touch what is above the diagonal; here it adds exact zeros.
    """
    inner = np.zeros_like(values)
    for j, value in enumerate(values):
        inner = inner + factor[:, j] * value
    return np.asarray(inner, np.float32)


def _dot(left: F32, right: F32) -> np.float32:
    total = ZERO
    for product in left * right:
        total = np.float32(total + product)
    return total


def form(factor: F32, values: F32, masked: Sequence[int] = ()) -> tuple[np.float32, F32]:
    """Quadratic form of the values that are not masked, and the vector whose square it is.

    |factor @ values|² is the Mahalanobis distance with covariance (factorᵀ factor)⁻¹. Its form
    over the rest of the channels (with their block of the covariance) is the least value that it
    takes over all values of the masked ones: the part of factor @ values that no column of a
    masked channel can explain. The columns are made orthogonal one after the other (modified
    Gram-Schmidt), so that nothing cancels. The result is stretched by K / (K − k), its
    expectation with all channels over that without the masked ones; without masked channels the
    factor is not applied. All sums run over i = 0..K−1 from 0.

    Args:
        factor: float32 [K, K], lower triangular.
        values: float32 [K]; what stands for a masked one does not count.
        masked: Ascending positions.

    Returns:
        The form, never negative, 0 when everything is masked; and float32 [K].
    """
    size = len(values)
    kept = values.copy()
    kept[list(masked)] = ZERO
    inner = transform(factor, kept)
    columns: list[F32] = []
    for j in masked:
        column = factor[:, j].copy()
        for other in columns:
            square = _dot(other, other)
            if square > ZERO:
                share = np.float32(_dot(other, column) / square)
                column = np.asarray(column - other * share, np.float32)
        columns.append(column)
        square = _dot(column, column)
        if square > ZERO:
            share = np.float32(_dot(column, inner) / square)
            inner = np.asarray(inner - column * share, np.float32)
    if len(masked) == size:
        return ZERO, inner
    total = _dot(inner, inner)
    if len(masked):
        total = np.float32(total * (np.float32(size) / np.float32(size - len(masked))))
    return total, inner


def contributions(factor: F32, inner: F32) -> F32:
    """Share of each channel in a form, float32 [K], never negative.

    By reconstruction: how much lower the form were if channel j had the value that the others
    make most likely (Alcala and Qin, Automatica 45, 2009). With `inner` of `form`,
    w = factorᵀ @ inner and d the diagonal of factorᵀ @ factor it is w · (w / d), and 0 where d
    is 0. Sums run over i = j..K-1 from 0.
    """
    w, d = np.zeros_like(inner), np.zeros_like(inner)
    for row, y in zip(factor, inner, strict=True):
        w = w + row * y
        d = d + row * row
    share = np.divide(w, d, out=np.zeros_like(w), where=d > ZERO)
    return np.asarray(w * share, np.float32)


def top(shares: F32, count: int) -> list[int]:
    """Indices of the largest positive shares, largest first, the lower index before an equal."""
    order = np.argsort(-shares, kind="stable")[:count]
    return [int(i) for i in order if shares[i] > ZERO]
