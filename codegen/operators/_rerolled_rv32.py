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
_UNROLLED = 4
"""Values that the kernel takes at a time."""


def refusal(p: Cell) -> str | None:
    """Return why the rv32 kernel cannot run this LSTM exactly, or None."""
    bound = max(int(part.max()) for part in _rerolled.bounds(p))
    return None if bound <= _packing.MAX_SUM else f"a sum can reach {bound}, beyond 2^30"


def _filled(depth: int) -> int:
    """Return the values of a row with what the kernel fills up."""
    return depth + -depth % _UNROLLED


def _packed(suffix: str, weights: NDArray[np.int8]) -> Constant:
    filling = _filled(weights.shape[1]) - weights.shape[1]
    tiles = _rv32.pack_rows(np.pad(weights, ((0, 0), (0, filling))), _ROWS)
    return Constant(suffix, tiles, weight_bytes=weights.nbytes)


def call(operator: Operator, p: Cell, fitted: Fitted) -> KernelCall:
    """Return the call of `safe_kernel_rerolled_lstm_s8_rv32`; `refusal` is None."""
    rows, units = p.recurrent_weights.shape
    first = _rv32.pack_start(p.first_bias.astype(np.int64), _ROWS)
    constants = (
        _packed("weights", p.input_weights),
        _packed("recurrent", p.recurrent_weights),
        Constant("first_bias", first, weight_bytes=p.first_bias.nbytes),
        *_rerolled_dsp.shared_constants(fitted, Constant("bias", p.bias)),
    )
    wide = 2 * (_filled(p.input_weights.shape[1]) + _filled(units))
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
        scratch=(Scratch("scratch", wide + 2 * whole + units, alignment=2),),
        macs=_rerolled_dsp.macs(p),
        notes=(
            "rv32 kernel, eight rows at a time, one table of scales per step",
            _rerolled_dsp.sums_line(p, fitted),
        ),
    )
