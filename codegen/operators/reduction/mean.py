"""MEAN, int8: the mean over any axes, with another scale.

Source of the arithmetic: TFLM's `reference_ops::QuantizedMeanOrSum`. The sum is exact; the number
of elements n divides the integer multiplier, after a left shift by ⌊log2 n⌋ that keeps its bits.
There is no special case for axes 1 and 2 in TFLM's int8 path (TFLite on a host has one).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import prod
from typing import Any

import numpy as np

from codegen.fixed_point import requantize, saturate
from codegen.ir.call import KernelCall, ParamsArg, TensorArg
from codegen.ir.graph import Array, DType, Graph, Operator
from codegen.ir.rows import Known, RowRule
from codegen.operators import row_rules
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import (
    invalid,
    prove_accumulator,
    require_counts,
    require_dtype,
    require_indices,
    require_input,
    require_options,
    require_per_tensor,
    require_shape,
    unsupported,
)
from codegen.quantization import INT8_MAX, INT8_MIN, quantize_multiplier

_LOOPS = 3
"""Number of loops that the kernel has over kept axes, and over reduced ones."""


@dataclass(frozen=True)
class _Integers:
    number: int
    """Number of elements that one mean is taken over."""
    multiplier: int
    shift: int
    input_zero_point: int
    output_zero_point: int


class Mean(OperatorSpec):
    """Mean over one or more axes."""

    kind = "MEAN"

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Read whether reduced axes stay as extents of 1."""
        if builtin_options is None:
            return {}
        return {"keep_dims": bool(builtin_options.KeepDims())}

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check types, constant axes, the output's shape, and that the sum fits."""
        require_counts(graph, operator, (2,))
        require_options(graph, operator)
        source = require_input(graph, operator, 0, "input")
        axes = require_input(graph, operator, 1, "axes")
        output = graph.tensor(operator.outputs[0])
        require_dtype(graph, operator, axes, DType.INT32)
        values = require_indices(graph, operator, axes).reshape(-1)
        rank = len(source.shape)
        wrong = [int(v) for v in values if not -rank <= v < rank]
        if wrong:
            invalid(graph, operator, f"names axis {wrong[0]} of {rank}", axes.index)
        require_per_tensor(graph, operator, source)
        require_per_tensor(graph, operator, output)
        reduced = _reduced(graph, operator)
        keep = operator.options["keep_dims"]
        kept = [1 if n in reduced else size for n, size in enumerate(source.shape)]
        expected = [size for n, size in enumerate(kept) if keep or n not in reduced]
        require_shape(graph, operator, output, tuple(expected))
        loops = _loops(graph, operator)
        if max(len(found) for found in loops) > _LOOPS:
            unsupported(
                graph, operator, f"reduces every second of {rank} axes; transpose first", axes.index
            )
        _prove(graph, operator, _integers(graph, operator))

    def rows(self, graph: Graph, operator: Operator, known: Known) -> RowRule | str:
        """Return the same rows, where every reduced axis lies inside of them."""
        _, rows = row_rules.streamed(graph, operator, known)
        separate = all(axis > rows.axis for axis in _reduced(graph, operator))
        return row_rules.inside(operator, known, separate=separate)

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call of `safe_kernel_mean_s8`."""
        p = _integers(graph, operator)
        kept, reduced = _loops(graph, operator)
        return KernelCall(
            kernel="safe_kernel_mean_s8",
            header="safe/kernel/mean.h",
            source="mean",
            arguments=(
                ParamsArg(),
                TensorArg(operator.inputs[0]),
                TensorArg(operator.outputs[0]),
            ),
            params_type="safe_mean_params_t",
            params={
                **_axis_params("kept", kept),
                **_axis_params("reduced", reduced),
                "start": -p.number * p.input_zero_point,
                "multiplier": p.multiplier,
                "shift": p.shift,
                "output_zero_point": p.output_zero_point,
            },
            notes=(f"{p.number} values for each output", _prove(graph, operator, p)),
        )

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Sum in int64 and rescale."""
        values = inputs[0]
        assert values is not None
        p = _integers(graph, operator)
        axes = tuple(n + 1 for n in sorted(_reduced(graph, operator)))
        sums = values.astype(np.int64).sum(axis=axes) - p.number * p.input_zero_point
        scaled = requantize(sums, p.multiplier, p.shift)
        result = saturate(scaled + p.output_zero_point, INT8_MIN, INT8_MAX).astype(np.int8)
        return [result.reshape(-1, *graph.tensor(operator.outputs[0]).shape)]


def _reduced(graph: Graph, operator: Operator) -> set[int]:
    """Return the axes that are summed, as numbers from 0; twice the same counts once."""
    axes = require_indices(graph, operator, graph.tensor(operator.inputs[1])).reshape(-1)
    rank = len(graph.tensor(operator.inputs[0]).shape)
    return {int(v) % rank for v in axes}


def _loops(graph: Graph, operator: Operator) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return (count, step) of the kept and of the reduced loops, outermost first.

    Axes of one element vanish, and neighbours of one sort become one loop.
    """
    shape = graph.tensor(operator.inputs[0]).shape
    reduced = _reduced(graph, operator)
    axes = [(n in reduced, size) for n, size in enumerate(shape) if size > 1]
    found: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    step = prod(shape)
    for is_reduced, group in groupby(axes, key=lambda axis: axis[0]):
        count = prod(size for _, size in group)
        step //= count
        found[is_reduced].append((count, step))
    return found


def _axis_params(name: str, loops: list[tuple[int, int]]) -> Mapping[str, Any]:
    filled = [(1, 0)] * (_LOOPS - len(loops)) + loops
    return {f"{name}{n}": {"count": c, "step": s} for n, (c, s) in enumerate(filled)}


def _integers(graph: Graph, operator: Operator) -> _Integers:
    source, output = graph.tensor(operator.inputs[0]), graph.tensor(operator.outputs[0])
    assert source.quantization is not None
    assert output.quantization is not None
    number = source.elements // output.elements
    multiplier, shift = quantize_multiplier(source.quantization.scale / output.quantization.scale)
    # TFLM's own limits: no more than 32, and the remaining right shift no more than 31.
    left = min(number.bit_length() - 1, 32, 31 + shift)
    return _Integers(
        number=number,
        multiplier=(multiplier << left) // number,
        shift=shift - left,
        input_zero_point=source.quantization.zero_point,
        output_zero_point=output.quantization.zero_point,
    )


def _prove(graph: Graph, operator: Operator, p: _Integers) -> str:
    span = max(INT8_MAX - p.input_zero_point, p.input_zero_point - INT8_MIN)
    bound = np.array([p.number * max(span, abs(p.input_zero_point))], dtype=np.int64)
    return prove_accumulator(graph, operator, bound, np.array([p.shift]), operator.inputs[0])


OPERATOR = Mean()
