"""CONCATENATION: joins tensors along an axis.

As in TFLM, int8 inputs must have the output's scale and zero point (the converter inserts
QUANTIZE where they differ), and there is no fused activation.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from codegen.ir.call import KernelCall
from codegen.ir.graph import Array, Graph, Operator
from codegen.ir.rows import Known, RowRule
from codegen.operators import row_rules
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import (
    activation_name,
    batched,
    invalid,
    require_counts,
    require_input,
    require_options,
    require_same_values,
    require_shape,
    unsupported,
)
from codegen.operators.layout.copy import join_call, positive_axis


class Concatenation(OperatorSpec):
    """Any number of inputs, equal in all extents but one."""

    kind = "CONCATENATION"
    moves = True

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Read axis and fused activation."""
        if builtin_options is None:
            return {}
        return {
            "axis": int(builtin_options.Axis()),
            "fused_activation": activation_name(builtin_options.FusedActivationFunction()),
        }

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check the axis, shapes and scales."""
        require_options(graph, operator)
        require_counts(graph, operator, (max(1, len(operator.inputs)),))
        if operator.options["fused_activation"] != "NONE":
            unsupported(graph, operator, "has a fused activation, which TFLite Micro refuses")
        output = graph.tensor(operator.outputs[0])
        axis = _axis(graph, operator)
        total = 0
        for position in range(len(operator.inputs)):
            source = require_input(graph, operator, position, "input")
            size = source.shape[axis] if axis < len(source.shape) else 0
            expected = (*output.shape[:axis], size, *output.shape[axis + 1 :])
            require_shape(graph, operator, source, expected)
            require_same_values(graph, operator, source, output)
            total += size
        if total != output.shape[axis]:
            invalid(
                graph,
                operator,
                f"joins {total} elements into an axis of {output.shape[axis]}; export the model "
                "again",
                output.index,
            )

    def rows(self, graph: Graph, operator: Operator, known: Known) -> RowRule | str:
        """Return the rows of all inputs, where it joins inside of them."""
        separate = _joins_inside(graph, operator, known)
        return row_rules.inside(operator, known, separate=separate)

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call of `safe_kernel_join_bytes`; a view when there is one input."""
        axis = _axis(graph, operator)
        sizes = [graph.tensor(index).shape[axis] for index in operator.inputs]
        return join_call(graph, operator, axis, sizes)

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Join with numpy; constants repeat for every inference."""
        parts = [batched(graph, i, v) for i, v in zip(operator.inputs, inputs, strict=True)]
        count = max(len(part) for part in parts)
        parts = [np.broadcast_to(part, (count, *part.shape[1:])) for part in parts]
        return [np.concatenate(parts, axis=_axis(graph, operator) + 1)]


def _axis(graph: Graph, operator: Operator) -> int:
    rank = len(graph.tensor(operator.outputs[0]).shape)
    return positive_axis(graph, operator, operator.options["axis"], rank)


def _joins_inside(graph: Graph, operator: Operator, known: Known) -> bool:
    """Return whether the axis of joining lies behind that of the rows, for values of one shape."""
    shapes = [graph.tensor(i).shape for i in (*operator.inputs, *operator.outputs)]
    _, rows = row_rules.streamed(graph, operator, known)
    outer = {shape[: rows.axis + 1] for shape in shapes}
    constant = any(graph.tensor(i).is_constant for i in operator.inputs)
    return _axis(graph, operator) > rows.axis and len(outer) == 1 and not constant


OPERATOR = Concatenation()
