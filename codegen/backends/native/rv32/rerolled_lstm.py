"""The call of the rv32 kernel of REROLLED_LSTM, and weights as that of a GRU reads them, too.

That no sum leaves 32 bits is part of the proof of its scale (`rerolled_fit.dense_words`).
"""

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.rv32 import packing as _rv32
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

ROWS = _rv32.DOT8_ROWS
_UNROLLED = 4
"""Number of values that the kernel's unrolled loop takes at a time."""


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of the kernel with rows side by side, or why the scales do not fit it."""
    del plain, goal
    p = cell(graph, operator)
    try:
        return call(operator, p, rerolled_fit.fit(p))
    except rerolled_fit.UnfitError as error:
        return str(error)


def _filled(depth: int) -> int:
    """Return the values of a row with what the kernels fill up."""
    return depth + -depth % _UNROLLED


def packed(suffix: str, weights: NDArray[np.int8]) -> Constant:
    """Return the tiles of a product's weights."""
    filling = _filled(weights.shape[1]) - weights.shape[1]
    tiles = _rv32.pack_rows(np.pad(weights, ((0, 0), (0, filling))), ROWS)
    return Constant(suffix, tiles, weight_bytes=weights.nbytes)


def scratch_bytes(inputs: int, units: int, rows: int) -> int:
    """Return the size of both vectors as int16 and of the results of both products."""
    return 2 * (_filled(inputs) + _filled(units)) + 2 * ROWS * -(-rows // ROWS)


def call(operator: Operator, p: LstmCell, fitted: FittedRows) -> KernelCall:
    """Return the call of `safe_kernel_rerolled_lstm_s8_rv32`."""
    rows, units = p.recurrent_weights.shape
    first = _rv32.pack_start(p.first_bias.astype(np.int64), ROWS)
    constants = (
        packed("weights", p.input_weights),
        packed("recurrent", p.recurrent_weights),
        Constant("first_bias", first, weight_bytes=p.first_bias.nbytes),
        *words.shared_constants(fitted, Constant("bias", p.bias)),
    )
    size = fitted.words[0].nbytes + units + scratch_bytes(p.input_weights.shape[1], units, rows)
    return KernelCall(
        kernel="safe_kernel_rerolled_lstm_s8_rv32",
        header="safe/kernel/rerolled_lstm_rv32.h",
        source="rerolled_lstm_rv32",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            *(ConstantArg(constant.suffix) for constant in constants),
            ScratchArg("scratch"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_rerolled_lstm_rv32_params_t",
        params=shared.sizes(operator, p),
        constants=constants,
        scratch=(Scratch("scratch", size, alignment=4),),
        macs=shared.macs(p),
        notes=(
            "rv32 kernel, eight rows at a time, one table of scales per step",
            shared.sums_line(p, fitted),
        ),
    )
