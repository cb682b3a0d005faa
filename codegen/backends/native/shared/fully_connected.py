"""Rule for when a tuned matrix product is worth its code."""

from codegen.ir.graph import Graph

LITTLE = 4096
"""Number of products in all FULLY_CONNECTED of a graph below which a faster kernel is not worth its
code: it would save some 10,000 instructions for 1,200 bytes."""


def is_little(graph: Graph) -> bool:
    """Return whether the graph multiplies little outside of convolutions.

    An LSTM brings most of the dsp kernel's code by itself.
    """
    products = 0
    for operator in graph.operators:
        if operator.kind == "UNIDIRECTIONAL_SEQUENCE_LSTM":
            return False
        if operator.kind == "FULLY_CONNECTED":
            weights, source = graph.tensor(operator.inputs[1]), graph.tensor(operator.inputs[0])
            products += source.elements * weights.shape[0]
    return products < LITTLE
