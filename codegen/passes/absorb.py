"""Let an operator do the work of its only reader, where it says that it can.

For example an LSTM of which only the last step is read: the whole sequence (steps · units bytes)
is then never stored.
"""

from dataclasses import replace

from codegen.ir.graph import Graph, Operator
from codegen.operators.registry import operators
from codegen.passes.graph import only_reader, readers, value_inputs


def run(graph: Graph) -> Graph:
    """Return the graph with every possible pair joined, first to last, until none is left."""
    found = _find(graph)
    while found is not None:
        producer, consumer, joined = found
        graph = replace(
            graph,
            operators=tuple(
                joined if o is producer else o for o in graph.operators if o is not consumer
            ),
        )
        found = _find(graph)
    return graph


def _find(graph: Graph) -> tuple[Operator, Operator, Operator] | None:
    read = readers(graph)
    for producer in graph.operators:
        consumer = only_reader(graph, read, producer)
        if consumer is None or value_inputs(graph, consumer) != [producer.outputs[0]]:
            continue
        joined = operators()[producer.kind].absorb(graph, producer, consumer)
        if joined is not None:
            return producer, consumer, joined
    return None
