"""FULLY_CONNECTED for the M-profile vector extension: four outputs at a time."""

from codegen.backends.native.mve import packing
from codegen.backends.native.shared import weights
from codegen.ir.call import (
    Constant,
    ConstantArg,
    KernelCall,
    ParamsArg,
    Scratch,
    ScratchArg,
    TensorArg,
)
from codegen.ir.graph import Graph, Operator
from codegen.operators.linear.int16 import is_int16
from codegen.operators.linear.products import Products, products
from codegen.options import Goal


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of the kernel for four outputs at a time, or why it is not exact."""
    del plain, goal
    if is_int16(graph, operator):
        return None
    p = products(graph, operator)
    dense = weights.of(p)
    batches = graph.tensor(operator.inputs[0]).elements // p.rows.shape[1]
    return packing.refusal(dense) or _call(operator, p, batches, dense.bound)


def _call(operator: Operator, p: Products, batches: int, bound: int) -> KernelCall:
    units, depth = p.rows.shape
    constants = (
        Constant(
            "weights", packing.pack_rows(p.rows, packing.DOT4_ROWS), weight_bytes=p.rows.nbytes
        ),
        Constant("start", packing.start(p.bias), weight_bytes=4 * units),
        *packing.scales(*p.scales, units),
    )
    return KernelCall(
        kernel="safe_kernel_fully_connected_s8_mve",
        header="safe/kernel/fully_connected_mve.h",
        source="fully_connected_mve",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            *(ConstantArg(constant.suffix) for constant in constants),
            ScratchArg("values"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_fully_connected_mve_params_t",
        params={
            "batches": batches,
            "depth": depth,
            "units": units,
            "rescale_step": packing.LANES * p.step,
            "output_zero_point": p.output_zero_point,
            "output_min": p.low,
            "output_max": p.high,
        },
        constants=constants,
        scratch=(Scratch("values", packing.buffer_bytes(depth), alignment=4),),
        macs=batches * p.rows.size,
        notes=("mve kernel, four rows at a time", f"|sum| <= {bound}"),
    )
