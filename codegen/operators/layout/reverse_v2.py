"""REVERSE_V2: the elements of a tensor from back to front along one or more axes; any type.

Inputs: the tensor, the constant axes. Source of the rules: TFLM's reverse, which takes one axis;
several follow TFLite's reference. Both copy bytes where the scales differ, too: TFLite's quantizer
gives the output the scale of a CONCATENATION that reads it (a bidirectional layer), and so do we.
"""

from collections.abc import Sequence
from math import prod

import numpy as np

from codegen.ir.call import KernelCall
from codegen.ir.graph import Array, Graph, Operator
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import (
    batched,
    require_counts,
    require_dtype,
    require_indices,
    require_input,
    require_shape,
)
from codegen.operators.layout.copy import Walk, copy_call, positive_axis


class ReverseV2(OperatorSpec):
    """The last element first, along some axes."""

    kind = "REVERSE_V2"
    moves = True

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check the axes and that nothing else changes."""
        require_counts(graph, operator, (2,))
        source = require_input(graph, operator, 0, "input")
        require_input(graph, operator, 1, "axes")
        _axes(graph, operator)
        output = graph.tensor(operator.outputs[0])
        require_shape(graph, operator, output, source.shape)
        require_dtype(graph, operator, output, source.dtype)

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the copy, which steps backwards; a view when only axes of extent 1 turn."""
        shape = graph.tensor(operator.inputs[0]).shape
        reversed_axes = _axes(graph, operator)
        start, walks = 0, []
        for axis, count in enumerate(shape):
            step = prod(shape[axis + 1 :])
            if axis in reversed_axes:
                start += (count - 1) * step
                step = -step
            walks.append(Walk(count, step))
        return copy_call(graph, operator, start, walks)

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Turn with numpy."""
        values = batched(graph, operator.inputs[0], inputs[0])
        return [np.flip(values, tuple(axis + 1 for axis in _axes(graph, operator)))]


def _axes(graph: Graph, operator: Operator) -> set[int]:
    """Return the axes, counted from the front."""
    rank = len(graph.tensor(operator.inputs[0]).shape)
    values = require_indices(graph, operator, graph.tensor(operator.inputs[1]))
    return {positive_axis(graph, operator, int(v), rank) for v in values.reshape(-1)}


OPERATOR = ReverseV2()
