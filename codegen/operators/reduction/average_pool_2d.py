"""AVERAGE_POOL_2D, int8: the mean of the taps inside the image, halves away from zero.

Source of the arithmetic: TFLM's `reference_integer_ops::AveragePool`: zero points take no part.
"""

import numpy as np

from codegen.ir.graph import Array
from codegen.operators.reduction.pool import Pool


class AveragePool2D(Pool):
    """Mean of the elements in a window that slides over height and width."""

    kind = "AVERAGE_POOL_2D"
    _kernel = "average_pool_2d"

    def _reduce(self, taps: Array) -> Array:
        sums = taps.astype(np.int64).sum(axis=1)
        count = taps.shape[1]
        magnitude: Array = (np.abs(sums) + count // 2) // count
        return np.where(sums < 0, -magnitude, magnitude)


OPERATOR = AveragePool2D()
