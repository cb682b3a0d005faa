"""RESHAPE: the same elements under another shape; no code."""

from collections.abc import Sequence

from codegen.ir.call import KernelCall
from codegen.ir.graph import Array, Graph, Operator
from codegen.ir.rows import Known, RowRule
from codegen.operators import row_rules
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import (
    invalid,
    require_counts,
    require_input,
    unsupported,
)


class View(OperatorSpec):
    """An operator whose output is its first input's bytes under another shape.

    A second input (shape or axis) is ignored: the output tensor has the shape.
    """

    is_view = True
    _input_counts: tuple[int, ...] = (1, 2)

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check element count, type and quantization of output against input."""
        require_counts(graph, operator, self._input_counts)
        source = require_input(graph, operator, 0, "input")
        output = graph.tensor(operator.outputs[0])
        if source.elements != output.elements or source.dtype != output.dtype:
            invalid(
                graph,
                operator,
                f"turns {source.dtype.value}{list(source.shape)} into "
                f"{output.dtype.value}{list(output.shape)}; export the model again",
                output.index,
            )
        if source.quantization is not None and output.quantization is not None:
            before, after = source.quantization, output.quantization
            if (before.scales, before.zero_points) != (after.scales, after.zero_points):
                unsupported(
                    graph,
                    operator,
                    "changes the quantization of a value that it only views; convert again",
                    output.index,
                )

    def by_channel(self, graph: Graph, operator: Operator) -> bool:
        """Return whether the last axis stays."""
        shapes = [graph.tensor(i).shape for i in (operator.inputs[0], operator.outputs[0])]
        return shapes[0][-1:] == shapes[1][-1:]

    def rows(self, graph: Graph, operator: Operator, known: Known) -> RowRule | str:
        """Return the same rows along the axis where they lie now."""
        return row_rules.same_bytes(graph, operator, known)

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return None: a view."""
        del graph, operator
        return None

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Return the input under the output's shape."""
        values = inputs[0]
        assert values is not None
        source = graph.tensor(operator.inputs[0])
        shape = graph.tensor(operator.outputs[0]).shape
        count = 1 if source.is_constant else values.shape[0]
        return [values.reshape((count, *shape))]


class Reshape(View):
    """RESHAPE as a view."""

    kind = "RESHAPE"
    moves = True


OPERATOR = Reshape()
