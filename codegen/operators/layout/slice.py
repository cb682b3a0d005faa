"""SLICE: takes a block of a tensor of rank up to 5, given by constant begin and size."""

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
    unsupported,
)
from codegen.operators.layout.copy import Walk, copy_call

MAX_RANK = 5
"""Largest rank, TFLM's own limit."""


class Slice(OperatorSpec):
    """A block of neighbouring elements along each axis; any element type."""

    kind = "SLICE"
    moves = True

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check rank, begin, size and the output shape."""
        require_counts(graph, operator, (3,))
        source = require_input(graph, operator, 0, "input")
        output = graph.tensor(operator.outputs[0])
        rank = len(source.shape)
        if not 1 <= rank <= MAX_RANK:
            unsupported(graph, operator, f"has rank {rank}, at most {MAX_RANK}", source.index)
        for position, role in ((1, "begin"), (2, "size")):
            tensor = require_input(graph, operator, position, role)
            if require_indices(graph, operator, tensor).size != rank:
                invalid(graph, operator, f"needs {rank} values", tensor.index)
        block = _block(graph, operator)
        for (begin, size), extent in zip(block, source.shape, strict=True):
            if begin < 0 or size < 1 or begin + size > extent:
                invalid(
                    graph,
                    operator,
                    f"takes {size} elements from {begin} on of an axis of {extent}",
                    source.index,
                )
        require_shape(graph, operator, output, tuple(size for _, size in block))
        require_same_values(graph, operator, output, source)

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the copy; a view when everything is taken."""
        shape = graph.tensor(operator.inputs[0]).shape
        steps = [prod(shape[axis + 1 :]) for axis in range(len(shape))]
        block = _block(graph, operator)
        start = sum(begin * step for (begin, _), step in zip(block, steps, strict=True))
        walks = [Walk(size, step) for (_, size), step in zip(block, steps, strict=True)]
        return copy_call(graph, operator, start, walks)

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Take the block with numpy."""
        values = batched(graph, operator.inputs[0], inputs[0])
        block = _block(graph, operator)
        return [values[(slice(None), *(slice(b, b + size) for b, size in block))]]


def _block(graph: Graph, operator: Operator) -> list[tuple[int, int]]:
    """Return begin and size for each axis; a size of -1 means the rest."""
    shape = graph.tensor(operator.inputs[0]).shape
    begin, size = (
        [int(v) for v in require_indices(graph, operator, graph.tensor(index)).reshape(-1)]
        for index in operator.inputs[1:3]
    )
    return [
        (b, extent - b if s == -1 else s) for b, s, extent in zip(begin, size, shape, strict=True)
    ]


OPERATOR = Slice()
