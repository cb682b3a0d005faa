"""SQUARED_DIFFERENCE, int8 or int16: the square of the difference of two quantized tensors.

Source of the arithmetic: TFLM's squared_difference: both inputs in steps of 2^-7 (int16: 1) of
twice the larger input scale, subtracted, squared and requantized, each with double rounding.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from codegen.fixed_point import Int64, requantize, saturate
from codegen.ir.graph import DType, Graph, Operator
from codegen.operators.checks import prove_accumulator
from codegen.operators.elementwise.binary import Elementwise, sides
from codegen.quantization import quantize_multiplier


@dataclass(frozen=True)
class _Integers:
    """(multiplier, shift) of each input and of the square."""

    left_shift: int
    input1: tuple[int, int]
    input2: tuple[int, int]
    output: tuple[int, int]


class SquaredDifference(Elementwise):
    """(input1 − input2)²."""

    kind = "SQUARED_DIFFERENCE"
    _stem = "squared_difference"

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Start without a fused activation: the file's table has no fields."""
        del builtin_options
        return {"fused_activation": "NONE"}

    def check_integers(self, graph: Graph, operator: Operator) -> None:
        """Prove that the square fits, also after a left shift."""
        n = _integers(graph, operator)
        # The side of the larger scale is halved exactly, the other by no less; int16 has zero
        # point 0. A half may be rounded up.
        difference = (255 << n.left_shift) + 1 if n.left_shift else 1 << 15
        bound = np.array([difference * difference], dtype=np.int64)
        prove_accumulator(graph, operator, bound, np.array([n.output[1]]))

    def evaluate(self, graph: Graph, operator: Operator, first: Int64, second: Int64) -> Int64:
        """Compute in int64, with the roundings of int32 arithmetic."""
        p, n = sides(graph, operator), _integers(graph, operator)
        side1 = requantize((first - p.input1.zero_point) << n.left_shift, *n.input1)
        side2 = requantize((second - p.input2.zero_point) << n.left_shift, *n.input2)
        square = (side1 - side2) ** 2
        return saturate(requantize(square, *n.output) + p.output.zero_point, p.low, p.high)

    def params(self, graph: Graph, operator: Operator) -> Mapping[str, Any]:
        """Return the integers as `safe_squared_difference_element_t` holds them."""
        p, n = sides(graph, operator), _integers(graph, operator)
        return {
            "zero_point1": p.input1.zero_point,
            "zero_point2": p.input2.zero_point,
            "factor": 1 << n.left_shift,
            "multiplier1": n.input1[0],
            "shift1": n.input1[1],
            "multiplier2": n.input2[0],
            "shift2": n.input2[1],
            "multiplier": n.output[0],
            "shift": n.output[1],
            "zero_point": p.output.zero_point,
            "low": p.low,
            "high": p.high,
        }


def _integers(graph: Graph, operator: Operator) -> _Integers:
    p = sides(graph, operator)
    left_shift = 0 if graph.tensor(operator.outputs[0]).dtype == DType.INT16 else 7
    twice = 2.0 * max(p.input1.scale, p.input2.scale)
    # The product with the power of two is float32 in TFLM, and exact.
    whole = (twice * twice) / float(np.float32(1 << 2 * left_shift) * np.float32(p.output.scale))
    factors = p.input1.scale / twice, p.input2.scale / twice, whole
    input1, input2, output = (quantize_multiplier(factor) for factor in factors)
    return _Integers(left_shift, input1, input2, output)


OPERATOR = SquaredDifference()
