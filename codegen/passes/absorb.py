"""Let an operator do the work of its only reader, where it says that it can.

For example an LSTM of which only the last step is read: the whole sequence (steps · units bytes)
is then never stored.
"""

from dataclasses import replace

from codegen.ir.graph import Graph, Operator
from codegen.operators.registry import operators


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
    for producer in graph.operators:
        consumer = _only_reader(graph, producer)
        if consumer is None:
            continue
        joined = operators()[producer.kind].absorb(graph, producer, consumer)
        if joined is not None:
            return producer, consumer, joined
    return None


def _only_reader(graph: Graph, producer: Operator) -> Operator | None:
    """Return the one operator that reads the one output of `producer` and no other value."""
    if len(producer.outputs) != 1 or producer.outputs[0] in graph.outputs:
        return None
    readers = [o for o in graph.operators if producer.outputs[0] in o.inputs]
    if len(readers) != 1:
        return None
    values = [i for i in readers[0].inputs if i >= 0 and not graph.tensor(i).is_constant]
    return readers[0] if values == [producer.outputs[0]] else None
