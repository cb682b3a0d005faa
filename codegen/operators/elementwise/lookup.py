"""LOOKUP: any function of one int8 value, by a table of its 256 results.

No file holds it: passes make it of chains of unary operators. Inputs: the value, and the
constant table int8[256] (results of 0 to 127, then of −128 to −1).
"""

from collections.abc import Sequence

from codegen.ir.call import KernelCall
from codegen.ir.graph import Array, DType, Graph, Operator
from codegen.ir.rows import Known, RowRule
from codegen.operators import row_rules
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import (
    require_constant,
    require_counts,
    require_dtype,
    require_input,
    require_shape,
)
from codegen.operators.elementwise.unary import lookup_call
from codegen.operators.table import Table, lookup


class Lookup(OperatorSpec):
    """The composed function; option `chain` names what it was made of."""

    kind = "LOOKUP"
    internal = True

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check types, shapes and the table."""
        require_counts(graph, operator, (2,))
        source = require_input(graph, operator, 0, "input")
        table = require_input(graph, operator, 1, "table")
        output = graph.tensor(operator.outputs[0])
        for tensor in (source, table, output):
            require_dtype(graph, operator, tensor, DType.INT8)
        require_shape(graph, operator, table, (256,))
        require_constant(graph, operator, table)
        require_shape(graph, operator, output, source.shape)

    def int8_table(self, graph: Graph, operator: Operator) -> Table | None:
        """Return the table."""
        return require_constant(graph, operator, graph.tensor(operator.inputs[1]))

    def rows(self, graph: Graph, operator: Operator, known: Known) -> RowRule | str:
        """Return the rows of the input: each element follows from one."""
        return row_rules.one_by_one(graph, operator, known)

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call of `safe_kernel_lookup_s8`."""
        table = require_constant(graph, operator, graph.tensor(operator.inputs[1]))
        return lookup_call(graph, operator.inputs[0], operator.outputs[0], table)

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Look every value up."""
        values = inputs[0]
        assert values is not None
        table = require_constant(graph, operator, graph.tensor(operator.inputs[1]))
        return [lookup(values, table)]


OPERATOR = Lookup()
