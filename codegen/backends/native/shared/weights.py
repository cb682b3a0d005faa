"""Rows of weights with what rescales their sums, and the proofs that tuned kernels are exact."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.fixed_point import Int64
from codegen.operators.linear.products import Products

MAX_SUM = (1 << 30) - 1
"""Largest magnitude of a row's sum: twice the sum is rescaled, and must fit int32."""
MAX_SHIFT = 30
"""Largest right shift: 2^shift must fit int32."""


@dataclass(frozen=True, eq=False)
class WeightRows:
    """Rows of weights int8[R, K] with folded bias, one or R rescalings and their zero point.

    `scales` are multiplier and TFLite shift.
    """

    rows: NDArray[np.int8]
    bias: Int64
    scales: tuple[NDArray[np.int32], NDArray[np.int8]]
    zero_point: int

    @property
    def bound(self) -> int:
        """Return the largest |sum|."""
        return int(sum_bound(self.rows, self.bias).max())


def of(products: Products) -> WeightRows:
    """Return the rows of an operator that multiplies by constant weights."""
    return WeightRows(products.rows, products.bias, products.scales, products.output_zero_point)


def channel_words(rows: WeightRows) -> NDArray[np.int32]:
    """Return int32[R, 3], of each row what its sum starts from, multiplier and right shift."""
    multiplier, shift = rows.scales
    words = np.zeros((len(rows.rows), 3), dtype=np.int32)
    words[:, 0] = rows.bias
    words[:, 1] = multiplier
    words[:, 2] = -shift.astype(np.int32)
    return words


def refusal(rows: WeightRows, min_rows: int) -> str | None:
    """Return why rescaling doubled sums would not be exact or not pay, or None."""
    if len(rows.rows) < min_rows:
        return f"{len(rows.rows)} rows, fewer than {min_rows}"
    if rows.bound > MAX_SUM:
        return f"a sum can reach {rows.bound}, beyond 2^30"
    return refuse_rescale(*rows.scales, rows.zero_point, rows.bound)


def sum_bound(rows: NDArray[Any], start: Int64, low: int = -128, high: int = 127) -> Int64:
    """Return, per row, the largest |start + Σ weight · value| over all values in [low, high].

    `rows` int8[R, K], `start` int64[R]. Sums on the way may be larger: they wrap modulo 2^32.
    """
    weights = rows.astype(np.int64)
    most = start + np.maximum(weights * low, weights * high).sum(axis=1)
    least = start + np.minimum(weights * low, weights * high).sum(axis=1)
    bound: Int64 = np.maximum(np.abs(most), np.abs(least))
    return bound


def refuse_rescale(
    multiplier: NDArray[Any], shift: NDArray[Any], zero_point: int, bound: int
) -> str | None:
    """Return why `safe_dsp_rescale` cannot take these TFLite multipliers and shifts, or None.

    `bound`: the largest |sum|.
    """
    wrong = shift[(shift > -1) | (shift < -MAX_SHIFT)]
    if wrong.size:
        return f"a shift of {wrong.flat[0]}, outside [-{MAX_SHIFT}, -1]"
    product = (bound * multiplier.astype(np.int64) >> 31) + 1
    half = np.int64(1) << (-shift.astype(np.int64) - 1)
    reach = int((product + half * (2 * abs(zero_point) + 1) + 1).max(initial=0))
    return f"a rescaled sum can reach {reach}, beyond 2^31" if reach >= 1 << 31 else None


def rescale(multiplier: NDArray[Any], shift: NDArray[Any], zero_point: int) -> NDArray[np.int32]:
    """Return the words of `safe_dsp_rescale_t`, int32[n, 3]; shifts as TFLite's, negative."""
    right = -shift.astype(np.int64)
    addend = (np.int64(1) << (right - 1)) + zero_point * (np.int64(1) << right)
    return np.stack([multiplier.astype(np.int64), addend, right], axis=1).astype(np.int32)
