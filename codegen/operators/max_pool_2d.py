"""MAX_POOL_2D, int8: the largest of the taps inside the image.

Source of the arithmetic: TFLM's `reference_integer_ops::MaxPool`.
"""

from codegen.ir.graph import Array
from codegen.operators._pool import Pool, Window
from codegen.operators._spatial import patches
from codegen.quantization import INT8_MIN


class MaxPool2D(Pool):
    """The maximum."""

    kind = "MAX_POOL_2D"
    _kernel = "max_pool_2d"

    def _reduce(self, images: Array, p: Window) -> Array:
        largest: Array = patches(images, p.y, p.x, INT8_MIN).max(axis=(3, 4))
        return largest


OPERATOR = MaxPool2D()
