"""What reductions over constant axes share: axes, the output's shape, and the kernel's loops."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from math import prod
from typing import Any, ClassVar

from codegen.ir.graph import DType, Graph, Operator
from codegen.ir.rows import Known, RowRule
from codegen.operators import row_rules
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import (
    invalid,
    require_counts,
    require_dtype,
    require_indices,
    require_input,
    require_options,
    require_per_tensor,
    require_shape,
    unsupported,
)

_LOOPS = 3
"""Number of loops that the kernels have over kept axes, and over reduced ones."""

Loops = list[tuple[int, int]]
"""(count, step) of each loop, outermost first."""


class Reduction(OperatorSpec):
    """One output for all the values along one or more axes."""

    dtypes: ClassVar[tuple[DType, ...]] = (DType.INT8, DType.INT16)

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Read whether reduced axes stay as extents of 1."""
        if builtin_options is None:
            return {}
        return {"keep_dims": bool(builtin_options.KeepDims())}

    def check_integers(self, graph: Graph, operator: Operator) -> None:
        """Raise unless the scales allow the arithmetic."""
        raise NotImplementedError

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check types, constant axes, the output's shape, and that the result fits."""
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
        require_per_tensor(graph, operator, source, *self.dtypes)
        require_per_tensor(graph, operator, output, source.dtype)
        reduced = reduced_axes(graph, operator)
        keep = operator.options["keep_dims"]
        kept = [1 if n in reduced else size for n, size in enumerate(source.shape)]
        expected = [size for n, size in enumerate(kept) if keep or n not in reduced]
        require_shape(graph, operator, output, tuple(expected))
        if max(len(found) for found in _loops(graph, operator)) > _LOOPS:
            unsupported(
                graph, operator, f"reduces every second of {rank} axes; transpose first", axes.index
            )
        self.check_integers(graph, operator)

    def by_channel(self, graph: Graph, operator: Operator) -> bool:
        """Return whether the last axis stays."""
        rank = len(graph.tensor(operator.inputs[0]).shape)
        return rank - 1 not in reduced_axes(graph, operator)

    def rows(self, graph: Graph, operator: Operator, known: Known) -> RowRule | str:
        """Return the same rows, where every reduced axis lies inside of them."""
        _, rows = row_rules.streamed(graph, operator, known)
        separate = all(axis > rows.axis for axis in reduced_axes(graph, operator))
        return row_rules.inside(operator, known, separate=separate)


def reduced_axes(graph: Graph, operator: Operator) -> set[int]:
    """Return the axes that are reduced, as numbers from 0; twice the same counts once."""
    axes = require_indices(graph, operator, graph.tensor(operator.inputs[1])).reshape(-1)
    rank = len(graph.tensor(operator.inputs[0]).shape)
    return {int(v) % rank for v in axes}


def batch_axes(graph: Graph, operator: Operator) -> tuple[int, ...]:
    """Return the same axes in arrays with a leading axis of inferences."""
    return tuple(n + 1 for n in sorted(reduced_axes(graph, operator)))


def loop_params(graph: Graph, operator: Operator) -> Mapping[str, Any]:
    """Return the fields of `safe_reduction_t`."""
    kept, reduced = _loops(graph, operator)
    return {**_axis_params("kept", kept), **_axis_params("reduced", reduced)}


def _loops(graph: Graph, operator: Operator) -> tuple[Loops, Loops]:
    """Return the kept and the reduced loops.

    Axes of one element vanish, and neighbours of one sort become one loop.
    """
    shape = graph.tensor(operator.inputs[0]).shape
    reduced = reduced_axes(graph, operator)
    axes = [(n in reduced, size) for n, size in enumerate(shape) if size > 1]
    found: tuple[Loops, Loops] = ([], [])
    step = prod(shape)
    for is_reduced, group in groupby(axes, key=lambda axis: axis[0]):
        count = prod(size for _, size in group)
        step //= count
        found[is_reduced].append((count, step))
    return found


def _axis_params(name: str, loops: Sequence[tuple[int, int]]) -> Mapping[str, Any]:
    filled = [*[(1, 0)] * (_LOOPS - len(loops)), *loops]
    return {f"{name}{n}": {"count": c, "step": s} for n, (c, s) in enumerate(filled)}
