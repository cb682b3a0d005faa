"""FILL: one value in every element; known at generation, because every extent is.

The converter writes it for the initial state of a recurrent layer with an open batch.
"""

from collections.abc import Sequence

import numpy as np

from codegen.ir.call import KernelCall
from codegen.ir.graph import Array, Graph, Operator
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import (
    batched,
    invalid,
    require_constant,
    require_counts,
    require_indices,
    require_input,
    require_same_values,
    require_shape,
    unsupported,
)


class Fill(OperatorSpec):
    """A constant: constant folding removes the operator, as its result is known at generation."""

    kind = "FILL"
    dtypes = ()

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check the extents, and that the value is one."""
        require_counts(graph, operator, (2,))
        extents = require_input(graph, operator, 0, "extents")
        value = require_input(graph, operator, 1, "value")
        output = graph.tensor(operator.outputs[0])
        if value.elements != 1:
            invalid(graph, operator, f"has {value.elements} values, expected one", value.index)
        require_constant(graph, operator, value)
        if extents.is_constant:
            data = require_indices(graph, operator, extents)
            require_shape(graph, operator, output, tuple(int(v) for v in data.reshape(-1)))
        require_same_values(graph, operator, output, value)

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Refuse: the extents are known only at run time, or it is a result of the model."""
        unsupported(graph, operator, "is not constant; convert with fixed extents")

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Repeat the value for every inference."""
        count = len(batched(graph, operator.inputs[0], inputs[0]))
        value = require_constant(graph, operator, graph.tensor(operator.inputs[1])).reshape(-1)[0]
        output = graph.tensor(operator.outputs[0])
        return [np.full((count, *output.shape), value, dtype=output.dtype.value)]


OPERATOR = Fill()
