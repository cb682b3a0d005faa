"""The call of the rv32 kernel of REROLLED_LSTM, and the proof that it is exact."""

import numpy as np
from numpy.typing import NDArray

from codegen.ir.graph import Operator
from codegen.operators import _packing, _rerolled, _rerolled_dsp, _rv32
from codegen.operators._rerolled import Cell
from codegen.operators._rerolled_fit import Fitted
from codegen.operators.base import (
    Constant,
    ConstantArg,
    KernelCall,
    ParamsArg,
    Scratch,
    ScratchArg,
    TensorArg,
)

_ROWS = _rv32.DOT8_ROWS


def refusal(p: Cell) -> str | None:
    """Return why the rv32 kernel cannot run this LSTM exactly, or None."""
    bound = max(int(part.max()) for part in _rerolled.bounds(p))
    return None if bound <= _packing.MAX_SUM else f"a sum can reach {bound}, beyond 2^30"


def _sums(name: str, weights: NDArray[np.int8]) -> Constant:
    sums = _rv32.pack_start(weights.astype(np.int64).sum(axis=1), _ROWS)
    return Constant(name, sums, counts_as_weight=False)


def call(operator: Operator, p: Cell, fitted: Fitted) -> KernelCall:
    """Return the call of `safe_kernel_rerolled_lstm_s8_rv32`; `refusal` is None."""
    rows, units = p.recurrent_weights.shape
    first = _rv32.pack_start(p.first_bias.astype(np.int64), _ROWS)
    constants = (
        Constant(
            "weights",
            _rv32.pack_rows(p.input_weights, _ROWS),
            weight_bytes=p.input_weights.nbytes,
        ),
        Constant(
            "recurrent",
            _rv32.pack_rows(p.recurrent_weights, _ROWS),
            weight_bytes=p.recurrent_weights.nbytes,
        ),
        _sums("sums", p.input_weights),
        _sums("recurrent_sums", p.recurrent_weights),
        Constant("first_bias", first, weight_bytes=p.first_bias.nbytes),
        *_rerolled_dsp.shared_constants(fitted, Constant("bias", p.bias)),
    )
    whole = -(-rows // _ROWS) * _ROWS
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
        params=_rerolled_dsp.sizes(operator, p),
        constants=constants,
        scratch=(Scratch("scratch", 2 * whole + units, alignment=4),),
        macs=_rerolled_dsp.macs(p),
        notes=(
            "rv32 kernel, eight rows at a time, one table of scales per step",
            _rerolled_dsp.sums_line(p, fitted),
        ),
    )
