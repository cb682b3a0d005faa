"""LEAKY_RELU: x where x ≥ 0, else alpha · x, both requantized.

Source of the arithmetic: TFLM reference_ops::QuantizeLeakyRelu: scales in double precision (see
RELU), double rounding; a negative alpha negates the rounded magnitude.
"""

from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np

from codegen.fixed_point import Int64, requantize, saturate
from codegen.ir.call import KernelCall, ParamsArg, TensorArg
from codegen.ir.graph import DType, Graph, Operator
from codegen.operators.checks import in_place, invalid, require_options
from codegen.operators.elementwise.relu import prove_left_shift, scale_ratio
from codegen.operators.elementwise.unary import Unary

_MAX_ALPHA = 2.0**20
"""Largest magnitude of alpha: alpha times a quotient of scales stays in the range of float32."""


class LeakyRelu(Unary):
    """A different slope on each side of 0."""

    kind = "LEAKY_RELU"
    dtypes = (DType.INT8, DType.INT16)

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
        limits = np.iinfo(graph.tensor(operator.outputs[0]).dtype.value)
        return saturate(result + output.zero_point, int(limits.min), int(limits.max))

    def call_wide(self, graph: Graph, operator: Operator) -> KernelCall:
        """Return the call of `safe_kernel_leaky_relu_s16`."""
        source, output = graph.tensor(operator.inputs[0]), graph.tensor(operator.outputs[0])
        assert output.quantization is not None
        alpha = operator.options["alpha"]
        above, above_shift, zero_point = scale_ratio(graph, operator)
        below, below_shift, _ = scale_ratio(graph, operator, abs(alpha))
        return KernelCall(
            kernel="safe_kernel_leaky_relu_s16",
            header="safe/kernel/leaky_relu.h",
            source="leaky_relu_s16",
            arguments=(ParamsArg(), TensorArg(source.index), TensorArg(output.index)),
            params_type="safe_leaky_relu_params_t",
            params={
                "length": source.elements,
                "input_zero_point": zero_point,
                "multiplier_above": above,
                "shift_above": above_shift,
                "multiplier_below": below,
                "shift_below": below_shift,
                "sign_below": -1 if alpha < 0 else 1,
                "output_zero_point": output.quantization.zero_point,
            },
            notes=("reference kernel",),
            in_place=in_place(graph, source.index),
        )


OPERATOR = LeakyRelu()
