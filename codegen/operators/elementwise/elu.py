"""ELU, int8: x where x ≥ 0, else exp(x) − 1.

Source of the arithmetic: TFLM's table of ELU, in float32: dequantize, transform, multiply by the
reciprocal of the output's scale, round half away from zero.
"""

import math

import numpy as np

from codegen.fixed_point import Int64, saturate
from codegen.ir.graph import Graph, Operator
from codegen.operators.elementwise.unary import Unary
from codegen.quantization import INT8_MAX, INT8_MIN, round_half_away

_FAR = float(1 << 30)
"""Stand-in for results that are beyond int8 by far."""


class Elu(Unary):
    """Exponential linear unit."""

    kind = "ELU"

    def evaluate(self, graph: Graph, operator: Operator, values: Int64) -> Int64:
        """Compute each value in float32; exp is rounded once, from double precision."""
        source = graph.tensor(operator.inputs[0]).quantization
        output = graph.tensor(operator.outputs[0]).quantization
        assert source is not None
        assert output is not None
        with np.errstate(over="ignore"):
            inverse = np.float32(1) / np.float32(output.scale)
            real = np.float32(source.scale) * (values - source.zero_point).astype(np.float32)
        found = []
        for value in real.reshape(-1):
            result = value
            if value < 0:
                result = np.float32(math.exp(float(value))) - np.float32(1)
            with np.errstate(over="ignore"):
                scaled = float(np.float32(result * inverse))
            found.append(round_half_away(max(-_FAR, min(scaled, _FAR))) + output.zero_point)
        whole = np.array(found, dtype=np.int64).reshape(values.shape)
        return saturate(whole, INT8_MIN, INT8_MAX)


OPERATOR = Elu()
