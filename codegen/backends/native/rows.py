"""Rows of the manifest for the operators that SAFE's own kernels compute."""

from codegen.backends.native.shared import cost
from codegen.emit.program import OperatorRow, symbol
from codegen.ir.call import KernelCall
from codegen.ir.graph import Graph, Operator
from targets import kernels
from targets.kernels import REFERENCE, Isa
from targets.places import SDK


def row(graph: Graph, operator: Operator, call: KernelCall | None, isa: Isa) -> OperatorRow:
    """Return one operator with its kernel file and the estimated cost of its call."""
    name = graph.tensor(operator.subject).name
    if call is None:
        notes = ("a view: no code, no copy",)
        return OperatorRow(
            operator.index, operator.kind, name, None, None, 0, 0, None, None, 0, notes
        )
    path = kernels.path(isa, call.source)
    variant = path.parent.name
    elements = sum(graph.tensor(i).elements for i in operator.outputs)
    falls_back = variant == REFERENCE != isa
    return OperatorRow(
        index=operator.index,
        kind=operator.kind,
        name=name,
        symbol=symbol(graph.name, operator),
        kernel=call.kernel,
        macs=call.macs,
        scratch_bytes=sum(s.size_bytes for s in call.scratch),
        variant=variant,
        source=path.relative_to(SDK.parent).as_posix(),
        estimated_instructions=cost.instructions(isa, call, elements),
        notes=(
            *call.notes,
            *((f"no {isa} kernel: the reference is used",) if falls_back else ()),
        ),
    )
