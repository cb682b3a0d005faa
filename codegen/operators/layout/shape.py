"""SHAPE: the extents of a tensor; known at generation, because every shape is.

The converter writes it for models with an open batch: SHAPE, STRIDED_SLICE, PACK give the shape
input of a RESHAPE. Constant folding takes all of them away.
"""

from collections.abc import Sequence

import numpy as np

from codegen.ir.call import KernelCall
from codegen.ir.graph import Array, DType, Graph, Operator
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import (
    require_counts,
    require_dtype,
    require_input,
    require_shape,
    unsupported,
)


class Shape(OperatorSpec):
    """A constant: constant folding removes the operator, as its result is known at generation."""

    kind = "SHAPE"
    is_static = True

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check element type and length of the output."""
        require_counts(graph, operator, (1,))
        source = require_input(graph, operator, 0, "input")
        output = graph.tensor(operator.outputs[0])
        require_dtype(graph, operator, output, DType.INT32, DType.INT64)
        require_shape(graph, operator, output, (len(source.shape),))

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Refuse: folding has taken away every SHAPE whose result the model uses."""
        unsupported(graph, operator, "is a result of the model; remove it", operator.outputs[0])

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Return the extents for every inference."""
        count = 1 if inputs[0] is None else len(inputs[0])
        output = graph.tensor(operator.outputs[0])
        extents = np.array(graph.tensor(operator.inputs[0]).shape, dtype=output.dtype.value)
        return [np.broadcast_to(extents, (count, extents.size)).copy()]


OPERATOR = Shape()
