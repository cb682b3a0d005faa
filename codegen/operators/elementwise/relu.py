"""RELU: requantize, then limit from below at the real number 0.

Source of the arithmetic: TFLM's ReluQuantized: a float32 quotient of the scales, double rounding.
"""

import numpy as np

from codegen.fixed_point import Int64, requantize, saturate
from codegen.ir.graph import DType, Graph, Operator
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

    Product and quotient are float32, as TFLM computes them. `factor` is not negative.
    """
    source = graph.tensor(operator.inputs[0]).quantization
    output = graph.tensor(operator.outputs[0]).quantization
    assert source is not None
    assert output is not None
    ratio = np.float32(source.scale) * np.float32(factor) / np.float32(output.scale)
    multiplier, shift = quantize_multiplier(float(ratio))
    return multiplier, shift, source.zero_point


def prove_left_shift(graph: Graph, operator: Operator, zero_point: int, shift: int) -> None:
    """Check that every centred int8 input stays below 2^31 when shifted left."""
    assert graph.tensor(operator.inputs[0]).dtype == DType.INT8
    bound = np.array([max(127 - zero_point, zero_point + 128)], dtype=np.int64)
    prove_accumulator(graph, operator, bound, np.array([shift]), operator.inputs[0])


OPERATOR = Relu()
