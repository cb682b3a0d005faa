"""STRIDED_SLICE: copies a regular part of a tensor of rank up to 4; any element type.

Source of the rules: TFLM's strided_slice (begin, end and shrink-axis masks; no ellipsis, no new
axis), with begin, end and strides constant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from codegen.ir.call import KernelCall
from codegen.ir.graph import Array, Graph, Operator
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import (
    batched,
    invalid,
    require_counts,
    require_indices,
    require_input,
    require_options,
    require_shape,
    unsupported,
)
from codegen.operators.layout.copy import Walk, copy_call

MAX_RANK = 4


@dataclass(frozen=True)
class AxisSlice:
    """One axis: `count` elements from `start` on, `step` apart; `shrink` drops the axis."""

    start: int
    step: int
    count: int
    shrink: bool


def slices(graph: Graph, operator: Operator) -> tuple[AxisSlice, ...]:
    """Return what is taken from each input axis; needs constant begin, end and strides."""
    shape = graph.tensor(operator.inputs[0]).shape
    begin, end, step = (
        [int(v) for v in require_indices(graph, operator, graph.tensor(index)).reshape(-1)]
        for index in operator.inputs[1:4]
    )
    return tuple(
        _slice(size, begin[axis], end[axis], step[axis], _masks(operator, axis))
        for axis, size in enumerate(shape)
    )


def _masks(operator: Operator, axis: int) -> tuple[bool, bool, bool]:
    names = ("begin_mask", "end_mask", "shrink_axis_mask")
    begin, end, shrink = (bool(operator.options[name] >> axis & 1) for name in names)
    return begin, end, shrink


def _slice(size: int, begin: int, end: int, step: int, masks: tuple[bool, bool, bool]) -> AxisSlice:
    begin_mask, end_mask, shrink = masks
    low, high = (0, size) if step > 0 else (-1, size - 1)

    def limited(index: int) -> int:
        return min(max(index + size if index < 0 else index, low), high)

    first = (0 if step > 0 else size - 1) if begin_mask else limited(begin)
    if shrink:
        return AxisSlice(first, 1, 1, True)
    last = (size if step > 0 else -1) if end_mask else limited(end)
    count = max(0, -(-(last - first) // step))
    return AxisSlice(first, step, count, False)


class StridedSlice(OperatorSpec):
    """A copy with a stride for each axis."""

    kind = "STRIDED_SLICE"
    moves = True

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Read the five masks and the `offset` flag."""
        if builtin_options is None:
            return {}
        return {
            "begin_mask": int(builtin_options.BeginMask()),
            "end_mask": int(builtin_options.EndMask()),
            "shrink_axis_mask": int(builtin_options.ShrinkAxisMask()),
            "ellipsis_mask": int(builtin_options.EllipsisMask()),
            "new_axis_mask": int(builtin_options.NewAxisMask()),
            "offset": bool(builtin_options.Offset()),
        }

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check rank, masks, constant indices and the output shape."""
        require_counts(graph, operator, (4,))
        require_options(graph, operator)
        source = require_input(graph, operator, 0, "input")
        output = graph.tensor(operator.outputs[0])
        if not 1 <= len(source.shape) <= MAX_RANK:
            unsupported(graph, operator, f"has rank {len(source.shape)}, at most 4", source.index)
        for name in ("ellipsis_mask", "new_axis_mask", "offset"):
            if operator.options[name]:
                unsupported(graph, operator, f"uses {name}; write out begin, end and strides")
        for position, role in ((1, "begin"), (2, "end"), (3, "strides")):
            tensor = require_input(graph, operator, position, role)
            if require_indices(graph, operator, tensor).size != len(source.shape):
                invalid(graph, operator, f"needs {len(source.shape)} values", tensor.index)
        strides = require_indices(graph, operator, graph.tensor(operator.inputs[3]))
        if not strides.all():
            invalid(graph, operator, "has a stride of 0; export the model again")
        for position, stride in enumerate(strides.reshape(-1)):
            if stride < 0 and operator.options["shrink_axis_mask"] >> position & 1:
                # TensorFlow forbids it, and TFLM then leaves the output unwritten.
                invalid(graph, operator, f"drops axis {position} with a negative stride")
        if output.dtype != source.dtype:
            invalid(graph, operator, "changes the element type", output.index)
        axes = slices(graph, operator)
        for axis, size in zip(axes, source.shape, strict=True):
            if axis.count == 0 or not 0 <= axis.start < size:
                invalid(graph, operator, f"takes nothing from an axis of {size}", source.index)
        expected = tuple(axis.count for axis in axes if not axis.shrink)
        require_shape(graph, operator, output, expected)

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the copy; a view when everything is taken."""
        shape = graph.tensor(operator.inputs[0]).shape
        start, walks = 0, []
        for number, axis in enumerate(slices(graph, operator)):
            step = prod(shape[number + 1 :])
            start += axis.start * step
            walks.append(Walk(axis.count, axis.step * step))
        return copy_call(graph, operator, start, walks)

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Take the elements with numpy indexing."""
        values = batched(graph, operator.inputs[0], inputs[0])
        for number, axis in enumerate(slices(graph, operator)):
            index = [axis.start + n * axis.step for n in range(axis.count)]
            values = values.take(index, axis=number + 1)
        return [values.reshape(-1, *graph.tensor(operator.outputs[0]).shape)]


OPERATOR = StridedSlice()
