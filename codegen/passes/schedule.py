"""Execution order: an operator that makes more than it uses up waits until it is needed.

The converter of an unrolled LSTM computes the input's share of all steps first and keeps it: one
large value per step instead of one small one. Each operator may run at any place between its
inputs and its first reader; here it moves back to the reader where that frees memory in between.
The new order is taken only when the largest sum of values alive falls.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from codegen.ir.graph import ABSENT, Graph, Operator
from codegen.passes.graph import Readers, readers, value_inputs


def run(graph: Graph) -> Graph:
    """Return the graph in the order that needs less memory; indices stay as they are."""
    order = list(graph.operators)
    read = readers(graph)
    places = {operator: place for place, operator in enumerate(order)}
    for operator in reversed(graph.operators):
        target = _target(graph, read, places, operator)
        if target is not None:
            order.insert(target - 1, order.pop(places[operator]))
            places = {moved: place for place, moved in enumerate(order)}
    if order == list(graph.operators) or _peak(graph, order) >= _peak(graph, graph.operators):
        return graph
    return replace(graph, operators=tuple(order))


def _target(
    graph: Graph, read: Readers, places: Mapping[Operator, int], operator: Operator
) -> int | None:
    """Return the place of the first reader, when less is alive before it without `operator`."""
    made = operator.outputs
    if not set(made).isdisjoint(graph.outputs) or any(
        graph.tensor(i).is_variable for i in _values(operator)
    ):
        return None
    target = min((places[o] for i in made for o in read.get(i, ())), default=0)
    if target <= places[operator] + 1:
        return None
    kept = sum(
        graph.tensor(i).size_bytes
        for i in dict.fromkeys(value_inputs(graph, operator))
        if i not in graph.outputs and all(places[o] < target for o in read[i])
    )
    return target if kept < sum(graph.tensor(i).size_bytes for i in made) else None


def _values(operator: Operator) -> tuple[int, ...]:
    return (*(i for i in operator.inputs if i != ABSENT), *operator.outputs)


def _peak(graph: Graph, order: Sequence[Operator]) -> int:
    """Return the largest sum of the sizes of all values alive while one operator runs."""
    last: dict[int, int] = dict.fromkeys(graph.outputs, len(order))
    for place, operator in enumerate(order):
        for index in _values(operator):
            last[index] = max(last.get(index, 0), place)
    size = {i: 0 if graph.tensor(i).is_constant else graph.tensor(i).size_bytes for i in last}
    alive = sum(size.get(i, 0) for i in graph.inputs)
    peak = alive
    dying: dict[int, int] = {}
    for index, place in last.items():
        dying[place] = dying.get(place, 0) + size[index]
    for place, operator in enumerate(order):
        alive += sum(size[i] for i in operator.outputs)
        peak = max(peak, alive)
        alive -= dying.get(place, 0)
    return peak
