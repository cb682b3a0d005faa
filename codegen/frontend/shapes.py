"""Shapes behind a TRANSPOSE_CONV that the converter left open.

Its output's shape is an input that, with an open batch, is computed from the batch. The converter
then writes 1 for every extent, of what follows, too. Once the batch is 1 the shape is a constant
(`passes.fold`), and the shapes of what follows are those that its operators give.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from codegen.ir.graph import Graph, Tensor
from codegen.operators.registry import operators
from codegen.passes import fold

_KIND = "TRANSPOSE_CONV"
Shape = tuple[int, ...]


def run(graph: Graph) -> Graph:
    """Return the graph with constants folded, in which such shapes are true.

    One TRANSPOSE_CONV after the other: the shape of the second may be computed from that of the
    first one's output.
    """
    found = fold.run(graph)
    for _ in range(sum(o.kind == _KIND for o in graph.operators)):
        changed = _opened(found)
        if not changed:
            break
        tensors = dict(graph.tensors)
        for index, shape in changed.items():
            tensors[index] = replace(tensors[index], shape=shape)
        graph = replace(graph, tensors=MappingProxyType(tensors))
        found = fold.run(graph)
    return found


def _opened(graph: Graph) -> Mapping[int, Shape]:
    """Return the true shapes of the first open output and of what follows from it."""
    changed: dict[int, Shape] = {}
    tensors: dict[int, Tensor] = dict(graph.tensors)
    for operator in graph.operators:
        index = operator.outputs[0]
        follows = any(i in changed for i in operator.inputs)
        if not follows and (changed or operator.kind != _KIND):
            continue
        known = replace(graph, tensors=tensors)
        try:
            shape = operators()[operator.kind].shape(known, operator)
        except (LookupError, ValueError, ArithmeticError):
            continue  # an input or axis that is not there: the operator's check says it afterwards
        if shape is None or shape == tensors[index].shape:
            continue
        changed[index] = shape
        tensors[index] = replace(tensors[index], shape=shape)
    return changed
