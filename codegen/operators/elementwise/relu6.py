"""RELU6: limits the quantized value between its own 0 and 6; scales are not touched.

Source of the arithmetic: TFLM's Relu6Quantized, which takes both limits from the input's scale
and ignores the output's. Where 6 lies beyond int8 TFLM wraps the limit; SAFE saturates it.
"""

import numpy as np

from codegen.fixed_point import Int64, saturate
from codegen.ir.graph import Graph, Operator
from codegen.operators.elementwise.unary import Unary
from codegen.quantization import INT8_MAX, round_half_away


class Relu6(Unary):
    """Clamp of x to [0, 6]."""

    kind = "RELU6"

    def evaluate(self, graph: Graph, operator: Operator, values: Int64) -> Int64:
        """Limit to [zero point, quantized 6]."""
        source = graph.tensor(operator.inputs[0]).quantization
        assert source is not None
        steps = round_half_away(float(np.float32(6.0) / np.float32(source.scale)))
        return saturate(values, source.zero_point, min(source.zero_point + steps, INT8_MAX))


OPERATOR = Relu6()
