"""The LSTM's constants as the dsp kernel reads them, and the proof that it is exact with them."""

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
from codegen.operators.recurrent import lstm as _lstm
from codegen.sigmoid_table import SIGMOID_TABLE

GATE_ORDER = (0, 2, 1, 3)
"""Input, cell, forget, output: as the kernel needs them."""
_FORGET = (1 << 30, -14)
"""2^-15 as multiplier and shift: what the kernel has built in for forget * cell."""
_PASS = (1 << 30, -1)
"""Rescales eight times a number to the number, as doubled sums are rescaled."""
_NARROW = -64
"""SAFE_LSTM_DSP_NARROW: nothing to do before."""
_MIN_UPDATE_SHIFT, _MAX_UPDATE_SHIFT = 14, 29
"""Right shift after the multiplication by 2^30 / 2^31: the product fits int16, the sum 32 bits."""


def sigmoid_lines() -> tuple[NDArray[np.int32], NDArray[np.uint16]]:
    """Return base and slope of each of 256 lines of the upper half of the sigmoid.

    With z >= 0 the table's argument in 1/512 and i = z >> 9, base[i] + z · slope[i] is
    512 · sigmoid in 0.16, less 2^24: interpolation between entries i and i + 1, without the
    subtraction of the line's start. The last line is flat, where TFLite's tanh saturates.
    """
    table = np.array(SIGMOID_TABLE, dtype=np.int64)
    index = np.arange(table.size)
    slope = np.append(np.diff(table), 0)
    base = 512 * (table - index * slope) - (1 << 24)
    return base.astype(np.int32), slope.astype(np.uint16)


def tiles(packed: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return [units, 4, K] as rows of tiles [8 · pairs, K]: (u, v) of each gate in the order."""
    units, gates, depth = packed.shape
    filled = np.zeros((units + units % 2, gates, depth), dtype=np.int8)
    filled[:units] = packed[:, GATE_ORDER]
    return filled.reshape(-1, 2, gates, depth).swapaxes(1, 2).reshape(-1, depth)


def starts(bias: Int64) -> Int64:
    """Return [units, 4] in the order of `tiles`."""
    units, gates = bias.shape
    filled = np.zeros((units + units % 2, gates), dtype=np.int64)
    filled[:units] = bias[:, GATE_ORDER]
    return filled.reshape(-1, 2, gates).swapaxes(1, 2).reshape(-1)


def _hidden_range(p: _lstm.Integers) -> tuple[int, int]:
    return -128 - p.hidden_zero_point, 127 - p.hidden_zero_point


def refuse_scales(p: _lstm.Integers) -> str | None:
    """Return why the dsp kernel, or the rv32 kernel, cannot take the scales, or None."""
    if p.forget != _FORGET or p.update[0] != 1 << 30:
        return "the cell state's scale is not a power of two"
    if not _MIN_UPDATE_SHIFT <= -p.update[1] <= _MAX_UPDATE_SHIFT:
        return f"a shift of the cell update of {p.update[1]}"
    hidden = np.array([p.hidden], dtype=np.int64)
    narrow = ~_is_wide(p)
    return _packing.refuse_rescale(
        *_columns(p.scales[narrow]), 0, _packing.MAX_SUM
    ) or _packing.refuse_rescale(*_columns(hidden), p.hidden_zero_point, _packing.MAX_SUM)


def refusal(p: _lstm.Integers) -> str | None:
    """Return why the dsp kernel cannot run this LSTM exactly, or None."""
    recurrent = tiles(p.recurrent_weights)
    none = np.zeros(len(recurrent), np.int64)
    return (
        refuse_scales(p)
        or _packing.refuse_rows(tiles(p.input_weights), starts(p.input_bias))
        or _packing.refuse_rows(recurrent, none, *_hidden_range(p))
    )


def _columns(pairs: Int64) -> tuple[Int64, Int64]:
    return pairs[:, 0], pairs[:, 1]


def _is_wide(p: _lstm.Integers) -> NDArray[np.bool_]:
    """Return, per source and gate, whether the term needs no right shift: [2, 4]."""
    wide: NDArray[np.bool_] = p.scales[..., 1] > -1
    return wide


def _rescales(pairs: Int64, zero_point: int) -> list[Mapping[str, int]]:
    """Return safe_dsp_rescale_t for (multiplier, shift) [n, 2]."""
    words = _packing.rescale(pairs[:, 0], pairs[:, 1], zero_point)
    names = ("multiplier", "addend", "shift")
    return [dict(zip(names, map(int, row), strict=True)) for row in words]


def params(operator: Operator, p: _lstm.Integers) -> Mapping[str, Any]:
    """Return the fields of `safe_lstm_dsp_params_t` in order."""
    common = _lstm.params(operator, p)
    names = list(common)[: list(common).index("forget_multiplier")]
    shift = -p.update[1]
    multiplier, tanh_shift = p.tanh
    unlimited = p.cell_clip == _lstm.NO_CLIP
    order = list(GATE_ORDER)
    wide = _is_wide(p)
    scales = np.where(wide[..., None], _PASS, p.scales)[:, order]
    before = np.where(wide[..., None], p.scales, (0, _NARROW))[:, order].reshape(-1, 2)
    return {
        **{name: common[name] for name in names},
        "hidden_zero_point": p.hidden_zero_point,
        "update_addend": 1 + (1 << shift),
        "update_shift": shift + 1,
        "cell_clip": p.cell_clip,
        "cell_clip_span": 0xFFFF if unlimited else 2 * p.cell_clip,
        "tanh_multiplier": multiplier,
        "tanh_addend": (1 << tanh_shift) >> 1,
        "tanh_shift": tanh_shift,
        "input": _rescales(scales[0], 0),
        "recurrent": _rescales(scales[1], 0),
        "hidden": _rescales(np.array([p.hidden]), p.hidden_zero_point)[0],
        "any_wide": int(wide.any()),
        "wide": [{"multiplier": int(m), "shift": int(s)} for m, s in before],
    }


def call(operator: Operator, p: _lstm.Integers, notes: tuple[str, ...]) -> KernelCall:
    """Return the call of `safe_kernel_unidirectional_sequence_lstm_s8_dsp`; `refusal` is None."""
    source, recurrent = tiles(p.input_weights), tiles(p.recurrent_weights)
    rows = _packing.DOT8_ROWS
    parts = [_packing.pack_rows(part, rows) for part in (source, recurrent)]
    weights = np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)
    base, slope = sigmoid_lines()
    s = p.sizes
    none = np.zeros(len(recurrent), np.int64)
    bound = max(
        int(_packing.sum_bound(source, starts(p.input_bias)).max()),
        int(_packing.sum_bound(recurrent, none, *_hidden_range(p)).max()),
    )
    return KernelCall(
        kernel="safe_kernel_unidirectional_sequence_lstm_s8_dsp",
        header="safe/kernel/unidirectional_sequence_lstm_dsp.h",
        source="unidirectional_sequence_lstm_dsp",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            ConstantArg("weights"),
            ConstantArg("start"),
            ConstantArg("sigmoid_base"),
            ConstantArg("sigmoid_slope"),
            TensorArg(operator.inputs[_lstm.HIDDEN_STATE]),
            TensorArg(operator.inputs[_lstm.CELL_STATE]),
            ScratchArg("expanded"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_lstm_dsp_params_t",
        params=params(operator, p),
        constants=(
            Constant(
                "weights",
                weights,
                weight_bytes=p.input_weights.nbytes + p.recurrent_weights.nbytes,
            ),
            Constant(
                "start",
                _packing.pack_start(starts(p.input_bias), rows),
                weight_bytes=4 * p.input_bias.size,
            ),
            Constant("sigmoid_base", base, counts_as_weight=False),
            Constant("sigmoid_slope", slope, counts_as_weight=False),
        ),
        scratch=(
            Scratch(
                "expanded",
                8 * (_packing.blocks(s.inputs) + _packing.blocks(s.units)),
                alignment=4,
            ),
        ),
        macs=s.batches * s.time_steps * _lstm.GATES * s.units * (s.inputs + s.units),
        notes=(
            "dsp kernel, the gates of two units at a time, rows in pairs",
            *notes,
            f"|sum| <= {bound}; the first of each pair < 2^23",
        ),
    )
