"""AVERAGE_POOL_2D, int8: the mean of the taps inside the image, halves away from zero.

Source of the arithmetic: TFLM's `reference_integer_ops::AveragePool`: zero points take no part.
"""

import numpy as np

from codegen.ir.graph import Array
from codegen.operators._pool import Pool, Window
from codegen.operators._spatial import patches


class AveragePool2D(Pool):
    """The mean."""

    kind = "AVERAGE_POOL_2D"
    _kernel = "average_pool_2d"

    def _reduce(self, images: Array, p: Window) -> Array:
        sums = patches(images.astype(np.int64), p.y, p.x, 0).sum(axis=(3, 4))
        ones = np.ones((1, *images.shape[1:]), dtype=np.int64)
        counts = patches(ones, p.y, p.x, 0).sum(axis=(3, 4))
        magnitude: Array = (np.abs(sums) + counts // 2) // counts
        return np.where(sums < 0, -magnitude, magnitude)


OPERATOR = AveragePool2D()
