"""Activation fusion: a standalone clamp becomes the limits of the operator before it.

Exact by construction: the activation is taken only when its 256 results, over what the operator
before it can give, are those of a fused activation, and neither scale nor zero point changes.
"""

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from codegen.ir.graph import Graph, Operator, Tensor
from codegen.operators.registry import operators
from codegen.operators.table import INPUTS
from codegen.passes.graph import (
    Readers,
    only_reader,
    readers,
    same_quantization,
    unary_table,
    with_operators,
)
from codegen.quantization import FUSED_ACTIVATIONS, activation_range


def run(graph: Graph) -> Graph:
    """Return the graph with every possible activation fused."""
    found = next(_pairs(graph, readers(graph)), None)
    while found is not None:
        producer, consumer, joined = found
        graph = with_operators(graph, {producer: joined, consumer: None})
        found = next(_pairs(graph, readers(graph)), None)
    return graph


def _pairs(graph: Graph, read: Readers) -> Iterator[tuple[Operator, Operator, Operator]]:
    for producer in graph.operators:
        if not operators()[producer.kind].clamps:
            continue
        consumer = only_reader(graph, read, producer)
        name = None if consumer is None else _fused(graph, producer, consumer)
        if consumer is not None and name is not None:
            options = MappingProxyType({**producer.options, "fused_activation": name})
            yield producer, consumer, replace(producer, outputs=consumer.outputs, options=options)


def _fused(graph: Graph, producer: Operator, consumer: Operator) -> str | None:
    """Return the activation that does the work of both, or None."""
    before = graph.tensor(producer.outputs[0])
    after = graph.tensor(consumer.outputs[0])
    own = producer.options.get("fused_activation")
    if own not in FUSED_ACTIVATIONS or not same_quantization(before, after):
        return None
    table = unary_table(graph, consumer)
    if table is None:
        return None
    given = np.clip(INPUTS, *_limits(own, before)).astype(np.int8)
    wanted = table[given.view(np.uint8)]
    for name in ("NONE", *sorted(FUSED_ACTIVATIONS - {"NONE"})):
        if np.array_equal(wanted, np.clip(INPUTS, *_limits(name, after))):
            return name
    return None


def _limits(activation: str, tensor: Tensor) -> tuple[int, int]:
    quantization = tensor.quantization
    assert quantization is not None
    return activation_range(activation, quantization.scale, quantization.zero_point)
