"""PRELU, int8: x where x ≥ 0, else alpha · x, with an alpha for each channel.

Source of the arithmetic: TFLM reference_ops::BroadcastPrelu4DSlow: double rounding, scales in
double precision.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from codegen.fixed_point import Int64, requantize, saturate
from codegen.ir.graph import DType, Graph, Operator
from codegen.operators.checks import prove_accumulator
from codegen.operators.elementwise.binary import Elementwise, Sides, sides
from codegen.quantization import quantize_multiplier


class Prelu(Elementwise):
    """A different slope on each side of 0; the second input holds the slopes below 0."""

    kind = "PRELU"
    dtypes = (DType.INT8,)
    _stem = "prelu"

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Start without a fused activation: the file has no table."""
        del builtin_options
        return {"fused_activation": "NONE"}

    def check_integers(self, graph: Graph, operator: Operator) -> None:
        """Prove that value and product fit, also after a left shift."""
        p = sides(graph, operator)
        value, alpha = (
            max(127 - side.zero_point, side.zero_point + 128) for side in (p.input1, p.input2)
        )
        above, below = _factors(p)
        bound = np.array([value, value * alpha], dtype=np.int64)
        prove_accumulator(graph, operator, bound, np.array([above[1], below[1]]))

    def evaluate(self, graph: Graph, operator: Operator, first: Int64, second: Int64) -> Int64:
        """Requantize each side of 0 by its own factor."""
        p = sides(graph, operator)
        above, below = _factors(p)
        value, alpha = first - p.input1.zero_point, second - p.input2.zero_point
        scaled = np.where(
            value >= 0,
            requantize(np.maximum(value, 0), *above),
            requantize(np.minimum(value, 0) * alpha, *below),
        )
        return saturate(scaled + p.output.zero_point, p.low, p.high)

    def params(self, graph: Graph, operator: Operator) -> Mapping[str, Any]:
        """Return the integers as `safe_prelu_element_t` holds them."""
        p = sides(graph, operator)
        above, below = _factors(p)
        return {
            "zero_point1": p.input1.zero_point,
            "zero_point2": p.input2.zero_point,
            "multiplier_above": above[0],
            "shift_above": above[1],
            "multiplier_below": below[0],
            "shift_below": below[1],
            "zero_point": p.output.zero_point,
            "low": p.low,
            "high": p.high,
        }


def _factors(p: Sides) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return (multiplier, shift) of values from 0 on, and of products below."""
    above = p.input1.scale / p.output.scale
    below = p.input1.scale * p.input2.scale / p.output.scale
    return quantize_multiplier(above), quantize_multiplier(below)


OPERATOR = Prelu()
