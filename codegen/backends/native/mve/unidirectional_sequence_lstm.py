"""The LSTM for the M-profile vector extension: the gates of four units at a time."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.mve import packing
from codegen.backends.native.shared import unidirectional_sequence_lstm as shared
from codegen.backends.native.shared import weights
from codegen.backends.native.shared.sigmoid import lines
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
from codegen.operators.recurrent import lstm as _lstm
from codegen.options import Goal
from codegen.quantization import INT16_MAX, INT16_MIN

_ROWS = packing.DOT4_ROWS
_PASS = (1 << 30, -1)
"""Multiplier and shift that bring four times a number back to the number."""
_NARROW = -64
"""Value of SAFE_LSTM_MVE_NARROW."""


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of the kernel for the gates of four units, or why it is not exact."""
    del plain, goal
    p = _lstm.integers(graph, operator)
    return refusal(p) or call(operator, p, (_lstm.written(operator),))


def refusal(p: _lstm.LstmIntegers) -> str | None:
    """Return why the mve kernel cannot run this LSTM exactly, or None."""
    if _bound(p) > weights.MAX_SUM:
        return f"a sum can reach {_bound(p)}, beyond 2^30"
    return shared.refuse_scales(p)


def _tiles(packed: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return weights [units, 4, K] as tiles of four units [groups, gates, blocks, 4, 16]."""
    _, gates, depth = packed.shape
    filled = packing.fill(packed[:, list(shared.GATE_ORDER)], _ROWS)
    rows = filled.reshape(-1, _ROWS, gates, depth).swapaxes(1, 2).reshape(-1, depth)
    return packing.pack_rows(rows, _ROWS).reshape(len(filled) // _ROWS, gates, -1)


def _starts(bias: Int64) -> NDArray[np.int32]:
    """Return biases [units, 4] in the order of `_tiles`: [groups, gates, 4]."""
    filled = packing.fill(bias[:, list(shared.GATE_ORDER)], _ROWS)
    return filled.reshape(-1, _ROWS, _lstm.GATES).swapaxes(1, 2).astype(np.int32)


def _bound(p: _lstm.LstmIntegers) -> int:
    """Return the largest |sum| of any row."""
    found = []
    for rows, bias in ((p.input_weights, p.input_bias), (p.recurrent_weights, p.recurrent_bias)):
        flat = rows.reshape(bias.size, -1)
        found.append(int(weights.sum_bound(flat, bias.reshape(-1)).max()))
    return max(found)


def _scale(pair: Any) -> Mapping[str, int]:
    multiplier, shift = pair
    return {"multiplier": int(multiplier), "shift": int(shift)}


def _params(operator: Operator, p: _lstm.LstmIntegers) -> Mapping[str, Any]:
    """Return the fields of `safe_lstm_mve_params_t` in order."""
    common = _lstm.params(operator, p)
    names = list(common)[: list(common).index("forget_multiplier")]
    multiplier, shift = p.tanh
    scales = p.scales[:, list(shared.GATE_ORDER)].swapaxes(0, 1).reshape(-1, 2)
    wide = scales[:, 1:] > -1
    terms, before = np.where(wide, _PASS, scales), np.where(wide, scales, (0, _NARROW))
    return {
        **{name: common[name] for name in names},
        "hidden_zero_point": p.hidden_zero_point,
        "cell_low": max(-p.cell_clip, INT16_MIN),
        "cell_high": min(p.cell_clip, INT16_MAX),
        "tanh_multiplier": multiplier,
        "tanh_shift": -shift,
        "forget": _scale(p.forget),
        "update": _scale(p.update),
        "hidden": _scale(p.hidden),
        "terms": [_scale(pair) for pair in terms],
        "any_wide": int(wide.any()),
        "wide": [_scale(pair) for pair in before],
    }


def call(operator: Operator, p: _lstm.LstmIntegers, notes: tuple[str, ...]) -> KernelCall:
    """Return the call of `safe_kernel_unidirectional_sequence_lstm_s8_mve`; `refusal` is None."""
    s = p.sizes
    tiles = [_tiles(part) for part in (p.input_weights, p.recurrent_weights)]
    starts = [_starts(part) for part in (p.input_bias, p.recurrent_bias)]
    constants = (
        Constant(
            "weights",
            np.concatenate(tiles, axis=2),
            weight_bytes=p.input_weights.nbytes + p.recurrent_weights.nbytes,
        ),
        Constant("start", np.concatenate(starts, axis=2), weight_bytes=4 * p.input_bias.size),
        Constant("lines", lines(), counts_as_weight=False),
    )
    expanded = packing.BLOCK * (packing.blocks(s.inputs) + packing.blocks(s.units))
    return KernelCall(
        kernel="safe_kernel_unidirectional_sequence_lstm_s8_mve",
        header="safe/kernel/unidirectional_sequence_lstm_mve.h",
        source="unidirectional_sequence_lstm_mve",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            *(ConstantArg(constant.suffix) for constant in constants),
            TensorArg(operator.inputs[_lstm.HIDDEN_STATE]),
            TensorArg(operator.inputs[_lstm.CELL_STATE]),
            ScratchArg("values"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_lstm_mve_params_t",
        params=_params(operator, p),
        constants=constants,
        scratch=(Scratch("values", expanded),),
        macs=s.batches * s.time_steps * _lstm.GATES * s.units * (s.inputs + s.units),
        notes=(
            "mve kernel, the gates of four units at a time",
            *notes,
            f"|sum| <= {_bound(p)}",
        ),
    )
