"""ADD and SUB as one affine sum, four elements at a time; `shared/add.py` proves it."""

import dataclasses

from codegen.backends.native.shared import add
from codegen.ir.call import KernelCall
from codegen.ir.graph import Graph, Operator
from codegen.options import Goal


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of `safe_kernel_add_affine_s8_mve` where the affine sum is exact."""
    call = add.replace(graph, operator, plain, goal)
    if not isinstance(call, KernelCall):
        return call
    return dataclasses.replace(
        call,
        kernel="safe_kernel_add_affine_s8_mve",
        header="safe/kernel/add_affine_mve.h",
        source="add_affine_mve",
        notes=("mve kernel, four elements at a time", *call.notes),
    )
