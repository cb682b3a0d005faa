"""TANH: int8 by table, int16 by interpolation.

Source of the arithmetic: TFLM reference_integer_ops::Tanh: gemmlowp's fixed point for int8
(output scale 1/128, zero point 0), TFLite's sigmoid table for int16 (output scale 2^-15).
"""

import numpy as np

from codegen.fixed_point import Int64, requantize, saturate, shift_right_rounding, tanh_s16
from codegen.ir.call import KernelCall
from codegen.ir.graph import DType, Graph, Operator
from codegen.operators.elementwise.gemmlowp import tanh
from codegen.operators.elementwise.sigmoid import (
    INTEGER_BITS,
    argument_scale,
    call_s16,
    check_s16,
    input_radius,
    table_argument,
)
from codegen.operators.elementwise.unary import Unary
from codegen.quantization import INT8_MAX, INT8_MIN


class Tanh(Unary):
    """Hyperbolic tangent."""

    kind = "TANH"
    dtypes = (DType.INT8, DType.INT16)

    def check_integers(self, graph: Graph, operator: Operator) -> None:
        """Check the input's scale, and for int16 the output's."""
        if graph.tensor(operator.outputs[0]).dtype == DType.INT16:
            check_s16(graph, operator)
        else:
            argument_scale(graph, operator)

    def evaluate(self, graph: Graph, operator: Operator, values: Int64) -> Int64:
        """Compute in Q4.27 for int8, from the sigmoid table for int16."""
        if graph.tensor(operator.inputs[0]).dtype == DType.INT16:
            return tanh_s16(values, *table_argument(graph, operator, steps=2))
        zero_point, multiplier, shift = argument_scale(graph, operator)
        centred = values - zero_point
        radius = input_radius(shift)
        inside = np.clip(centred, 1 - radius, radius - 1)
        scaled = tanh(requantize(inside, multiplier, shift), INTEGER_BITS)
        result = saturate(shift_right_rounding(scaled, 24), INT8_MIN, INT8_MAX)
        result = np.where(centred >= radius, INT8_MAX, result)
        limited: Int64 = np.where(centred <= -radius, INT8_MIN, result)
        return limited

    def call_wide(self, graph: Graph, operator: Operator) -> KernelCall:
        """Return the call of `safe_kernel_tanh_s16`."""
        return call_s16(graph, operator, "tanh", table_argument(graph, operator, steps=2))


OPERATOR = Tanh()
