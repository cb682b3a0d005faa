"""What int8 operators share whose table is computed in single precision.

Source of the arithmetic: TFLite's `LUTPopulate`: dequantize, transform, multiply by the reciprocal
of the output's scale, round half away from zero.
"""

from abc import abstractmethod

import numpy as np

from codegen.fixed_point import Int64, saturate
from codegen.ir.graph import Graph, Operator
from codegen.operators.elementwise.unary import Unary
from codegen.quantization import INT8_MAX, INT8_MIN, round_half_away

_FAR = float(1 << 30)
"""Stand-in for results that are beyond int8 by far."""


class FloatTable(Unary):
    """A function of one real number, as a table of 256 results."""

    @abstractmethod
    def transform(self, operator: Operator, value: np.float32) -> np.float32:
        """Return the function of a value, with the roundings of single precision."""

    def evaluate(self, graph: Graph, operator: Operator, values: Int64) -> Int64:
        """Compute each value in float32."""
        source = graph.tensor(operator.inputs[0]).quantization
        output = graph.tensor(operator.outputs[0]).quantization
        assert source is not None
        assert output is not None
        with np.errstate(over="ignore"):
            inverse = np.float32(1) / np.float32(output.scale)
            real = np.float32(source.scale) * (values - source.zero_point).astype(np.float32)
        found = []
        for value in real.reshape(-1):
            with np.errstate(over="ignore"):
                scaled = float(np.float32(self.transform(operator, value) * inverse))
            found.append(round_half_away(max(-_FAR, min(scaled, _FAR))) + output.zero_point)
        whole = np.array(found, dtype=np.int64).reshape(values.shape)
        return saturate(whole, INT8_MIN, INT8_MAX)
