"""TILE: repeats a tensor along its axes; any element type.

Inputs: the tensor, the constant number of repetitions along each axis. TFLM has no kernel; the
rules are TFLite's, and no arithmetic is involved.
"""

from collections.abc import Sequence
from math import prod

import numpy as np

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


class Tile(OperatorSpec):
    """The tensor again and again along each axis."""

    kind = "TILE"
    moves = True

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check the repetitions and the output shape."""
        require_counts(graph, operator, (2,))
        source = require_input(graph, operator, 0, "input")
        tensor = require_input(graph, operator, 1, "repetitions")
        counts = _counts(graph, operator)
        if len(counts) != len(source.shape) or min(counts, default=1) < 1:
            invalid(
                graph,
                operator,
                f"is {counts}, expected {len(source.shape)} repetitions of at least 1",
                tensor.index,
            )
        output = graph.tensor(operator.outputs[0])
        expected = tuple(n * size for n, size in zip(counts, source.shape, strict=True))
        require_shape(graph, operator, output, expected)
        require_same_values(graph, operator, output, source)

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the copy, in which a repeated axis steps by nothing."""
        shape = graph.tensor(operator.inputs[0]).shape
        walks = []
        for axis, count in enumerate(_counts(graph, operator)):
            walks += [Walk(count, 0), Walk(shape[axis], prod(shape[axis + 1 :]))]
        return copy_call(graph, operator, 0, walks)

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Repeat with numpy."""
        values = batched(graph, operator.inputs[0], inputs[0])
        return [np.tile(values, (1, *_counts(graph, operator)))]


def _counts(graph: Graph, operator: Operator) -> list[int]:
    values = require_indices(graph, operator, graph.tensor(operator.inputs[1]))
    return [int(v) for v in values.reshape(-1)]


OPERATOR = Tile()
