"""LEAKY_RELU: x where x ≥ 0, else alpha · x, both requantized.

Source of the arithmetic: TFLM reference_ops::QuantizeLeakyRelu: float32 products and quotients of
the scales, double rounding; a negative alpha negates the rounded magnitude.
"""

from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np

from codegen.fixed_point import Int64, requantize, saturate
from codegen.ir.graph import Graph, Operator
from codegen.operators.checks import invalid, require_options
from codegen.operators.elementwise.relu import prove_left_shift, scale_ratio
from codegen.operators.elementwise.unary import Unary
from codegen.quantization import INT8_MAX, INT8_MIN

_MAX_ALPHA = 2.0**20
"""Largest magnitude of alpha: alpha times a quotient of scales stays in the range of float32."""


class LeakyRelu(Unary):
    """A different slope on each side of 0."""

    kind = "LEAKY_RELU"

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Read alpha, a float32."""
        if builtin_options is None:
            return {}
        return {"alpha": float(builtin_options.Alpha())}

    def check_integers(self, graph: Graph, operator: Operator) -> None:
        """Check alpha, and prove that left shifts fit."""
        require_options(graph, operator)
        alpha = operator.options["alpha"]
        if not isfinite(alpha) or abs(alpha) > _MAX_ALPHA:
            invalid(graph, operator, f"has alpha {alpha}; export the model again")
        for factor in (1.0, abs(alpha)):
            _, shift, zero_point = scale_ratio(graph, operator, factor)
            prove_left_shift(graph, operator, zero_point, shift)

    def evaluate(self, graph: Graph, operator: Operator, values: Int64) -> Int64:
        """Requantize each side by its own multiplier."""
        alpha = operator.options["alpha"]
        multiplier, shift, zero_point = scale_ratio(graph, operator)
        slope, slope_shift, _ = scale_ratio(graph, operator, abs(alpha))
        output = graph.tensor(operator.outputs[0]).quantization
        assert output is not None
        centred = values - zero_point
        below = requantize(np.minimum(centred, 0), slope, slope_shift)
        above = requantize(np.maximum(centred, 0), multiplier, shift)
        result = np.where(centred >= 0, above, -below if alpha < 0 else below)
        return saturate(result + output.zero_point, INT8_MIN, INT8_MAX)


OPERATOR = LeakyRelu()
