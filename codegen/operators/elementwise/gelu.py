"""GELU, int8: x times the normal distribution function of x, or its form with tanh.

Source of the arithmetic: TFLite's table of GELU, in float32 (`float_table`); TensorFlow Lite Micro
has no kernel for it. erfc and tanh are rounded once, from double precision: where a result lies
within an ulp of the middle between two integers, TFLite's own depends on the C library beneath it.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from codegen.ir.graph import Operator
from codegen.operators.elementwise.float_table import FloatTable

_HALF, _ONE = np.float32(0.5), np.float32(1)
_ROOT = np.float32(-math.sqrt(0.5))
_SLOPE = np.float32(math.sqrt(2 / math.pi))
_CUBIC = np.float32(0.044715)


class Gelu(FloatTable):
    """Gaussian error linear unit."""

    kind = "GELU"

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Read which of both forms it is."""
        return {"approximate": builtin_options is not None and builtin_options.Approximate()}

    def transform(self, operator: Operator, value: np.float32) -> np.float32:
        """Return the unit, in the order in which TFLite multiplies."""
        with np.errstate(over="ignore"):
            half = _HALF * value
            if not operator.options["approximate"]:
                return np.float32(half * np.float32(math.erfc(float(value * _ROOT))))
            argument = _SLOPE * (value + _CUBIC * value * value * value)
            return np.float32(half * (_ONE + np.float32(math.tanh(float(argument)))))


OPERATOR = Gelu()
