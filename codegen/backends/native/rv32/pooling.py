"""Pooling for RV32: the plain call with the name of the faster kernel."""

import dataclasses

from codegen.ir.call import KernelCall
from codegen.ir.graph import DType, Graph, Operator


def replace_plain(graph: Graph, operator: Operator, plain: KernelCall) -> KernelCall | None:
    """Return the call of the kernel for int8 values; None for int16."""
    if graph.tensor(operator.inputs[0]).dtype is not DType.INT8:
        return None
    return dataclasses.replace(
        plain,
        kernel=f"{plain.kernel}_rv32",
        header="safe/kernel/pool_2d_rv32.h",
        source=f"{plain.source}_rv32",
        notes=("rv32 kernel, four channels at a time",),
    )
