"""READ_VARIABLE: what a resource variable holds; any element type.

The importer makes a variable of each resource (`frontend.variables`); a file's ASSIGN_VARIABLE
becomes a SLIDE of all of it.
"""

from collections.abc import Sequence
from dataclasses import replace

from codegen.ir.call import KernelCall
from codegen.ir.graph import Array, Graph, Operator
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import (
    invalid,
    require_counts,
    require_input,
    require_same_values,
    require_shape,
)
from codegen.operators.layout.copy import Walk, copy_call


class ReadVariable(OperatorSpec):
    """The value of the variable at this place in the order of operators."""

    kind = "READ_VARIABLE"
    dtypes = ()
    internal = True  # of a file's handle the importer makes the variable
    keeps_state = True

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check that type and shape are the variable's."""
        require_counts(graph, operator, (1,))
        variable = require_input(graph, operator, 0, "variable")
        if not variable.is_variable:
            invalid(graph, operator, "reads no variable", variable.index)
        output = graph.tensor(operator.outputs[0])
        require_shape(graph, operator, output, variable.shape)
        require_same_values(graph, operator, output, variable)

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the copy, never a view: what is assigned later is often a part of it."""
        elements = graph.tensor(operator.inputs[0]).elements
        call = copy_call(graph, operator, 0, [Walk(elements, 1)])
        return None if call is None else replace(call, pieces=())

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Return the variable."""
        del graph, operator
        values = inputs[0]
        assert values is not None
        return [values.copy()]


OPERATOR = ReadVariable()
