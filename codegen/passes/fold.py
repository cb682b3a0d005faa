"""Constant folding: operators of constants only become their results."""

from codegen.ir.graph import Graph
from codegen.operators import _folding


def run(graph: Graph) -> Graph:
    """Return the folded graph."""
    return _folding.fold(graph)
