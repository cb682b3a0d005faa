"""Chains of unary int8 operators to one 256-byte table each.

A chain is composed by the operators' own tables, so it is exact. One operator alone becomes a
table, too, where its own kernel computes: a change of scale.
"""

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from codegen.ir.graph import DType, Graph, Operator, Tensor
from codegen.operators.registry import operators
from codegen.operators.table import INPUTS, Table, compose
from codegen.passes.graph import (
    only_reader,
    readers,
    same_quantization,
    unary_table,
    value_inputs,
    with_operators,
)


def run(graph: Graph) -> Graph:
    """Return the graph with every chain as one LOOKUP, under the index of its first operator.

    A chain that changes nothing becomes a view.
    """
    changed: dict[Operator, Operator | None] = {}
    tensors = dict(graph.tensors)
    for chain, table in _chains(graph):
        if len(chain) < 2 and not operators()[chain[0].kind].prefers_table:
            continue
        first, last = chain[0], chain[-1]
        source = value_inputs(graph, first)[0]
        changed |= dict.fromkeys(chain)
        if np.array_equal(table, INPUTS) and _same(graph, source, last.outputs[0]):
            changed[first] = Operator(first.index, "RESHAPE", (source,), last.outputs)
            continue
        constant = _constant(tensors, first, table)
        tensors[constant.index] = constant
        options = MappingProxyType({"chain": tuple(o.kind for o in chain)})
        inputs = (source, constant.index)
        changed[first] = Operator(first.index, "LOOKUP", inputs, last.outputs, options)
    if not changed:
        return graph
    return replace(with_operators(graph, changed), tensors=MappingProxyType(tensors))


def _chains(graph: Graph) -> Iterator[tuple[list[Operator], Table]]:
    """Yield each longest chain of unary operators with the table of the whole."""
    read = readers(graph)
    used: set[int] = set()
    for operator in graph.operators:
        table = None if operator.index in used else unary_table(graph, operator)
        if table is None:
            continue
        chain, following = [operator], only_reader(graph, read, operator)
        while following is not None and (more := unary_table(graph, following)) is not None:
            chain.append(following)
            table = compose(table, more)
            following = only_reader(graph, read, following)
        used.update(o.index for o in chain)
        yield chain, table


def _same(graph: Graph, source: int, target: int) -> bool:
    return same_quantization(graph.tensor(source), graph.tensor(target))


def _constant(tensors: dict[int, Tensor], operator: Operator, table: Table) -> Tensor:
    data = np.ascontiguousarray(table, dtype=np.int8)
    data.setflags(write=False)
    index = max(tensors) + 1
    quantization = tensors[operator.outputs[0]].quantization
    name = f"{tensors[operator.outputs[0]].name}/table"
    return Tensor(index, name, (256,), DType.INT8, quantization, data)
