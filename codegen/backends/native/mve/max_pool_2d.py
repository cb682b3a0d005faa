"""MAX_POOL_2D for the M-profile vector extension: four channels of a window at a time."""

from codegen.backends.native.mve import pool
from codegen.ir.call import KernelCall
from codegen.ir.graph import Graph, Operator
from codegen.options import Goal


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of `safe_kernel_max_pool_2d_s8_mve`; int16 stays as it is."""
    del graph, operator, goal
    return pool.tuned(plain)
