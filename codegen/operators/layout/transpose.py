"""TRANSPOSE: permutes the axes of a tensor of rank up to 6; any element type.

TFLM stops at rank 5; rank 6 follows TFLite's reference, as no arithmetic is involved.
"""

from collections.abc import Sequence
from math import prod

from codegen.ir.call import KernelCall
from codegen.ir.graph import Array, Graph, Operator
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import (
    batched,
    invalid,
    require_counts,
    require_indices,
    require_input,
    require_same_values,
    require_shape,
)
from codegen.operators.layout.copy import Walk, copy_call


class Transpose(OperatorSpec):
    """Axis `n` of the output is axis `permutation[n]` of the input."""

    kind = "TRANSPOSE"
    moves = True

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check the permutation and the output shape."""
        require_counts(graph, operator, (2,))
        source = require_input(graph, operator, 0, "input")
        tensor = require_input(graph, operator, 1, "permutation")
        require_indices(graph, operator, tensor)
        order = _order(graph, operator)
        if sorted(order) != list(range(len(source.shape))):
            invalid(
                graph,
                operator,
                f"is {order}, expected a permutation of {len(source.shape)} axes",
                tensor.index,
            )
        output = graph.tensor(operator.outputs[0])
        require_shape(graph, operator, output, tuple(source.shape[axis] for axis in order))
        require_same_values(graph, operator, output, source)

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the copy; a view when only axes of extent 1 move."""
        shape = graph.tensor(operator.inputs[0]).shape
        walks = [Walk(shape[a], prod(shape[a + 1 :])) for a in _order(graph, operator)]
        return copy_call(graph, operator, 0, walks)

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Permute with numpy."""
        values = batched(graph, operator.inputs[0], inputs[0])
        order = [0, *(axis + 1 for axis in _order(graph, operator))]
        return [values.transpose(order).copy()]


def _order(graph: Graph, operator: Operator) -> list[int]:
    data = require_indices(graph, operator, graph.tensor(operator.inputs[1])).reshape(-1)
    return [int(v) for v in data]


OPERATOR = Transpose()
