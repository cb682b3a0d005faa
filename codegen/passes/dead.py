"""Drop operators whose results nobody reads, and tensors that nobody names."""

from dataclasses import replace
from types import MappingProxyType

from codegen.ir.graph import ABSENT, Graph, Operator


def run(graph: Graph) -> Graph:
    """Return the graph without dead operators and tensors; inputs and outputs always stay.

    An operator that changes a variable is dead, too, when nobody reads its outputs: the only
    readers of a variable are the operators that name it, and those are judged themselves.
    """
    needed = set(graph.outputs)
    kept: list[Operator] = []
    for operator in reversed(graph.operators):
        if needed.isdisjoint(operator.outputs) and not _shares_variable(graph, operator, kept):
            continue
        kept.append(operator)
        needed.update(operator.inputs)
    named = {*graph.inputs, *graph.outputs}
    for operator in kept:
        named.update((*operator.inputs, *operator.outputs))
    named.discard(ABSENT)
    return replace(
        graph,
        operators=tuple(reversed(kept)),
        tensors=MappingProxyType({i: graph.tensor(i) for i in sorted(named)}),
    )


def _shares_variable(graph: Graph, operator: Operator, kept: list[Operator]) -> bool:
    """Return whether a kept operator reads a variable that `operator` may change."""
    variables = {i for i in operator.inputs if i != ABSENT and graph.tensor(i).is_variable}
    return any(not variables.isdisjoint(other.inputs) for other in kept)
