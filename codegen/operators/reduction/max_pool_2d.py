"""MAX_POOL_2D, int8: the largest of the taps inside the image.

Source of the arithmetic: TFLM's `reference_integer_ops::MaxPool`.
"""

from codegen.ir.graph import Array
from codegen.operators.reduction.pool import Pool


class MaxPool2D(Pool):
    """Maximum of the elements in a window that slides over height and width."""

    kind = "MAX_POOL_2D"
    _kernel = "max_pool_2d"

    def _reduce(self, taps: Array) -> Array:
        largest: Array = taps.max(axis=1)
        return largest


OPERATOR = MaxPool2D()
