"""What operators of one int8 value share: the table of all 256 results, and its kernel call.

An int8 operator is a function of 256 values: `Unary.evaluate` says what it computes, and
everything else follows. `int8_table` gives the table of any operator that is such a function,
also of int8 arithmetic with one constant; a chain of them is one table (`compose`), and
`lookup_call` is the kernel call for it.
"""

from collections.abc import Sequence

import numpy as np

from codegen.fixed_point import Int64
from codegen.ir.call import Constant, ConstantArg, KernelCall, ParamsArg, TensorArg
from codegen.ir.graph import Array, DType, Graph, Operator
from codegen.ir.rows import Known, RowRule
from codegen.operators import row_rules
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import (
    in_place,
    require_counts,
    require_input,
    require_per_tensor,
    require_shape,
    unsupported,
)
from codegen.operators.table import INPUTS, Table, lookup


def lookup_call(graph: Graph, source: int, output: int, table: Table) -> KernelCall:
    """Return the call of `safe_kernel_lookup_s8` from tensor `source` to tensor `output`."""
    return KernelCall(
        kernel="safe_kernel_lookup_s8",
        header="safe/kernel/lookup.h",
        source="lookup",
        arguments=(ParamsArg(), TensorArg(source), ConstantArg("table"), TensorArg(output)),
        params_type="safe_lookup_params_t",
        params={"length": graph.tensor(output).elements},
        constants=(Constant("table", table, counts_as_weight=False),),
        notes=("256-byte table",),
        in_place=in_place(graph, source),
    )


class Unary(OperatorSpec):
    """An operator that computes each output from one input of the same shape."""

    def evaluate(self, graph: Graph, operator: Operator, values: Int64) -> Int64:
        """Return the exact results of quantized `values`, of the operator's own type."""
        raise NotImplementedError

    def check_integers(self, graph: Graph, operator: Operator) -> None:
        """Raise unless the scales allow the arithmetic of `evaluate`."""

    def call_wide(self, graph: Graph, operator: Operator) -> KernelCall:
        """Return the call for a type wider than int8."""
        raise NotImplementedError

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check types, shapes and scales."""
        require_counts(graph, operator, (1,))
        source = require_input(graph, operator, 0, "input")
        output = graph.tensor(operator.outputs[0])
        require_per_tensor(graph, operator, source, *self.dtypes)
        require_per_tensor(graph, operator, output, source.dtype)
        require_shape(graph, operator, output, source.shape)
        if source.is_constant or source.is_variable:
            unsupported(
                graph,
                operator,
                "is known at generation; export with constants folded",
                source.index,
            )
        self.check_integers(graph, operator)

    def shape(self, graph: Graph, operator: Operator) -> tuple[int, ...] | None:
        """Return the input's shape."""
        return graph.tensor(operator.inputs[0]).shape

    def int8_table(self, graph: Graph, operator: Operator) -> Table | None:
        """Return the 256 results of an int8 operator, None for a wider one."""
        if graph.tensor(operator.inputs[0]).dtype != DType.INT8:
            return None
        return self.evaluate(graph, operator, INPUTS).astype(np.int8)

    def rows(self, graph: Graph, operator: Operator, known: Known) -> RowRule | str:
        """Return the rows of the input: each element follows from one."""
        return row_rules.one_by_one(graph, operator, known)

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call of `safe_kernel_lookup_s8`, or of the kernel for a wider type."""
        table = self.int8_table(graph, operator)
        if table is None:
            return self.call_wide(graph, operator)
        return lookup_call(graph, operator.inputs[0], operator.outputs[0], table)

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Look int8 values up, compute wider ones."""
        values = inputs[0]
        assert values is not None
        table = self.int8_table(graph, operator)
        if table is not None:
            return [lookup(values, table)]
        result = self.evaluate(graph, operator, values.astype(np.int64))
        return [result.astype(values.dtype)]
