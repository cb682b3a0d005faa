"""ADD: the sum of two quantized tensors, int8 or int16.

Source of the arithmetic: TFLM reference_integer_ops::Add: both inputs are brought to twice the
larger input scale in 2^-20 (int16: 2^-15) steps, added, and requantized, each with double rounding.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from codegen.fixed_point import Int64, requantize, saturate
from codegen.ir.graph import DType, Graph, Operator
from codegen.operators._common import unsupported
from codegen.operators._elementwise import Elementwise, sides
from codegen.quantization import quantize_multiplier


@dataclass(frozen=True)
class _Integers:
    """(multiplier, shift) of each input and of the sum; every shift is at most 0."""

    left_shift: int
    input1: tuple[int, int]
    input2: tuple[int, int]
    output: tuple[int, int]


class Add(Elementwise):
    """input1 + input2."""

    kind = "ADD"
    _stem = "add"
    _sign: ClassVar[int] = 1

    def factors(
        self, scale1: float, scale2: float, output_scale: float, left_shift: int
    ) -> tuple[float, float, float]:
        """Return the factors of both inputs and of the sum, in double precision."""
        twice = 2 * max(scale1, scale2)
        return scale1 / twice, scale2 / twice, twice / ((1 << left_shift) * output_scale)

    def check_integers(self, graph: Graph, operator: Operator) -> None:
        """Check that the sum is not scaled up, which TFLM refuses, too."""
        p = sides(graph, operator)
        if _integers(self, graph, operator).output[1] > 0:
            unsupported(
                graph,
                operator,
                f"has output scale {p.output.scale} for input scales {p.input1.scale} and "
                f"{p.input2.scale}: too small; convert the model again",
            )

    def evaluate(self, graph: Graph, operator: Operator, first: Int64, second: Int64) -> Int64:
        """Compute in int64, with the roundings of int32 arithmetic."""
        p, n = sides(graph, operator), _integers(self, graph, operator)
        side1 = requantize((first - p.input1.zero_point) << n.left_shift, *n.input1)
        side2 = requantize((second - p.input2.zero_point) << n.left_shift, *n.input2)
        total = requantize(side1 + self._sign * side2, *n.output)
        return saturate(total + p.output.zero_point, p.low, p.high)

    def params(self, graph: Graph, operator: Operator) -> Mapping[str, Any]:
        """Return the integers as `safe_add_params_t` holds them."""
        p, n = sides(graph, operator), _integers(self, graph, operator)
        return {
            "left_shift": n.left_shift,
            "sign": self._sign,
            "input1": _side(p.input1.zero_point, n.input1),
            "input2": _side(p.input2.zero_point, n.input2),
            "output_multiplier": n.output[0],
            "output_shift": n.output[1],
            "output_zero_point": p.output.zero_point,
            "output_min": p.low,
            "output_max": p.high,
        }


def _side(zero_point: int, factor: tuple[int, int]) -> Mapping[str, int]:
    return {"zero_point": zero_point, "multiplier": factor[0], "shift": factor[1]}


def _integers(spec: Add, graph: Graph, operator: Operator) -> _Integers:
    p = sides(graph, operator)
    left_shift = 15 if graph.tensor(operator.outputs[0]).dtype == DType.INT16 else 20
    with np.errstate(over="ignore"):
        factors = spec.factors(p.input1.scale, p.input2.scale, p.output.scale, left_shift)
    if not np.isfinite(factors).all():
        unsupported(graph, operator, "has scales too far apart; convert the model again")
    input1, input2, output = (quantize_multiplier(factor) for factor in factors)
    return _Integers(left_shift, input1, input2, output)


OPERATOR = Add()
