"""SOFTMAX: over the last axis, int8 to int8 or int16, or int16 (see `softmax_s16`).

Source of the arithmetic: TFLM's `reference_ops::Softmax` with gemmlowp's fixed point: the
exponential of the difference to the row's maximum in Q0.31, their sum in Q12.19, and the sum's
reciprocal by three Newton steps. The differences are 256 at most, so that the exponentials are a
table here. Beyond TFLM: where it stops because the exponentials sum to 512 or more (int8 output),
every output is -128, the rounded value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.fixed_point import Int64, multiply_high, one_over_one_plus, shift_right_rounding
from codegen.ir.call import Constant, ConstantArg, KernelCall, ParamsArg, TensorArg
from codegen.ir.graph import Array, DType, Graph, Operator
from codegen.ir.rows import Known, RowRule
from codegen.operators import row_rules
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import (
    in_place,
    invalid,
    prove_accumulator,
    require_counts,
    require_input,
    require_options,
    require_per_tensor,
    require_shape,
    unsupported,
)
from codegen.operators.reduction import softmax_s16
from codegen.quantization import quantize_multiplier

MAX_DEPTH = 4095
"""Largest depth, SAFE_SOFTMAX_MAX_DEPTH of safe/kernel/softmax_row.h: the sum stays below 2^31."""
_INT32_MAX = (1 << 31) - 1
_RANGE = 65535
"""Largest difference of two int16 values."""
_INTEGER_BITS = 5
"""Number of integer bits of the scaled difference, which is in Q5.26."""
_ACCUMULATOR_BITS = 12
_QUARTER = 1 << (31 - _INTEGER_BITS - 2)
_EXP_EIGHTH = 1895147668
"""exp(−1/8) in Q0.31."""
_THIRD = 715827883
_EXP_OF_POWERS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
"""Factors exp(−2^k) in Q0.31 for k = −2 … 4, as in gemmlowp."""


@dataclass(frozen=True)
class _Scaling:
    """Scaling of a difference to the argument of exp; below `least` it counts as minus infinity."""

    multiplier: int
    shift: int
    least: int


class Softmax(OperatorSpec):
    """Softmax over the last axis."""

    kind = "SOFTMAX"
    dtypes = (DType.INT8, DType.INT16)

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Read beta, the factor of the input."""
        if builtin_options is None:
            return {}
        return {"beta": float(builtin_options.Beta())}

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check types, shape, the fixed output scale, and that the sum fits."""
        require_counts(graph, operator, (1,))
        require_options(graph, operator)
        source = require_input(graph, operator, 0, "input")
        output = graph.tensor(operator.outputs[0])
        read = require_per_tensor(graph, operator, source, *self.dtypes)
        if source.dtype is DType.INT16 and read.zero_point != 0:
            unsupported(graph, operator, "is int16 with a zero point other than 0", source.index)
        scale = read.scale
        types = (DType.INT8, DType.INT16) if source.dtype is DType.INT8 else (DType.INT16,)
        made = require_per_tensor(graph, operator, output, *types)
        require_shape(graph, operator, output, source.shape)
        if not source.shape or source.shape[-1] > MAX_DEPTH:
            unsupported(
                graph,
                operator,
                f"has shape {list(source.shape)}, expected a last axis of at most {MAX_DEPTH}",
                source.index,
            )
        bits = 8 * output.dtype.itemsize
        exact, zero_point = 2.0**-bits, -(1 << (bits - 1))
        if source.dtype is DType.INT16:
            exact, zero_point = 2.0**-15, 0
        # TFLM: exactly 1/256 for int8, within a thousandth for int16.
        tolerance = 0.0 if bits == 8 else 0.001 * exact
        if abs(made.scale - exact) > tolerance or made.zero_point != zero_point:
            unsupported(
                graph,
                operator,
                f"has scale {made.scale} and zero point {made.zero_point}, expected {exact} and "
                f"{zero_point}; convert the model again",
                output.index,
            )
        beta = operator.options["beta"]
        if not (isfinite(beta) and beta * scale * (1 << (31 - _INTEGER_BITS)) > 1.0):
            invalid(graph, operator, f"has beta {beta} at input scale {scale}, which is too small")
        if source.dtype is DType.INT16:
            _, shift = softmax_s16.scaling(scale, beta)
            bound = np.array([_RANGE], dtype=np.int64)
            prove_accumulator(graph, operator, bound, np.array([shift]), source.index)

    def rows(self, graph: Graph, operator: Operator, known: Known) -> RowRule | str:
        """Return the same rows, where the last axis lies inside of them."""
        source, rows = row_rules.streamed(graph, operator, known)
        return row_rules.inside(operator, known, separate=rows.axis < len(source.shape) - 1)

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call of `safe_kernel_softmax_s8` or `safe_kernel_softmax_s8_s16`."""
        source, output = graph.tensor(operator.inputs[0]), graph.tensor(operator.outputs[0])
        if source.dtype is DType.INT16:
            return _call_s16(graph, operator)
        stem = "softmax" if output.dtype is DType.INT8 else "softmax_s16"
        exponentials = _exponentials(graph, operator)
        return KernelCall(
            kernel="safe_kernel_softmax_s8" + stem.removeprefix("softmax"),
            header=f"safe/kernel/{stem}.h",
            source=stem,
            arguments=(
                ParamsArg(),
                TensorArg(source.index),
                ConstantArg("exponentials"),
                TensorArg(output.index),
            ),
            params_type="safe_softmax_params_t",
            params={
                "rows": source.elements // source.shape[-1],
                "depth": source.shape[-1],
                "entries": exponentials.size,
            },
            constants=(
                Constant("exponentials", exponentials.astype(np.int32), counts_as_weight=False),
            ),
            notes=(f"exponentials by a table of {exponentials.size} entries",),
            in_place=(source.index,) if output.dtype is DType.INT8 else (),
        )

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Compute row by row in int64."""
        values = inputs[0]
        assert values is not None
        if graph.tensor(operator.inputs[0]).dtype is DType.INT16:
            return [softmax_s16.softmax(values, *_scaling_s16(graph, operator))]
        output = graph.tensor(operator.outputs[0])
        bits = 8 * output.dtype.itemsize
        padded = np.zeros(256, dtype=np.int64)
        table = _exponentials(graph, operator)
        padded[: table.size] = table
        wide = values.astype(np.int64)
        exponentials = padded[wide.max(axis=-1, keepdims=True) - wide]
        sums = shift_right_rounding(exponentials, _ACCUMULATOR_BITS).sum(axis=-1, keepdims=True)
        # Bits before the binary point of the sum, less one: the sum lies in [2^b, 2^(b + 1)).
        above = np.frexp(sums.astype(np.float64))[1] - (31 - _ACCUMULATOR_BITS) - 1
        fraction = (sums << (_ACCUMULATOR_BITS - above)) - (1 << 31)
        scaled = multiply_high(one_over_one_plus(fraction), exponentials)
        exponent = above + 31 - bits
        small = shift_right_rounding(scaled, np.minimum(exponent, 31))
        result = np.where(exponent > 31, 0, small) - (1 << (bits - 1))
        return [np.minimum(result, (1 << (bits - 1)) - 1).astype(output.dtype.value)]


def _scaling_s16(graph: Graph, operator: Operator) -> tuple[int, int]:
    quantization = graph.tensor(operator.inputs[0]).quantization
    assert quantization is not None
    return softmax_s16.scaling(quantization.scale, operator.options["beta"])


def _call_s16(graph: Graph, operator: Operator) -> KernelCall:
    source = graph.tensor(operator.inputs[0])
    multiplier, shift = _scaling_s16(graph, operator)
    tables = {
        "exponentials": softmax_s16.exponentials(),
        "reciprocals": softmax_s16.reciprocals(),
    }
    return KernelCall(
        kernel="safe_kernel_softmax_q15",
        header="safe/kernel/softmax_q15.h",
        source="softmax_q15",
        arguments=(
            ParamsArg(),
            TensorArg(source.index),
            *(ConstantArg(name) for name in tables),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_softmax_q15_params_t",
        params={
            "rows": source.elements // source.shape[-1],
            "depth": source.shape[-1],
            "multiplier": multiplier,
            "shift": shift,
        },
        constants=tuple(
            Constant(name, table, counts_as_weight=False) for name, table in tables.items()
        ),
        notes=("two tables of 513 entries",),
        in_place=in_place(graph, source.index),
    )


def _scaling(graph: Graph, operator: Operator) -> _Scaling:
    quantization = graph.tensor(operator.inputs[0]).quantization
    assert quantization is not None
    factor = operator.options["beta"] * quantization.scale * (1 << (31 - _INTEGER_BITS))
    multiplier, shift = quantize_multiplier(min(factor, float(_INT32_MAX)))
    largest = ((1 << _INTEGER_BITS) - 1) * (1 << (31 - _INTEGER_BITS)) / (1 << shift)
    return _Scaling(multiplier, shift, -floor(largest))


def _exponentials(graph: Graph, operator: Operator) -> NDArray[np.int64]:
    """Return exp(−d · beta · scale) in Q0.31 for d = 0, 1, … as far as it counts."""
    scaling = _scaling(graph, operator)
    differences = -np.arange(min(255, -scaling.least) + 1, dtype=np.int64)
    return _exp(multiply_high(differences << scaling.shift, scaling.multiplier))


def _exp(value: Int64) -> Int64:
    """Return exp of values ≤ 0 in Q5.26 as Q0.31 (gemmlowp's exp_on_negative_values)."""
    rest = (value & (_QUARTER - 1)) - _QUARTER
    x = (rest << _INTEGER_BITS) + (1 << 28)  # in Q0.31, around -1/8
    x2 = multiply_high(x, x)
    x3 = multiply_high(x2, x)
    x4 = multiply_high(x2, x2)
    cubic = multiply_high(shift_right_rounding(x4, 2) + x3, _THIRD) + x2
    result = _EXP_EIGHTH + multiply_high(_EXP_EIGHTH, x + shift_right_rounding(cubic, 1))
    quarters = (rest - value) // _QUARTER
    for bit, factor in enumerate(_EXP_OF_POWERS):
        result = np.where(quarters >> bit & 1, multiply_high(result, factor), result)
    return np.where(value == 0, _INT32_MAX, result)


OPERATOR = Softmax()
