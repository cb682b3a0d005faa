"""MAX_POOL_2D of int8 values for RV32: four channels stay in registers."""

from codegen.backends.native.rv32 import pooling
from codegen.ir.call import KernelCall
from codegen.ir.graph import Graph, Operator
from codegen.options import Goal


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of the kernel for four channels; None for int16."""
    del goal
    return pooling.replace_plain(graph, operator, plain)
