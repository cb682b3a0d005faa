"""FULLY_CONNECTED in portable C for int16 values; when a tuned matrix product is worth its code."""

from codegen.backends.native.shared import int16
from codegen.ir.call import KernelCall
from codegen.ir.graph import Graph, Operator
from codegen.operators.linear.int16 import is_int16
from codegen.options import Goal

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


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call for int16 values that takes four outputs at a time, or why none pays."""
    del plain, goal
    if not is_int16(graph, operator):
        return None
    return int16.tiled_call(operator, int16.of_matrix(graph, operator))
