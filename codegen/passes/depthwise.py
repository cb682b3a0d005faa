"""A convolution in as many groups as channels as a depthwise convolution.

Exact: both multiply the same values, and a sum below 2^31 does not depend on its order. There are
faster kernels for the depthwise form. Operators that share weights must all have it.
"""

from dataclasses import replace
from types import MappingProxyType

import numpy as np

from codegen.ir.graph import DType, Graph, Operator, Tensor
from codegen.passes.graph import readers, with_operators


def run(graph: Graph) -> Graph:
    """Return the graph with every such int8 CONV_2D as DEPTHWISE_CONV_2D."""
    read = readers(graph)
    tensors = dict(graph.tensors)
    moved: dict[int, Tensor] = {}
    changed: dict[Operator, Operator | None] = {}
    for operator in graph.operators:
        if not _is_by_channel(graph, operator):
            continue
        weights = graph.tensor(operator.inputs[1])
        if not all(_is_by_channel(graph, other) for other in read[weights.index]):
            continue
        if weights.index not in moved:
            moved[weights.index] = _moved(weights, max(tensors) + 1)
            tensors[moved[weights.index].index] = moved[weights.index]
        source = graph.tensor(operator.inputs[0])
        copies = weights.shape[0] // source.shape[3]
        changed[operator] = replace(
            operator,
            kind="DEPTHWISE_CONV_2D",
            inputs=(source.index, moved[weights.index].index, *operator.inputs[2:]),
            options=MappingProxyType({**operator.options, "channel_multiplier": copies}),
        )
    if not changed:
        return graph
    return replace(with_operators(graph, changed), tensors=MappingProxyType(tensors))


def _is_by_channel(graph: Graph, operator: Operator) -> bool:
    if operator.kind != "CONV_2D":
        return False
    source, weights = (graph.tensor(index) for index in operator.inputs[:2])
    if source.dtype is not DType.INT8 or weights.data is None:
        return False
    return weights.shape[3] == 1 < source.shape[3]


def _moved(weights: Tensor, index: int) -> Tensor:
    """Return weights int8[O, kh, kw, 1] as int8[1, kh, kw, O], with their scales."""
    assert weights.data is not None
    assert weights.quantization is not None
    data = np.ascontiguousarray(weights.data.transpose(3, 1, 2, 0))
    data.setflags(write=False)
    return replace(
        weights,
        index=index,
        shape=data.shape,
        data=data,
        quantization=replace(weights.quantization, axis=3),
    )
