"""MAXIMUM, int8 or int16: the larger of two values at one scale and zero point.

Source of the arithmetic: TFLM's maximum_minimum, which compares the integers as they are.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from codegen.fixed_point import Int64, saturate
from codegen.ir.graph import Graph, Operator
from codegen.operators.checks import unsupported
from codegen.operators.elementwise.binary import Elementwise, sides


class Maximum(Elementwise):
    """The larger of two values."""

    kind = "MAXIMUM"
    _stem = "extreme"
    sign: ClassVar[int] = 1
    """1 where the larger value wins, −1 where the smaller does."""

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Start without a fused activation: the file's table has no fields."""
        del builtin_options
        return {"fused_activation": "NONE"}

    def check_integers(self, graph: Graph, operator: Operator) -> None:
        """Refuse different scales: integers of one scale only can be compared."""
        p = sides(graph, operator)
        for side, position in ((p.input1, 0), (p.input2, 1)):
            if (side.scale, side.zero_point) != (p.output.scale, p.output.zero_point):
                unsupported(
                    graph,
                    operator,
                    "has another scale or zero point than the output: TFLite Micro compares the "
                    "integers as they are; convert again",
                    operator.inputs[position],
                )

    def evaluate(self, graph: Graph, operator: Operator, first: Int64, second: Int64) -> Int64:
        """Compare, and limit by the fused activation."""
        p = sides(graph, operator)
        return saturate(
            self.sign * np.maximum(self.sign * first, self.sign * second), p.low, p.high
        )

    def params(self, graph: Graph, operator: Operator) -> Mapping[str, Any]:
        """Return the integers as `safe_extreme_element_t` holds them."""
        p = sides(graph, operator)
        return {"sign": self.sign, "low": p.low, "high": p.high}


OPERATOR = Maximum()
