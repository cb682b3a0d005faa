"""SPLIT: cuts a tensor into equal parts along an axis; any element type.

Inputs: the constant axis, the tensor. Source of the rules: TFLM's split.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from codegen.ir.call import KernelCall
from codegen.ir.graph import Array, Graph, Operator
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import (
    batched,
    invalid,
    require_counts,
    require_input,
    require_same_values,
    require_shape,
)
from codegen.operators.layout.copy import constant_axis, split_call


class Split(OperatorSpec):
    """Parts one after the other; their shapes come from the output tensors."""

    kind = "SPLIT"
    moves = True
    _input_count: ClassVar[int] = 2
    data_input = 1
    _axis: ClassVar[int] = 0
    """Position among the inputs of the one that holds the axis."""

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check the axis, and that the parts have the tensor's shape and values."""
        require_counts(graph, operator, (self._input_count,), len(operator.outputs))
        source = require_input(graph, operator, self.data_input, "input")
        require_input(graph, operator, self._axis, "axis")
        axis = self._axis_of(graph, operator)
        sizes = _sizes(graph, operator, axis)
        if sum(sizes) != source.shape[axis]:
            invalid(
                graph,
                operator,
                f"cuts an axis of {source.shape[axis]} into {list(sizes)}; export the model again",
                source.index,
            )
        for index, size in zip(operator.outputs, sizes, strict=True):
            output = graph.tensor(index)
            expected = (*source.shape[:axis], size, *source.shape[axis + 1 :])
            require_shape(graph, operator, output, expected)
            require_same_values(graph, operator, output, source)
        self._check_sizes(graph, operator, sizes)

    def _check_sizes(self, graph: Graph, operator: Operator, sizes: Sequence[int]) -> None:
        """Check that the parts are equal."""
        if len(set(sizes)) != 1:
            invalid(graph, operator, f"has parts of {list(sizes)}, expected equal ones")

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call of `safe_kernel_split_bytes`; a view when there is one part."""
        axis = self._axis_of(graph, operator)
        return split_call(graph, operator, axis, _sizes(graph, operator, axis), self.data_input)

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Cut with numpy."""
        values = batched(graph, operator.inputs[self.data_input], inputs[self.data_input])
        axis = self._axis_of(graph, operator)
        edges = np.cumsum(_sizes(graph, operator, axis))[:-1]
        return list(np.split(values, edges, axis=axis + 1))

    def _axis_of(self, graph: Graph, operator: Operator) -> int:
        rank = len(graph.tensor(operator.inputs[self.data_input]).shape)
        return constant_axis(graph, operator, self._axis, rank)


def _sizes(graph: Graph, operator: Operator, axis: int) -> list[int]:
    """Return the extent of each output along `axis`; 0 where it has no such axis."""
    shapes = [graph.tensor(index).shape for index in operator.outputs]
    return [shape[axis] if axis < len(shape) else 0 for shape in shapes]


OPERATOR = Split()
