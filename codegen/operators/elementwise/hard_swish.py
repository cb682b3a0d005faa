"""HARD_SWISH: x · min(max(x + 3, 0), 6) / 6 in 16-bit fixed point.

Source of the arithmetic: TFLM reference_ops::HardSwish: float32 scale quotients, 16-bit
multipliers, saturating shifts.
"""

from dataclasses import dataclass

import numpy as np

from codegen.fixed_point import Int64, saturate, shift_right_rounding
from codegen.ir.graph import Graph, Operator
from codegen.operators.checks import unsupported
from codegen.operators.elementwise.unary import Unary
from codegen.quantization import INT8_MAX, INT8_MIN, INT16_MAX, INT16_MIN, quantize_multiplier


@dataclass(frozen=True)
class _Integers:
    """Multipliers are Q0.15, exponents powers of two."""

    input_zero_point: int
    output_zero_point: int
    output_multiplier: int
    output_exponent: int
    gate_multiplier: int
    gate_exponent: int


class HardSwish(Unary):
    """The piecewise approximation of x · sigmoid(x)."""

    kind = "HARD_SWISH"

    def check_integers(self, graph: Graph, operator: Operator) -> None:
        """Check the exponents: TFLM takes none above 0 for the output, 16-bit shifts only."""
        p = _integers(graph, operator)
        if not -15 <= p.output_exponent <= 0 or not -15 <= p.gate_exponent <= 15:
            unsupported(
                graph,
                operator,
                f"has scale exponents {p.output_exponent} and {p.gate_exponent}, expected -15 to "
                "0 and -15 to 15; convert the model again",
            )

    def evaluate(self, graph: Graph, operator: Operator, values: Int64) -> Int64:
        """Multiply the value by a gate between 0 and 1."""
        p = _integers(graph, operator)
        fine = (values - p.input_zero_point) << 7  # |fine| <= 255 · 128 < 2^15
        scaled = _multiply(fine, p.output_multiplier)
        gate = fine
        if p.gate_exponent > 0:
            gate = _saturate(gate << (p.gate_exponent - 1))
        gate = _multiply(gate, p.gate_multiplier)
        if p.gate_exponent > 0:
            gate = _saturate(gate << 1)
        if p.gate_exponent < 0:
            gate = shift_right_rounding(gate, -p.gate_exponent)
        gate = (gate + (1 << 15)) >> 1
        product = gate * scaled
        # A truncating division: towards 0, unlike a shift.
        halved = np.sign(product) * (np.abs(product) >> 15)
        result = shift_right_rounding(halved, -p.output_exponent)
        return saturate(result + p.output_zero_point, INT8_MIN, INT8_MAX)


def _saturate(value: Int64) -> Int64:
    return saturate(value, INT16_MIN, INT16_MAX)


def _multiply(value: Int64, multiplier: int) -> Int64:
    """16-bit saturating rounding doubling high multiply; `multiplier` is not negative."""
    rounded: Int64 = (value * multiplier + (1 << 14)) >> 15
    return rounded


def _integers(graph: Graph, operator: Operator) -> _Integers:
    source = graph.tensor(operator.inputs[0]).quantization
    output = graph.tensor(operator.outputs[0]).quantization
    assert source is not None
    assert output is not None
    fine_scale = np.float32(1.0 / 128.0) * np.float32(source.scale)
    gate_scale = np.float32(3.0) / np.float32(32768.0)
    output_multiplier, output_exponent = _short(fine_scale / np.float32(output.scale))
    gate_multiplier, gate_exponent = _short(fine_scale / gate_scale)
    return _Integers(
        input_zero_point=source.zero_point,
        output_zero_point=output.zero_point,
        output_multiplier=output_multiplier,
        output_exponent=output_exponent,
        gate_multiplier=gate_multiplier,
        gate_exponent=gate_exponent,
    )


def _short(ratio: np.float32) -> tuple[int, int]:
    """Return a Q0.15 multiplier and its exponent."""
    multiplier, exponent = quantize_multiplier(float(ratio))
    if multiplier >= (1 << 31) - 1 - (1 << 15):
        return INT16_MAX, exponent
    return (multiplier + (1 << 15)) >> 16, exponent


OPERATOR = HardSwish()
