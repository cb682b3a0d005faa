"""RELU_N1_TO_1: requantize, then limit to the real numbers −1 to 1.

TFLM has no such kernel: the arithmetic is that of its RELU with other limits, and equals TFLite's
reference kernel.
"""

from codegen.operators.elementwise.relu import Relu


class ReluN1To1(Relu):
    """min(max(−1, x), 1) at the output's scale."""

    kind = "RELU_N1_TO_1"


OPERATOR = ReluN1To1()
