"""FULLY_CONNECTED for Armv6-M: eight outputs at a time."""

from codegen.backends.native.shared import weights
from codegen.backends.native.v6m import packing
from codegen.ir.call import (
    ConstantArg,
    KernelCall,
    ParamsArg,
    Scratch,
    ScratchArg,
    TensorArg,
)
from codegen.ir.graph import Graph, Operator
from codegen.operators.linear.int16 import is_int16
from codegen.operators.linear.products import products
from codegen.options import Goal


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of the kernel with tiles of eight rows, or why it is not exact."""
    del plain, goal
    if is_int16(graph, operator):
        return None
    p = products(graph, operator)
    dense = weights.of(p)
    refusal = packing.refusal(dense)
    if refusal is not None:
        return refusal
    depth = p.rows.shape[1]
    batches = graph.tensor(operator.inputs[0]).elements // depth
    constants = packing.dense_constants(dense)
    return KernelCall(
        kernel="safe_kernel_fully_connected_s8_v6m",
        header="safe/kernel/fully_connected_v6m.h",
        source="fully_connected_v6m",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            *(ConstantArg(constant.suffix) for constant in constants),
            ScratchArg("values"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_fully_connected_v6m_params_t",
        params={"batches": batches, "row": packing.dense_row(dense, (p.low, p.high))},
        constants=constants,
        scratch=(Scratch("values", packing.dense_vectors(dense).bytes, alignment=4),),
        macs=batches * dense.rows.size,
        notes=("v6m kernel, eight outputs at a time", *packing.proof(dense)),
    )
