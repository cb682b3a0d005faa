"""PACK: stacks tensors of one shape along a new axis."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from codegen.ir.call import KernelCall
from codegen.ir.graph import Array, Graph, Operator
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import (
    batched,
    invalid,
    require_counts,
    require_input,
    require_options,
    require_same_values,
    require_shape,
)
from codegen.operators.layout.copy import join_call, positive_axis


class Pack(OperatorSpec):
    """One input for each index of the new axis. Source of the rules: TFLM's pack."""

    kind = "PACK"
    moves = True

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Read axis and number of inputs."""
        if builtin_options is None:
            return {}
        return {"axis": int(builtin_options.Axis()), "count": int(builtin_options.ValuesCount())}

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check the axis, the number of inputs and their shapes."""
        require_options(graph, operator)
        require_counts(graph, operator, (max(1, len(operator.inputs)),))
        count = len(operator.inputs)
        output = graph.tensor(operator.outputs[0])
        axis = _axis(graph, operator)
        if not count == operator.options["count"] == output.shape[axis]:
            invalid(
                graph,
                operator,
                f"has {count} inputs for an axis of {output.shape[axis]}; export the model again",
                output.index,
            )
        for position in range(count):
            source = require_input(graph, operator, position, "input")
            expected = (*output.shape[:axis], *output.shape[axis + 1 :])
            require_shape(graph, operator, source, expected)
            require_same_values(graph, operator, source, output)

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call of `safe_kernel_join_bytes`; a view when there is one input."""
        return join_call(graph, operator, _axis(graph, operator), [1] * len(operator.inputs))

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Stack with numpy; constants repeat for every inference."""
        parts = [batched(graph, i, v) for i, v in zip(operator.inputs, inputs, strict=True)]
        count = max(len(part) for part in parts)
        parts = [np.broadcast_to(part, (count, *part.shape[1:])) for part in parts]
        return [np.stack(parts, axis=_axis(graph, operator) + 1)]


def _axis(graph: Graph, operator: Operator) -> int:
    rank = len(graph.tensor(operator.outputs[0]).shape)
    return positive_axis(graph, operator, operator.options["axis"], rank)


OPERATOR = Pack()
