"""The call of the dsp kernel of REROLLED_LSTM, and the proof that it is exact."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.dsp import packing as _packing
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
from codegen.ir.graph import Operator
from codegen.operators.recurrent import words as _rerolled_words
from codegen.operators.recurrent.rerolled import Cell
from codegen.operators.recurrent.rerolled_fit import Fitted

ROWS = _packing.DOT8_ROWS


def hidden_range(p: Cell) -> tuple[int, int]:
    """Return the limits of hidden state less zero point over all steps."""
    zeros = [q.hidden.zero_point for q in p.steps]
    return -128 - max(zeros), 127 - min(zeros)


def input_range(p: Cell) -> tuple[int, int]:
    """Return the limits of an input less its zero point."""
    return -128 - p.sequence.zero_point, 127 - p.sequence.zero_point


def refusal(p: Cell) -> str | None:
    """Return why the dsp kernel cannot run this LSTM exactly, or None."""
    first = p.first_bias.astype(np.int64)
    none = np.zeros(first.size, np.int64)
    return (
        _packing.refuse_rows(p.input_weights, first, *input_range(p))
        or _packing.refuse_rows(p.input_weights, none, *input_range(p))
        or _packing.refuse_rows(p.recurrent_weights, none, *hidden_range(p))
    )


def bound(p: Cell) -> int:
    """Return the largest |sum| of any product."""
    first = p.first_bias.astype(np.int64)
    none = np.zeros(first.size, np.int64)
    return max(
        int(_packing.sum_bound(p.input_weights, first, *input_range(p)).max()),
        int(_packing.sum_bound(p.input_weights, none, *input_range(p)).max()),
        int(_packing.sum_bound(p.recurrent_weights, none, *hidden_range(p)).max()),
    )


def sizes(operator: Operator, p: Cell) -> Mapping[str, Any]:
    """Return the fields of `safe_rerolled_lstm_dsp_params_t` in order, also of the rv32 kernel."""
    units = p.recurrent_weights.shape[1]
    return {
        "time_steps": len(p.steps),
        "input_size": p.input_weights.shape[1],
        "units": units,
        "output_step": units if operator.options["all_steps"] else 0,
        "input_zero_point": p.sequence.zero_point,
    }


def tiled(scales: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the scales of whole tiles."""
    return np.concatenate([scales, np.repeat(scales[-1:], -scales.size % ROWS)])


def shared_constants(fitted: Fitted, bias: Constant | None = None) -> tuple[Constant, ...]:
    """Return what follows the weights, in the order of the kernels' arguments."""
    # C has no array of no elements.
    exact = fitted.exact if fitted.exact.size else np.zeros(1, np.int32)
    return (
        _own("input_scales", tiled(fitted.input_scales)),
        _own("recurrent_scales", tiled(fitted.recurrent_scales)),
        *(() if bias is None else (bias,)),
        _own("words", _rerolled_words.pack(fitted.words)),
        _own("bins", fitted.bins),
        _own("thresholds", fitted.thresholds),
        _own("exact", exact),
    )


def _own(suffix: str, data: NDArray[Any]) -> Constant:
    return Constant(suffix, data, counts_as_weight=False)


def macs(p: Cell) -> int:
    """Return the products of a whole sequence."""
    rows, units = p.recurrent_weights.shape
    steps = len(p.steps)
    return int(rows * (steps * p.input_weights.shape[1] + (steps - 1) * units))


def sums_line(p: Cell, fitted: Fitted) -> str:
    """Return the line for the manifest that counts how sums are computed."""
    exact = len(fitted.exact)
    return f"{3 * (len(p.steps) - 1) - exact} affine sums, {exact} as TFLM rounds them"


def call(operator: Operator, p: Cell, fitted: Fitted) -> KernelCall:
    """Return the call of `safe_kernel_rerolled_lstm_s8_dsp`; `refusal` is None."""
    rows, units = p.recurrent_weights.shape
    first: Int64 = p.first_bias.astype(np.int64)
    constants = (
        Constant(
            "weights",
            _packing.pack_rows(p.input_weights, ROWS),
            weight_bytes=p.input_weights.nbytes,
        ),
        Constant(
            "recurrent",
            _packing.pack_rows(p.recurrent_weights, ROWS),
            weight_bytes=p.recurrent_weights.nbytes,
        ),
        Constant("first_start", _packing.pack_start(first, ROWS), weight_bytes=p.first_bias.nbytes),
        *shared_constants(fitted, Constant("bias", p.bias)),
    )
    expanded = 8 * (_packing.blocks(p.input_weights.shape[1]) + _packing.blocks(units))
    size = fitted.words[0].nbytes + expanded + 2 * -(-rows // ROWS) * ROWS + units
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
        params=sizes(operator, p),
        constants=constants,
        scratch=(Scratch("scratch", size, alignment=4),),
        macs=macs(p),
        notes=(
            "dsp kernel, eight rows at a time in pairs, one table of scales per step",
            sums_line(p, fitted),
            f"|sum| <= {bound(p)}; the first of each pair < 2^23",
        ),
    )
