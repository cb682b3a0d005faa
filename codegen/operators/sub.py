"""SUB: the difference of two quantized tensors, int8 or int16.

As ADD with the second input subtracted; but TFLM computes its factors in float32 here.
"""

import numpy as np

from codegen.operators.add import Add


class Sub(Add):
    """input1 − input2."""

    kind = "SUB"
    _sign = -1

    def factors(
        self, scale1: float, scale2: float, output_scale: float, left_shift: int
    ) -> tuple[float, float, float]:
        """Return the factors of both inputs and of the difference, rounded to float32."""
        twice = np.float32(2) * np.float32(max(scale1, scale2))
        whole = np.float32(1 << left_shift) * np.float32(output_scale)
        return (
            float(np.float32(scale1) / twice),
            float(np.float32(scale2) / twice),
            float(twice / whole),
        )


OPERATOR = Sub()
