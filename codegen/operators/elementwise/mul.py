"""MUL: the product of two quantized tensors, int8 or int16.

Source of the arithmetic: TFLM reference_integer_ops::Mul: int32 product, double rounding, scales
in double precision.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from codegen.fixed_point import Int64, requantize, saturate
from codegen.ir.graph import DType, Graph, Operator
from codegen.operators.checks import prove_accumulator
from codegen.operators.elementwise.binary import Elementwise, Sides, sides
from codegen.quantization import quantize_multiplier


class Mul(Elementwise):
    """Product of two tensors, input1 · input2."""

    kind = "MUL"
    _stem = "mul"

    def check_integers(self, graph: Graph, operator: Operator) -> None:
        """Prove that the product fits, also after a left shift."""
        p = sides(graph, operator)
        limits = (-128, 127)
        if graph.tensor(operator.outputs[0]).dtype == DType.INT16:
            limits = (-32768, 32767)
        first, second = (
            max(abs(limit - side.zero_point) for limit in limits) for side in (p.input1, p.input2)
        )
        bound = np.array([first * second], dtype=np.int64)
        prove_accumulator(graph, operator, bound, np.array([_factor(p)[1]]))

    def evaluate(self, graph: Graph, operator: Operator, first: Int64, second: Int64) -> Int64:
        """Compute in int64, with the roundings of int32 arithmetic."""
        p = sides(graph, operator)
        product = (first - p.input1.zero_point) * (second - p.input2.zero_point)
        return saturate(requantize(product, *_factor(p)) + p.output.zero_point, p.low, p.high)

    def params(self, graph: Graph, operator: Operator) -> Mapping[str, Any]:
        """Return the integers as `safe_mul_element_t` holds them."""
        p = sides(graph, operator)
        multiplier, shift = _factor(p)
        return {
            "zero_point1": p.input1.zero_point,
            "zero_point2": p.input2.zero_point,
            "multiplier": multiplier,
            "shift": shift,
            "zero_point": p.output.zero_point,
            "low": p.low,
            "high": p.high,
        }


def _factor(p: Sides) -> tuple[int, int]:
    """Return multiplier and shift of the product."""
    return quantize_multiplier(p.input1.scale * p.input2.scale / p.output.scale)


OPERATOR = Mul()
