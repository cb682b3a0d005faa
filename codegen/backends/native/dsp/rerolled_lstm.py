"""The call of the dsp kernel of REROLLED_LSTM, and the proof that it is exact."""

import numpy as np

from codegen.backends.native.dsp import packing as _packing
from codegen.backends.native.shared import rerolled_lstm as shared
from codegen.backends.native.shared import weights
from codegen.fixed_point import Int64
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

_ROWS = _packing.DOT8_ROWS


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of the kernel with paired rows, or why it is not exact."""
    del plain, goal
    p = cell(graph, operator)
    reason = refusal(p)
    if reason is not None:
        return reason
    try:
        return call(operator, p, rerolled_fit.fit(p))
    except rerolled_fit.UnfitError as error:
        return str(error)


def hidden_range(p: LstmCell) -> tuple[int, int]:
    """Return the limits of hidden state less zero point over all steps."""
    zeros = [q.hidden.zero_point for q in p.steps]
    return -128 - max(zeros), 127 - min(zeros)


def input_range(p: LstmCell) -> tuple[int, int]:
    """Return the limits of an input less its zero point."""
    return -128 - p.sequence.zero_point, 127 - p.sequence.zero_point


def refusal(p: LstmCell) -> str | None:
    """Return why the dsp kernel cannot run this LSTM exactly, or None."""
    first = p.first_bias.astype(np.int64)
    none = np.zeros(first.size, np.int64)
    return (
        _packing.refuse_rows(p.input_weights, first, *input_range(p))
        or _packing.refuse_rows(p.input_weights, none, *input_range(p))
        or _packing.refuse_rows(p.recurrent_weights, none, *hidden_range(p))
    )


def bound(p: LstmCell) -> int:
    """Return the largest |sum| of any product."""
    first = p.first_bias.astype(np.int64)
    none = np.zeros(first.size, np.int64)
    return max(
        int(weights.sum_bound(p.input_weights, first, *input_range(p)).max()),
        int(weights.sum_bound(p.input_weights, none, *input_range(p)).max()),
        int(weights.sum_bound(p.recurrent_weights, none, *hidden_range(p)).max()),
    )


def call(operator: Operator, p: LstmCell, fitted: FittedRows) -> KernelCall:
    """Return the call of `safe_kernel_rerolled_lstm_s8_dsp`; `refusal` is None."""
    rows, units = p.recurrent_weights.shape
    first: Int64 = p.first_bias.astype(np.int64)
    constants = (
        Constant(
            "weights",
            _packing.pack_rows(p.input_weights, _ROWS),
            weight_bytes=p.input_weights.nbytes,
        ),
        Constant(
            "recurrent",
            _packing.pack_rows(p.recurrent_weights, _ROWS),
            weight_bytes=p.recurrent_weights.nbytes,
        ),
        Constant(
            "first_start", _packing.pack_start(first, _ROWS), weight_bytes=p.first_bias.nbytes
        ),
        *words.shared_constants(fitted, Constant("bias", p.bias)),
    )
    expanded = 8 * (_packing.blocks(p.input_weights.shape[1]) + _packing.blocks(units))
    size = fitted.words[0].nbytes + expanded + 2 * -(-rows // _ROWS) * _ROWS + units
    return KernelCall(
        kernel="safe_kernel_rerolled_lstm_s8_dsp",
        header="safe/kernel/rerolled_lstm_dsp.h",
        source="rerolled_lstm_dsp",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            *(ConstantArg(constant.suffix) for constant in constants),
            ScratchArg("scratch"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_rerolled_lstm_dsp_params_t",
        params=shared.sizes(operator, p),
        constants=constants,
        scratch=(Scratch("scratch", size, alignment=4),),
        macs=shared.macs(p),
        notes=(
            "dsp kernel, eight rows at a time in pairs, one table of scales per step",
            shared.sums_line(p, fitted),
            f"|sum| <= {bound(p)}; the first of each pair < 2^23",
        ),
    )
