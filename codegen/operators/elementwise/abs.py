"""ABS, int8: the distance from zero, at one scale or another.

Source of the arithmetic: TFLM's elementwise ABS: a quotient of the scales in double precision (see
RELU), double rounding; between equal scales nothing is rounded.
"""

import numpy as np

from codegen.fixed_point import Int64, requantize, saturate
from codegen.ir.graph import Graph, Operator
from codegen.operators.elementwise.relu import prove_left_shift, scale_ratio
from codegen.operators.elementwise.unary import Unary
from codegen.quantization import INT8_MAX, INT8_MIN


class Abs(Unary):
    """|input|."""

    kind = "ABS"

    def check_integers(self, graph: Graph, operator: Operator) -> None:
        """Prove that the left shift of a large scale ratio fits."""
        _, shift, zero_point = scale_ratio(graph, operator)
        prove_left_shift(graph, operator, zero_point, shift)

    def evaluate(self, graph: Graph, operator: Operator, values: Int64) -> Int64:
        """Return the distance from the zero point, rescaled where the scales differ."""
        source = graph.tensor(operator.inputs[0]).quantization
        output = graph.tensor(operator.outputs[0]).quantization
        assert source is not None
        assert output is not None
        distance = np.abs(values - source.zero_point)
        if source.scale != output.scale:
            multiplier, shift, _ = scale_ratio(graph, operator)
            distance = requantize(distance, multiplier, shift)
        return saturate(distance + output.zero_point, INT8_MIN, INT8_MAX)


OPERATOR = Abs()
