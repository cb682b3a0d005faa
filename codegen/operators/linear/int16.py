"""Operators with int16 values and constant int8 weights (int16x8).

Zero points are 0, so nothing is folded into the bias. Source of the arithmetic: TFLM's
reference_integer_ops with int16 input. With an int64 bias (or none) sums are 64-bit and rescaled
by a 15-bit multiplier with one rounding; with an int32 bias sums are 32-bit and rescaled as int8
operators do it, with two.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from codegen.fixed_point import Int64, requantize, saturate
from codegen.ir.call import Argument, Constant, ConstantArg, KernelCall, ParamsArg, TensorArg
from codegen.ir.graph import DType, Graph, Operator
from codegen.operators.base import Operands
from codegen.operators.checks import (
    invalid,
    optional_input,
    prove_accumulator,
    require_activation,
    require_constant,
    require_dtype,
    require_per_tensor,
    require_weights,
    unsupported,
)
from codegen.operators.linear.products import PLAIN, WEIGHTS
from codegen.quantization import INT16_MAX, INT16_MIN, activation_range, output_multipliers

INT32_BIAS = 2
"""Value of option `bias_type` (a TensorType of the schema) that asks for 32-bit sums without a
bias."""

_MAX_SUM = 1 << 47
"""Limit of a 64-bit sum, as in TFLM."""


@dataclass(frozen=True, eq=False)
class Integers16:
    """Everything the arithmetic needs; `multiplier` and `shift` have 1 or `channels` entries."""

    weights: NDArray[np.int8]
    """Weights in the file's shape."""
    rows: NDArray[np.int8]
    """Weights as [channels, products of one sum]."""
    bias: NDArray[np.int64]
    wide: bool
    """Whether sums have 64 bits. `multiplier` then has 15 bits instead of 31."""
    multiplier: NDArray[np.int32]
    shift: NDArray[np.int8]
    low: int
    high: int

    def rescale(self, sums: ArrayLike) -> Int64:
        """Return the limited outputs for sums[…, channels] without bias."""
        totals = np.asarray(sums, np.int64) + self.bias
        if self.wide:
            right = 15 - self.shift.astype(np.int64)
            scaled = (totals * self.multiplier + (np.int64(1) << (right - 1))) >> right
        else:
            scaled = requantize(totals, self.multiplier, self.shift)
        return saturate(scaled, self.low, self.high)

    def params(self) -> Mapping[str, int]:
        """Return the last fields of the parameter structures."""
        return {
            "wide": int(self.wide),
            "requantize_step": int(self.multiplier.size > 1),
            "output_min": self.low,
            "output_max": self.high,
        }

    def call(
        self,
        operator: Operator,
        stem: str,
        fields: Mapping[str, Any],
        positions: int,
        note: str,
        *,
        at: Operands = PLAIN,
    ) -> KernelCall:
        """Return the call of `safe_kernel_<stem>_s16`."""
        arguments: tuple[Argument, ...] = (
            ParamsArg(),
            TensorArg(operator.inputs[at.source]),
            ConstantArg("weights"),
            ConstantArg("bias"),
            ConstantArg("multiplier"),
            ConstantArg("shift"),
            TensorArg(operator.outputs[0]),
        )
        return KernelCall(
            kernel=f"safe_kernel_{stem}_s16",
            header=f"safe/kernel/{stem}_s16.h",
            source=f"{stem}_s16",
            arguments=arguments,
            params_type=f"safe_{stem}_s16_params_t",
            params={**fields, **self.params()},
            constants=(
                Constant("weights", self.weights),
                Constant("bias", self.bias),
                Constant("multiplier", self.multiplier, counts_as_weight=False),
                Constant("shift", self.shift, counts_as_weight=False),
            ),
            macs=positions * self.weights.size,
            notes=(f"reference kernel, {'64' if self.wide else '32'}-bit sums", note),
        )


def is_int16(graph: Graph, operator: Operator, at: Operands = PLAIN) -> bool:
    """Return whether the operator's values are int16."""
    return graph.tensor(operator.inputs[at.source]).dtype == DType.INT16


def check(
    graph: Graph, operator: Operator, at: Operands = PLAIN, *, only_wide: bool = False
) -> None:
    """Check types, scales, the bias, and that sum and result fit; shapes are checked before.

    `only_wide`: whether TensorFlow Lite Micro knows sums of 64 bits only.
    """
    source = graph.tensor(operator.inputs[at.source])
    weights = graph.tensor(operator.inputs[WEIGHTS])
    output = graph.tensor(operator.outputs[0])
    for tensor in (source, output):
        if require_per_tensor(graph, operator, tensor, DType.INT16).zero_point != 0:
            unsupported(graph, operator, "is int16 with a zero point other than 0", tensor.index)
    channels = weights.shape[at.axis]
    require_weights(graph, operator, weights, channels, axis=at.axis)
    bias = optional_input(graph, operator, at.bias)
    if bias is not None:
        types = (DType.INT64,) if only_wide else (DType.INT32, DType.INT64)
        require_dtype(graph, operator, bias, *types)
        size = require_constant(graph, operator, bias).size
        if size != channels:
            invalid(graph, operator, f"has {size} values, expected {channels}", bias.index)
    prove(graph, operator, at)


def prove(graph: Graph, operator: Operator, at: Operands = PLAIN) -> str:
    """Check that sums and results fit and return the line for the manifest."""
    p = integers(graph, operator, at)
    weights = np.abs(p.rows.astype(np.int64)).sum(axis=1)
    # Python integers: an int64 bias may be anything.
    bounds = [abs(int(b)) + 32768 * int(w) for b, w in zip(p.bias, weights, strict=True)]
    worst = max(bounds)
    if not p.wide:
        bound = np.array([min(b, 1 << 62) for b in bounds], dtype=np.int64)
        return prove_accumulator(graph, operator, bound, p.shift, operator.inputs[WEIGHTS])
    shifts = [int(s) for s in np.broadcast_to(p.shift, len(bounds))]
    factors = [int(m) for m in np.broadcast_to(p.multiplier, len(bounds))]
    results = [
        (b * m << max(s - 15, 0)) >> max(15 - s, 0)
        for b, m, s in zip(bounds, factors, shifts, strict=True)
    ]
    if worst >= _MAX_SUM or max(results) >= (1 << 31) - 1 or not -31 <= min(shifts) <= 7:
        unsupported(
            graph,
            operator,
            f"the sum can reach {worst} and the result {max(results)}, beyond 2^47 and int32; use "
            "smaller weights or a larger output scale",
            operator.inputs[WEIGHTS],
        )
    return f"|sum| <= {worst} < 2^47"


def integers(graph: Graph, operator: Operator, at: Operands = PLAIN) -> Integers16:
    """Return the integers of an operator whose scales are sound."""
    source, output = (
        graph.tensor(i).quantization for i in (operator.inputs[at.source], operator.outputs[0])
    )
    tensor = graph.tensor(operator.inputs[WEIGHTS])
    assert source is not None
    assert output is not None
    assert tensor.quantization is not None
    weights = require_constant(graph, operator, tensor)
    rows = np.moveaxis(weights, at.axis, 0).reshape(weights.shape[at.axis], -1)
    bias = optional_input(graph, operator, at.bias)
    values = np.zeros(len(rows), dtype=np.int64)
    if bias is not None:
        values = require_constant(graph, operator, bias).reshape(-1).astype(np.int64)
        wide = bias.dtype == DType.INT64
    else:
        wide = operator.options.get("bias_type") != INT32_BIAS
    multiplier, shift = output_multipliers(source.scale, tensor.quantization.scales, output.scale)
    if wide:
        reduced = (multiplier.astype(np.int64) + (1 << 15)) >> 16
        multiplier = np.minimum(reduced, 0x7FFF).astype(np.int32)
    low, high = activation_range(
        require_activation(graph, operator), output.scale, 0, (INT16_MIN, INT16_MAX)
    )
    return Integers16(weights, rows, values, wide, multiplier, shift, low, high)


def bias_type(builtin_options: Any) -> Mapping[str, int]:
    """Return option `bias_type` where the options table names the type of an absent bias."""
    found = int(builtin_options.QuantizedBiasType())
    return {"bias_type": found} if found else {}
