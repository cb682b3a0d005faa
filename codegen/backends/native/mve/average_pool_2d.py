"""AVERAGE_POOL_2D for the M-profile vector extension: four channels of a window at a time."""

from codegen.backends.native.mve import pool
from codegen.ir.call import KernelCall
from codegen.ir.graph import Graph, Operator
from codegen.options import Goal

MAX_TAPS = 256
"""Value of SAFE_POOL_2D_MVE_MAX_TAPS: up to as many, a sum is at most 2^15."""


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of `safe_kernel_average_pool_2d_s8_mve`, or why a mean is not exact."""
    del graph, operator, goal
    taps: int = plain.params["y"]["kernel"] * plain.params["x"]["kernel"]
    return pool.tuned(plain) if taps <= MAX_TAPS else f"{taps} taps, more than {MAX_TAPS}"
