"""FULLY_CONNECTED for RV32: eight outputs at a time."""

from codegen.backends.native.rv32 import packing
from codegen.backends.native.shared import weights
from codegen.backends.native.shared.weights import WeightRows
from codegen.ir.call import (
    ConstantArg,
    KernelCall,
    ParamsArg,
    TensorArg,
)
from codegen.ir.graph import Graph, Operator
from codegen.operators.linear.int16 import is_int16
from codegen.operators.linear.products import products
from codegen.options import Goal


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of the kernel with rows side by side, or why it is not exact or not worth."""
    del plain, goal
    if is_int16(graph, operator):
        return None
    p = products(graph, operator)
    dense = weights.of(p)
    batches = graph.tensor(operator.inputs[0]).elements // p.rows.shape[1]
    refusal = weights.refusal(dense, packing.DOT8_MIN_ROWS)
    return refusal or fully_connected_call(operator, dense, batches, (p.low, p.high))


def fully_connected_call(
    operator: Operator, dense: WeightRows, batches: int, limits: tuple[int, int]
) -> KernelCall:
    """Return the call of `safe_kernel_fully_connected_s8_rv32`; `limits` of the output."""
    constants = packing.dense_constants(dense)
    return KernelCall(
        kernel="safe_kernel_fully_connected_s8_rv32",
        header="safe/kernel/fully_connected_rv32.h",
        source="fully_connected_rv32",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            *(ConstantArg(constant.suffix) for constant in constants),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_fully_connected_rv32_params_t",
        params={"batches": batches, "row": packing.dense_row(dense, limits)},
        constants=constants,
        macs=batches * dense.rows.size,
        notes=("rv32 kernel, eight outputs at a time", *packing.proof(dense)),
    )
