"""DIV, int8: the quotient of two quantized tensors.

Source of the arithmetic: TFLM reference_ops::DivElementwise: the divisor's reciprocal by Newton's
method in Q0.31, the quotient with all its bits, one rounding shift; scales in double precision.
Where TFLM leaves the result undefined: a divisor of 0 counts as one step, and what a shift beyond
31 would leave is 0.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.fixed_point import (
    Int64,
    multiply_high,
    one_over_one_plus,
    saturate,
    shift_right_rounding,
)
from codegen.ir.call import Constant, ConstantArg, KernelCall
from codegen.ir.graph import DType, Graph, Operator
from codegen.operators.checks import unsupported
from codegen.operators.elementwise.binary import Elementwise, Sides, sides
from codegen.quantization import quantize_multiplier

_MAX_SHIFT = 23
"""Largest shift of the factor: a distance from a zero point has at least 23 bits of headroom."""


class Div(Elementwise):
    """Quotient of two tensors, input1 / input2."""

    kind = "DIV"
    dtypes = (DType.INT8,)
    _stem = "div"

    def check_integers(self, graph: Graph, operator: Operator) -> None:
        """Check that the quotient is shifted right."""
        p = sides(graph, operator)
        if _factor(p)[1] > _MAX_SHIFT:
            unsupported(
                graph, operator, f"has output scale {p.output.scale}: too small; convert again"
            )

    def evaluate(self, graph: Graph, operator: Operator, first: Int64, second: Int64) -> Int64:
        """Compute in int64, with the roundings of int32 arithmetic."""
        p = sides(graph, operator)
        multiplier, shift = _factor(p)
        value, divisor = np.broadcast_arrays(
            first - p.input1.zero_point, second - p.input2.zero_point
        )
        numerator = np.where(divisor < 0, -value, value)
        magnitude = np.maximum(np.abs(divisor), 1)
        headroom = 31 - _bits(np.where(numerator < 0, -numerator - 1, numerator))
        whole = multiply_high(numerator << headroom, reciprocals()[magnitude])
        right = _bits(magnitude) - 1 + headroom - shift
        rounded = shift_right_rounding(multiply_high(whole, multiplier), np.minimum(right, 31))
        return saturate(np.where(right > 31, 0, rounded) + p.output.zero_point, p.low, p.high)

    def params(self, graph: Graph, operator: Operator) -> Mapping[str, Any]:
        """Return the integers as `safe_div_element_t` holds them."""
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

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call with the table of reciprocals, or a table lookup."""
        call = super().call(graph, operator)
        if call is None or self.int8_table(graph, operator) is not None:
            return call
        table = Constant("reciprocals", reciprocals().astype(np.int32), counts_as_weight=False)
        *before, output = call.arguments
        return replace(
            call,
            arguments=(*before, ConstantArg("reciprocals"), output),
            constants=(*call.constants, table),
        )


def reciprocals() -> NDArray[np.int64]:
    """Return 1 / n in Q0.31 for n from 0 to 255, scaled to [1/2, 1); 0 counts as 1."""
    numbers = np.maximum(np.arange(256, dtype=np.int64), 1)
    return one_over_one_plus((numbers << (32 - _bits(numbers))) - (1 << 31))


def _bits(values: Int64) -> Int64:
    """Return the number of bits of values from 0 on."""
    return np.frexp(values.astype(np.float64))[1].astype(np.int64)


def _factor(p: Sides) -> tuple[int, int]:
    """Return multiplier and shift of the quotient."""
    return quantize_multiplier(p.input1.scale / (p.input2.scale * p.output.scale))


OPERATOR = Div()
