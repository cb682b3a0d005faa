"""RELU: requantize, then limit from below at the real number 0.

Source of the arithmetic: TFLM's ReluQuantized: a quotient of the scales, double rounding. The
quotient is in double precision, as the oracle's bytes show (tests/regression/scale_ratio), though
TFLM's sources of August 2026 divide in float32.
"""

import numpy as np

from codegen.fixed_point import Int64, requantize, saturate
from codegen.ir.graph import Graph, Operator
from codegen.operators.checks import prove_accumulator
from codegen.operators.elementwise.unary import Unary
from codegen.quantization import activation_range, quantize_multiplier


class Relu(Unary):
    """max(0, x) at the output's scale."""

    kind = "RELU"

    def check_integers(self, graph: Graph, operator: Operator) -> None:
        """Prove that the left shift of a large scale ratio fits."""
        _, shift, zero_point = scale_ratio(graph, operator)
        prove_left_shift(graph, operator, zero_point, shift)

    def evaluate(self, graph: Graph, operator: Operator, values: Int64) -> Int64:
        """Requantize and limit as a fused activation of the same name."""
        multiplier, shift, zero_point = scale_ratio(graph, operator)
        output = graph.tensor(operator.outputs[0]).quantization
        assert output is not None
        low, high = activation_range(self.kind, output.scale, output.zero_point)
        scaled = requantize(values - zero_point, multiplier, shift)
        return saturate(scaled + output.zero_point, low, high)


def scale_ratio(graph: Graph, operator: Operator, factor: float = 1.0) -> tuple[int, int, int]:
    """Return multiplier and shift of input scale · factor / output scale, and the zero point.

    Product and quotient are in double precision. `factor` is not negative.
    """
    source = graph.tensor(operator.inputs[0]).quantization
    output = graph.tensor(operator.outputs[0]).quantization
    assert source is not None
    assert output is not None
    multiplier, shift = quantize_multiplier(source.scale * factor / output.scale)
    return multiplier, shift, source.zero_point


def prove_left_shift(graph: Graph, operator: Operator, zero_point: int, shift: int) -> None:
    """Check that every centred input stays below 2^31 when shifted left."""
    limits = np.iinfo(graph.tensor(operator.inputs[0]).dtype.value)
    low, high = int(limits.min), int(limits.max)
    bound = np.array([max(high - zero_point, zero_point - low)], dtype=np.int64)
    prove_accumulator(graph, operator, bound, np.array([shift]), operator.inputs[0])


OPERATOR = Relu()
