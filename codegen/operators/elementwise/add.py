"""ADD: the sum of two quantized tensors, int8 or int16.

Source of the arithmetic: TFLM reference_integer_ops::Add: both inputs are brought to twice the
larger input scale in 2^-20 (int16: 2^-15) steps, added, and requantized, each with double rounding;
factors in double precision, also for SUB, whose float32 ones in TFLM's sources of August 2026 give
other bytes than the oracle.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.fixed_point import Int64, requantize, saturate
from codegen.ir.graph import DType, Graph, Operator
from codegen.operators.checks import unsupported
from codegen.operators.elementwise.binary import Elementwise, Sides, sides
from codegen.quantization import quantize_multiplier


@dataclass(frozen=True)
class AddIntegers:
    """(multiplier, shift) of each input and of the sum; every shift is at most 0."""

    left_shift: int
    input1: tuple[int, int]
    input2: tuple[int, int]
    output: tuple[int, int]


class Add(Elementwise):
    """Sum of two tensors, input1 + input2."""

    kind = "ADD"
    _stem = "add"
    sign: ClassVar[int] = 1
    """Sign of the second input: 1 adds it, −1 subtracts it."""

    def check_integers(self, graph: Graph, operator: Operator) -> None:
        """Check that the sum is scaled down at least by 2; TFLM refuses to scale it up."""
        p = sides(graph, operator)
        multiplier, shift = integers(graph, operator).output
        if shift > 0 or (shift == 0 and multiplier != 0):
            unsupported(
                graph,
                operator,
                f"has output scale {p.output.scale} for input scales {p.input1.scale} and "
                f"{p.input2.scale}: too small; convert the model again",
            )

    def evaluate(self, graph: Graph, operator: Operator, first: Int64, second: Int64) -> Int64:
        """Compute in int64, with the roundings of int32 arithmetic."""
        p = sides(graph, operator)
        return saturate(self.unlimited(p, integers(graph, operator), first, second), p.low, p.high)

    def unlimited(self, p: Sides, n: AddIntegers, first: Int64, second: Int64) -> Int64:
        """Return the result before it is limited."""
        side1 = requantize((first - p.input1.zero_point) << n.left_shift, *n.input1)
        side2 = requantize((second - p.input2.zero_point) << n.left_shift, *n.input2)
        return requantize(side1 + self.sign * side2, *n.output) + p.output.zero_point

    def swapped(self, graph: Graph, operator: Operator) -> bool:
        """Return whether the second input has the larger scale: the kernel wants it first."""
        p = sides(graph, operator)
        return p.input2.scale > p.input1.scale

    def params(self, graph: Graph, operator: Operator) -> Mapping[str, Any]:
        """Return the integers as `safe_add_element_t` holds them, the larger scale first."""
        p, n = sides(graph, operator), integers(graph, operator)
        first, second = (p.input1.zero_point, 1), (p.input2.zero_point, self.sign)
        multiplier2, shift2 = n.input2
        if self.swapped(graph, operator):
            first, second = second, first
            multiplier2, shift2 = n.input1
        factor1, factor2 = first[1] << n.left_shift, 2 << n.left_shift
        multiplier, shift = n.output
        return {
            "factor1": factor1,
            "bias": -first[0] * factor1,
            "factor2": factor2,
            "start2": -second[0] * factor2,
            "multiplier2": multiplier2,
            "shift2": max(-shift2, 1),
            # Without a shift the multiplier is exactly one half: a shift of 1 is undone here.
            "sign2": second[1] * (2 if shift2 < 0 else 4),
            "multiplier": multiplier,
            "shift": max(-shift, 1),
            "zero_point": p.output.zero_point,
            "low": p.low,
            "high": p.high,
        }


def integers(graph: Graph, operator: Operator) -> AddIntegers:
    """Return the factors of a checked operator."""
    p = sides(graph, operator)
    left_shift = 15 if graph.tensor(operator.outputs[0]).dtype == DType.INT16 else 20
    twice = 2 * max(p.input1.scale, p.input2.scale)
    whole = twice / ((1 << left_shift) * p.output.scale)
    factors = p.input1.scale / twice, p.input2.scale / twice, whole
    input1, input2, output = (quantize_multiplier(factor) for factor in factors)
    return AddIntegers(left_shift, input1, input2, output)


OPERATOR = Add()
