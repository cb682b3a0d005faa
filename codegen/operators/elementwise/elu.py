"""ELU, int8: x where x ≥ 0, else exp(x) − 1.

Source of the arithmetic: TFLM's table of ELU, in float32 (`float_table`).
"""

import math

import numpy as np

from codegen.ir.graph import Operator
from codegen.operators.elementwise.float_table import FloatTable


class Elu(FloatTable):
    """Exponential linear unit."""

    kind = "ELU"

    def transform(self, operator: Operator, value: np.float32) -> np.float32:
        """Return the unit; exp is rounded once, from double precision."""
        del operator
        if value < 0:
            return np.float32(np.float32(math.exp(float(value))) - np.float32(1))
        return value


OPERATOR = Elu()
