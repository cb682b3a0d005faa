"""FULLY_CONNECTED for the DSP extension: rows in pairs, eight at a time."""

from codegen.backends.native.dsp import int16, packing
from codegen.backends.native.shared import int16 as shared_int16
from codegen.backends.native.shared import weights
from codegen.backends.native.shared.fully_connected import LITTLE, is_little
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
from codegen.operators.linear.products import Products, products
from codegen.options import Goal


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of the kernel with paired rows, or why it is not exact or does not pay."""
    del plain
    if is_int16(graph, operator):
        return int16.call(operator, shared_int16.of_matrix(graph, operator))
    if goal != "speed" and is_little(graph):
        return f"fewer than {LITTLE} products do not pay for its code"
    p = products(graph, operator)
    bound = weights.of(p).bound
    refusal = packing.refuse_rows(p.rows, p.bias) or weights.refuse_rescale(
        *p.scales, p.output_zero_point, bound
    )
    batches = graph.tensor(operator.inputs[0]).elements // p.rows.shape[1]
    return refusal or _call(operator, p, batches, bound)


def _call(operator: Operator, p: Products, batches: int, bound: int) -> KernelCall:
    constants = packing.dense_constants(p.rows, p.bias, *p.scales)
    return KernelCall(
        kernel="safe_kernel_fully_connected_s8_dsp",
        header="safe/kernel/fully_connected_dsp.h",
        source="fully_connected_dsp",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            *(ConstantArg(constant.suffix) for constant in constants),
            ScratchArg("expanded"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_fully_connected_dsp_params_t",
        params={
            "batches": batches,
            "row": packing.dense_row(p.rows, p.step, p.output_zero_point, (p.low, p.high)),
        },
        constants=constants,
        scratch=(Scratch("expanded", 8 * packing.blocks(p.rows.shape[1]), alignment=4),),
        macs=batches * p.rows.size,
        notes=(
            "dsp kernel, rows in pairs, eight at a time",
            f"|sum| <= {bound}; the first of each pair < 2^23",
        ),
    )
