"""Helpers that passes share: readers of a value, tables of unary operators, new tensors."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from codegen.ir.graph import ABSENT, DType, Graph, Operator, Tensor
from codegen.operators.registry import operators
from codegen.operators.table import Table

Readers = Mapping[int, list[Operator]]


def readers(graph: Graph) -> Readers:
    """Return the operators that read each tensor, in order; each operator once."""
    found: defaultdict[int, list[Operator]] = defaultdict(list)
    for operator in graph.operators:
        for index in dict.fromkeys(operator.inputs):
            if index != ABSENT:
                found[index].append(operator)
    return found


def only_reader(graph: Graph, read: Readers, operator: Operator) -> Operator | None:
    """Return the one operator that reads the one output of `operator`, if that is all."""
    if len(operator.outputs) != 1 or operator.outputs[0] in graph.outputs:
        return None
    found = read.get(operator.outputs[0], [])
    return found[0] if len(found) == 1 else None


def value_inputs(graph: Graph, operator: Operator) -> list[int]:
    """Return the inputs that are known only at run time."""
    return [i for i in operator.inputs if i != ABSENT and not graph.tensor(i).is_constant]


def unary_table(graph: Graph, operator: Operator) -> Table | None:
    """Return the 256 results of an operator that is a function of one int8 value, else None."""
    values = value_inputs(graph, operator)
    if len(values) != 1 or len(operator.outputs) != 1:
        return None
    source, output = graph.tensor(values[0]), graph.tensor(operator.outputs[0])
    if source.dtype is not DType.INT8 or output.dtype is not DType.INT8:
        return None
    if source.shape != output.shape or source.is_variable:
        return None
    return operators()[operator.kind].int8_table(graph, operator)


def same_quantization(one: Tensor, other: Tensor) -> bool:
    """Return whether two values have the same scales and zero points."""
    if one.quantization is None or other.quantization is None:
        return one.quantization is other.quantization
    first, second = one.quantization, other.quantization
    return (first.scales, first.zero_points) == (second.scales, second.zero_points)


def with_operators(graph: Graph, changed: Mapping[Operator, Operator | None]) -> Graph:
    """Return the graph with operators replaced; None removes one."""
    found = (changed.get(o, o) for o in graph.operators)
    return replace(graph, operators=tuple(o for o in found if o is not None))


def with_moved_weights(
    graph: Graph,
    applies: Callable[[Graph, Operator], bool],
    moved: Callable[[Tensor, int], Tensor],
    changed: Callable[[Operator], tuple[str, Mapping[str, Any]]],
) -> Graph:
    """Return the graph in which operators have another kind, and their weights another layout.

    `applies` chooses them, and all that read the same weights must be chosen; `moved` makes the
    weights under a new index; `changed` gives the new kind and options.
    """
    read = readers(graph)
    tensors = dict(graph.tensors)
    made: dict[int, int] = {}
    found: dict[Operator, Operator | None] = {}
    for operator in graph.operators:
        if not applies(graph, operator):
            continue
        source, weights, *rest = operator.inputs
        if not all(applies(graph, other) for other in read[weights]):
            continue
        if weights not in made:
            made[weights] = max(tensors) + 1
            tensors[made[weights]] = moved(graph.tensor(weights), made[weights])
        kind, options = changed(operator)
        found[operator] = replace(
            operator,
            kind=kind,
            inputs=(source, made[weights], *rest),
            options=MappingProxyType(dict(options)),
        )
    if not found:
        return graph
    return replace(with_operators(graph, found), tensors=MappingProxyType(tensors))


def check_changed(before: Graph, graph: Graph) -> None:
    """Run the own check of every operator that is new, or that has a new tensor."""
    old = set(before.operators)
    for operator in graph.operators:
        same = all(
            before.tensors.get(i) is graph.tensors.get(i)
            for i in (*operator.inputs, *operator.outputs)
        )
        if operator not in old or not same:
            operators()[operator.kind].check(graph, operator)
