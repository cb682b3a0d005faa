"""Search for the pairs of int8 values whose rescaled sum lies close to a rounding boundary."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.fixed_point import Int64

Reals = NDArray[np.floating[Any]]


def near_ties(first: Reals, second: Reals, reach: float) -> Int64:
    """Return [n, 2] the rows and columns where first[row] + second[column] is close to a tie.

    Close: within `reach`, below 1/2, of a whole number and a half. Only fractions count, so a
    row's columns are one stretch of the sorted fractions: few pairs are ever looked at.
    """
    order = np.argsort(second % 1)
    fractions = (second % 1)[order]
    around = np.concatenate([fractions - 1, fractions, fractions + 1])
    wanted = (0.5 - first) % 1
    begin = np.searchsorted(around, wanted - reach)
    counts = np.searchsorted(around, wanted + reach) - begin
    rows = np.repeat(np.arange(len(first)), counts)
    places = np.arange(len(rows)) + np.repeat(begin - np.cumsum(counts) + counts, counts)
    return np.stack([rows, order[places % len(second)]], axis=-1)
