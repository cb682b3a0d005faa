"""The two pieces of arithmetic of a score: means over rows and a quadratic form.

float32, one rounding per operation, sums in the order written; numpy's own sum is pairwise and
is not used. The same to the last bit in `sdk/src/quadratic.c`.
"""

import numpy as np

from host_tools.formats.detector import F32

ZERO, ONE = np.float32(0.0), np.float32(1.0)


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


def quadratic(factor: F32, values: F32) -> np.float32:
    """Sum of squares of factor @ values over i = 0..K-1, from 0; never negative."""
    total = ZERO
    inner = transform(factor, values)
    for square in inner * inner:
        total = np.float32(total + square)
    return total


def contributions(factor: F32, values: F32) -> F32:
    """Share of each channel in quadratic(factor, values), float32 [K], never negative.

    By reconstruction: how much lower the form were if channel j had the value that the others
    make most likely (Alcala and Qin, Automatica 45, 2009). With y = factor @ values,
    w = factorᵀ @ y and d the diagonal of factorᵀ @ factor it is w · (w / d), and 0 where d
    is 0. Sums run over i = j..K-1 from 0.
    """
    inner = transform(factor, values)
    w, d = np.zeros_like(values), np.zeros_like(values)
    for row, y in zip(factor, inner, strict=True):
        w = w + row * y
        d = d + row * row
    share = np.divide(w, d, out=np.zeros_like(w), where=d > ZERO)
    return np.asarray(w * share, np.float32)


def top(shares: F32, count: int) -> list[int]:
    """Indices of the largest positive shares, largest first, the lower index before an equal."""
    order = np.argsort(-shares, kind="stable")[:count]
    return [int(i) for i in order if shares[i] > ZERO]
