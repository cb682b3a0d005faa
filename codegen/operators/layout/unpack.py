"""UNPACK: cuts a tensor into its slices of one along an axis, and drops the axis."""

from collections.abc import Mapping, Sequence
from typing import Any

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
from codegen.operators.layout.copy import positive_axis, split_call


class Unpack(OperatorSpec):
    """One output for each index of the axis. Source of the rules: TFLM's unpack."""

    kind = "UNPACK"
    moves = True

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Read axis and number of outputs."""
        if builtin_options is None:
            return {}
        return {"axis": int(builtin_options.Axis()), "num": int(builtin_options.Num())}

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check the axis, the number of outputs and their shapes."""
        require_options(graph, operator)
        require_counts(graph, operator, (1,), len(operator.outputs))
        source = require_input(graph, operator, 0, "input")
        axis = _axis(graph, operator)
        if not len(operator.outputs) == operator.options["num"] == source.shape[axis]:
            invalid(
                graph,
                operator,
                f"has {len(operator.outputs)} outputs for an axis of {source.shape[axis]}; "
                "export the model again",
                source.index,
            )
        for index in operator.outputs:
            output = graph.tensor(index)
            expected = (*source.shape[:axis], *source.shape[axis + 1 :])
            require_shape(graph, operator, output, expected)
            require_same_values(graph, operator, output, source)

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call of `safe_kernel_split_bytes`; a view when there is one output."""
        return split_call(graph, operator, _axis(graph, operator), [1] * len(operator.outputs), 0)

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Take each index."""
        values = batched(graph, operator.inputs[0], inputs[0])
        axis = _axis(graph, operator) + 1
        return [values.take(index, axis=axis) for index in range(values.shape[axis])]


def _axis(graph: Graph, operator: Operator) -> int:
    rank = len(graph.tensor(operator.inputs[0]).shape)
    return positive_axis(graph, operator, operator.options["axis"], rank)


OPERATOR = Unpack()
