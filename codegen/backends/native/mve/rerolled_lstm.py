"""The call of the mve kernel of REROLLED_LSTM.

That no sum leaves 32 bits is part of the proof of its scale (`rerolled_fit.dense_words`).
"""

import numpy as np

from codegen.backends.native.mve import packing, rerolled
from codegen.backends.native.shared import rerolled_lstm as shared
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
from codegen.operators.recurrent import rerolled_fit, words
from codegen.operators.recurrent.rerolled import LstmCell
from codegen.operators.recurrent.rerolled_fit import FittedRows
from codegen.operators.recurrent.rerolled_lstm import cell
from codegen.options import Goal


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of the kernel for four rows at a time, or why the scales do not fit it."""
    del plain, goal
    p = cell(graph, operator)
    reason = rerolled.refusal(p.input_weights, p.recurrent_weights)
    if reason is not None:
        return reason
    try:
        return call(operator, p, rerolled_fit.fit(p))
    except rerolled_fit.UnfitError as error:
        return str(error)


def call(operator: Operator, p: LstmCell, fitted: FittedRows) -> KernelCall:
    """Return the call of `safe_kernel_rerolled_lstm_s8_mve`."""
    rows, units = p.recurrent_weights.shape
    first = packing.start(p.first_bias.astype(np.int64))
    constants = (
        rerolled.packed("weights", p.input_weights),
        rerolled.packed("recurrent", p.recurrent_weights),
        Constant("first_start", first, weight_bytes=p.first_bias.nbytes),
        *words.shared_constants(fitted, Constant("bias", p.bias)),
    )
    work = rerolled.work_bytes(p.input_weights.shape[1], units, rows)
    return KernelCall(
        kernel="safe_kernel_rerolled_lstm_s8_mve",
        header="safe/kernel/rerolled_lstm_mve.h",
        source="rerolled_lstm_mve",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            *(ConstantArg(constant.suffix) for constant in constants),
            ScratchArg("scratch"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_rerolled_lstm_mve_params_t",
        params=shared.sizes(operator, p),
        constants=constants,
        scratch=(Scratch("scratch", fitted.words[0].nbytes + work + units, alignment=4),),
        macs=shared.macs(p),
        notes=(
            "mve kernel, four rows at a time, one table of scales per step",
            shared.sums_line(p, fitted),
        ),
    )
