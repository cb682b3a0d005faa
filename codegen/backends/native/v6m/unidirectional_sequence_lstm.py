"""The LSTM's constants as the v6m kernel reads them, and the proof that it is exact with them.

The gates of two units are one tile, as for the dsp kernel.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.shared import unidirectional_sequence_lstm as shared
from codegen.backends.native.shared import weights
from codegen.backends.native.v6m import packing as _v6m
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


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of the kernel for the gates of two units, or why it is not exact."""
    del plain, goal
    p = _lstm.integers(graph, operator)
    return refusal(p) or call(operator, p, (_lstm.written(operator),))


def refusal(p: _lstm.LstmIntegers) -> str | None:
    """Return why the v6m kernel cannot run this LSTM exactly, or None."""
    bound = shared.bound(p)
    if bound > weights.MAX_SUM:
        return f"a sum can reach {bound}, beyond 2^30"
    rows = (shared.tiles(p.input_weights), shared.tiles(p.recurrent_weights))
    chunks = (_v6m.refuse_chunks(part) for part in rows)
    return shared.refuse_scales(p) or next((found for found in chunks if found), None)


def _tiles(p: _lstm.LstmIntegers) -> list[NDArray[np.int8]]:
    """Return both tiles of each pair of units: input, then hidden state."""
    parts = [_v6m.tiles(shared.tiles(rows)) for rows in (p.input_weights, p.recurrent_weights)]
    return [tile for pair in zip(*parts, strict=True) for tile in pair]


def _recurrent_start(p: _lstm.LstmIntegers) -> NDArray[np.int32]:
    """Return int32[pairs of units, 8], or int32[1, 8] of zeros that serve all pairs."""
    start = _v6m.pack_start(shared.starts(p.recurrent_bias))
    return start if start.any() else start[:1]


def _params(operator: Operator, p: _lstm.LstmIntegers) -> Mapping[str, Any]:
    """Return the fields of `safe_lstm_v6m_params_t`."""
    step = _v6m.DOT8_ROWS if p.recurrent_bias.any() else 0
    return {**shared.params(operator, p), "recurrent_start_step": step}


def call(operator: Operator, p: _lstm.LstmIntegers, notes: tuple[str, ...]) -> KernelCall:
    """Return the call of `safe_kernel_unidirectional_sequence_lstm_s8_v6m`; `refusal` is None."""
    s = p.sizes
    start = _v6m.pack_start(shared.starts(p.input_bias))
    words, lengths = _v6m.pack_tiles(_tiles(p))
    widened = _v6m.widened_bytes(s.inputs), _v6m.widened_bytes(s.units)
    own = p.input_weights.nbytes + p.recurrent_weights.nbytes
    return KernelCall(
        kernel="safe_kernel_unidirectional_sequence_lstm_s8_v6m",
        header="safe/kernel/unidirectional_sequence_lstm_v6m.h",
        source="unidirectional_sequence_lstm_v6m",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            ConstantArg("weights"),
            ConstantArg("counts"),
            ConstantArg("input_start"),
            ConstantArg("recurrent_start"),
            ConstantArg("curve"),
            TensorArg(operator.inputs[_lstm.HIDDEN_STATE]),
            TensorArg(operator.inputs[_lstm.CELL_STATE]),
            ScratchArg("values"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_lstm_v6m_params_t",
        params=_params(operator, p),
        constants=(
            Constant("weights", words, weight_bytes=own),
            Constant("counts", lengths, counts_as_weight=False),
            Constant("input_start", start, weight_bytes=4 * p.input_bias.size),
            Constant("recurrent_start", _recurrent_start(p), counts_as_weight=False),
            Constant("curve", shared.sigmoid_curve(), counts_as_weight=False),
        ),
        scratch=(Scratch("values", sum(widened), alignment=4),),
        macs=s.batches * s.time_steps * _lstm.GATES * s.units * (s.inputs + s.units),
        notes=(
            "v6m kernel, the gates of two units at a time",
            *notes,
            f"|sum| <= {shared.bound(p)}",
        ),
    )
