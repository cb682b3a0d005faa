"""Drop operators whose results nobody reads, and tensors that nobody names."""

from dataclasses import replace
from types import MappingProxyType

from codegen.ir.graph import ABSENT, Graph, Operator


def run(graph: Graph) -> Graph:
    """Return the graph without dead operators and tensors; inputs and outputs always stay.

    An operator that changes a variable is needed when one that is needed reads it, before or
    afterwards: the value may be for the next call.
    """
    needed = set(graph.outputs)
    kept: set[Operator] = set()
    found = True
    while found:
        found = False
        for operator in reversed(graph.operators):
            if operator in kept or not _is_needed(graph, operator, needed):
                continue
            kept.add(operator)
            needed.update(operator.inputs)
            found = True
    named = {*graph.inputs, *graph.outputs}
    for operator in kept:
        named.update((*operator.inputs, *operator.outputs))
    named.discard(ABSENT)
    return replace(
        graph,
        operators=tuple(o for o in graph.operators if o in kept),
        tensors=MappingProxyType({i: graph.tensor(i) for i in sorted(named)}),
    )


def _is_needed(graph: Graph, operator: Operator, needed: set[int]) -> bool:
    """Return whether an operator makes a needed value, or may change a needed variable."""
    variables = (i for i in operator.inputs if i != ABSENT and graph.tensor(i).is_variable)
    return not needed.isdisjoint((*operator.outputs, *variables))
