"""The LSTM's constants as the dsp kernel reads them, and the proof that it is exact with them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.dsp import packing as _packing
from codegen.backends.native.shared import unidirectional_sequence_lstm as shared
from codegen.backends.native.shared import weights
from codegen.backends.native.shared.sigmoid import lines
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

_CELL = (
    *("update_addend", "update_shift", "cell_clip", "cell_clip_span"),
    *("tanh_multiplier", "tanh_addend", "tanh_shift", "hidden"),
)
"""Fields of `safe_lstm_dsp_cell_t`."""
_HALF_ROWS = 4
"""Rows of half a tile of the input: two gates of two units."""


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of the kernel for the gates of two units, or why it is not exact."""
    del plain, goal
    p = _lstm.integers(graph, operator)
    return refusal(p) or call(operator, p, (_lstm.written(operator),))


def _hidden_range(p: _lstm.LstmIntegers) -> tuple[int, int]:
    return -128 - p.hidden_zero_point, 127 - p.hidden_zero_point


def refusal(p: _lstm.LstmIntegers) -> str | None:
    """Return why the dsp kernel cannot run this LSTM exactly, or None."""
    recurrent = shared.tiles(p.recurrent_weights)
    none = np.zeros(len(recurrent), np.int64)
    return (
        shared.refuse_scales(p)
        or _packing.refuse_rows(shared.tiles(p.input_weights), shared.starts(p.input_bias))
        or _packing.refuse_rows(recurrent, none, *_hidden_range(p))
    )


def _input_halves(p: _lstm.LstmIntegers) -> NDArray[np.uint32]:
    """Return half tiles of the input, uint32[2, pairs of units, words]: starts, then weights."""
    rows = shared.tiles(p.input_weights).reshape(-1, 2, _HALF_ROWS, p.sizes.inputs)
    start = shared.starts(p.input_bias).reshape(-1, 2, _HALF_ROWS)
    halves = []
    for half in (0, 1):
        own = rows[:, half].reshape(-1, p.sizes.inputs)
        weights = _packing.pack_rows(own, _HALF_ROWS).reshape(len(rows), -1)
        begin = _packing.pack_start(start[:, half].reshape(-1), _HALF_ROWS).view(np.uint32)
        halves.append(np.concatenate([begin, weights], axis=1))
    return np.stack(halves)


def _params(operator: Operator, p: _lstm.LstmIntegers) -> Mapping[str, Any]:
    """Return the fields of `safe_lstm_dsp_params_t` in order."""
    given = dict(shared.params(operator, p))
    del given["any_wide"]
    wide = given.pop("wide")
    cell = {name: given.pop(name) for name in _CELL}
    scales = {name: given.pop(name) for name in ("input", "recurrent")}
    return {**given, "cell": cell, **scales, "is_wide": shared.wide_sources(p), "wide": wide}


def _bound(p: _lstm.LstmIntegers) -> int:
    """Return the largest |sum| of any product."""
    recurrent = shared.tiles(p.recurrent_weights)
    none = np.zeros(len(recurrent), np.int64)
    source = weights.sum_bound(shared.tiles(p.input_weights), shared.starts(p.input_bias))
    hidden = weights.sum_bound(recurrent, none, *_hidden_range(p))
    return max(int(source.max()), int(hidden.max()))


def _scratch_words(sizes: _lstm.Sizes) -> int:
    """Return SAFE_LSTM_DSP_SCRATCH_WORDS."""
    tiles = -(-sizes.units // 2)
    expanded = 4 * _packing.blocks(sizes.inputs) + 2 * _packing.blocks(sizes.units)
    return expanded + 2 * _lstm.GATES * tiles


def call(operator: Operator, p: _lstm.LstmIntegers, notes: tuple[str, ...]) -> KernelCall:
    """Return the call of `safe_kernel_unidirectional_sequence_lstm_s8_dsp`; `refusal` is None."""
    recurrent = _packing.pack_rows(shared.tiles(p.recurrent_weights), _packing.DOT8_ROWS)
    s = p.sizes
    return KernelCall(
        kernel="safe_kernel_unidirectional_sequence_lstm_s8_dsp",
        header="safe/kernel/unidirectional_sequence_lstm_dsp.h",
        source="unidirectional_sequence_lstm_dsp",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            *(ConstantArg(name) for name in ("weights", "recurrent", "lines")),
            TensorArg(operator.inputs[_lstm.HIDDEN_STATE]),
            TensorArg(operator.inputs[_lstm.CELL_STATE]),
            ScratchArg("terms"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_lstm_dsp_params_t",
        params=_params(operator, p),
        constants=(
            Constant(
                "weights",
                _input_halves(p),
                weight_bytes=p.input_weights.nbytes + 4 * p.input_bias.size,
            ),
            Constant("recurrent", recurrent, weight_bytes=p.recurrent_weights.nbytes),
            Constant("lines", lines(), counts_as_weight=False),
        ),
        scratch=(Scratch("terms", 4 * _scratch_words(s), alignment=4),),
        macs=s.batches * s.time_steps * _lstm.GATES * s.units * (s.inputs + s.units),
        notes=(
            "dsp kernel, two time steps of the input at once, rows in pairs",
            *notes,
            f"|sum| <= {_bound(p)}; the first of each pair < 2^23",
        ),
    )
