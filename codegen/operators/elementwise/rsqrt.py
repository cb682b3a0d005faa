"""RSQRT, int8: one over the square root.

Source of the arithmetic: TFLM's elementwise RSQRT: Newton's method in gemmlowp's fixed point
(GetInvSqrtQuantizedMultiplierExp), in steps of 2^-20; scales in double precision, see RELU. At the
zero point the result is the largest one. So it is below the zero point, where TFLM ends the
inference: a table cannot stop, and no trained model takes the root of a negative number.
"""

import math

import numpy as np

from codegen.fixed_point import Int64, multiply_high, requantize, saturate
from codegen.ir.graph import Graph, Operator, Quantization
from codegen.operators.checks import unsupported
from codegen.operators.elementwise.unary import Unary
from codegen.quantization import INT8_MAX, INT8_MIN, quantize_multiplier

_STEP = 20
"""Fraction bits of the reciprocal root before the output's scale."""
_HALF_SQRT_2 = 1518500250
"""sqrt(2) / 2 in Q0.31."""
_ONE_AND_A_HALF = (1 << 28) + (1 << 27)
"""1.5 in Q3.28."""


class Rsqrt(Unary):
    """1 / sqrt(input)."""

    kind = "RSQRT"

    def check_integers(self, graph: Graph, operator: Operator) -> None:
        """Check the shift: the largest root, 2^20, stays below 2^31, and no shift exceeds 31."""
        _, shift = _scale(*_quantizations(graph, operator))
        if not _STEP - 31 <= shift <= 30:
            unsupported(graph, operator, "has scales beyond TFLite Micro's int32; convert again")

    def evaluate(self, graph: Graph, operator: Operator, values: Int64) -> Int64:
        """Compute each distance from the zero point."""
        source, output = _quantizations(graph, operator)
        multiplier, shift = _scale(source, output)
        distances = (values - source.zero_point).reshape(-1).tolist()
        found = [
            int(requantize(_inverse_root(d), multiplier, shift - _STEP)) + output.zero_point
            if d > 0
            else INT8_MAX
            for d in distances
        ]
        whole = np.array(found, dtype=np.int64).reshape(values.shape)
        return saturate(whole, INT8_MIN, INT8_MAX)


def _quantizations(graph: Graph, operator: Operator) -> tuple[Quantization, Quantization]:
    source = graph.tensor(operator.inputs[0]).quantization
    output = graph.tensor(operator.outputs[0]).quantization
    assert source is not None
    assert output is not None
    return source, output


def _scale(source: Quantization, output: Quantization) -> tuple[int, int]:
    """Return multiplier and shift of 1 / (sqrt(input scale) · output scale)."""
    return quantize_multiplier(1.0 / (math.sqrt(source.scale) * output.scale))


def _inverse_root(value: int) -> int:
    """Return 2^20 / sqrt(value), rounded as TFLM does; value in [1, 255]."""
    if value == 1:
        return int(requantize(1, (1 << 31) - 1, _STEP))
    shift = 11
    pairs = (32 - value.bit_length() - 1) // 2 - 1
    shift -= pairs
    scaled = value << (2 * pairs)  # in [2^27, 2^29)
    argument = np.int64(scaled >> 1)  # Q3.28
    half = (argument + 1) >> 1  # halves away from zero: it is positive
    x: Int64 = np.asarray(1 << 28, np.int64)
    for _ in range(5):
        cube = _shifted(multiply_high(multiply_high(x, x), x), 6)
        x = _shifted(multiply_high(_ONE_AND_A_HALF, x) - multiply_high(half, cube), 3)
    result = int(multiply_high(x, _HALF_SQRT_2))
    if shift < 0:
        result, shift = result << -shift, 0
    return int(requantize(1, result, _STEP - shift))


def _shifted(value: Int64, bits: int) -> Int64:
    """Return a value with `bits` more integer bits in Q3.28: shifted left, saturated to int32."""
    shifted: Int64 = np.clip(value << bits, -(1 << 31), (1 << 31) - 1)
    return shifted


OPERATOR = Rsqrt()
