"""The LSTM's constants as the rv32 kernel reads them, and the proof that it is exact with them.

The gates of two units are one tile, as for the dsp kernel.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.rv32 import packing as _rv32
from codegen.backends.native.shared import unidirectional_sequence_lstm as shared
from codegen.backends.native.shared import weights
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
    """Return why the rv32 kernel cannot run this LSTM exactly, or None."""
    bound = shared.bound(p)
    if bound > weights.MAX_SUM:
        return f"a sum can reach {bound}, beyond 2^30"
    return shared.refuse_scales(p)


def _weights(p: _lstm.LstmIntegers) -> NDArray[np.int8]:
    """Return int8[pairs of units, (inputs + units) * 8]: both tiles of each pair."""
    parts = (
        _rv32.pack_rows(shared.tiles(rows), _rv32.DOT8_ROWS)
        for rows in (p.input_weights, p.recurrent_weights)
    )
    return np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)


def _recurrent_start(p: _lstm.LstmIntegers) -> NDArray[np.int32]:
    """Return int32[pairs of units, 8], or int32[1, 8] of zeros that serve all pairs."""
    start = _rv32.pack_start(shared.starts(p.recurrent_bias), _rv32.DOT8_ROWS)
    return start if start.any() else start[:1]


def _params(operator: Operator, p: _lstm.LstmIntegers) -> Mapping[str, Any]:
    """Return the fields of `safe_lstm_rv32_params_t`."""
    step = _rv32.DOT8_ROWS if p.recurrent_bias.any() else 0
    return {**shared.params(operator, p), "recurrent_start_step": step}


def call(operator: Operator, p: _lstm.LstmIntegers, notes: tuple[str, ...]) -> KernelCall:
    """Return the call of `safe_kernel_unidirectional_sequence_lstm_s8_rv32`; `refusal` is None."""
    s = p.sizes
    start = _rv32.pack_start(shared.starts(p.input_bias), _rv32.DOT8_ROWS)
    own = p.input_weights.nbytes + p.recurrent_weights.nbytes
    return KernelCall(
        kernel="safe_kernel_unidirectional_sequence_lstm_s8_rv32",
        header="safe/kernel/unidirectional_sequence_lstm_rv32.h",
        source="unidirectional_sequence_lstm_rv32",
        arguments=(
            ParamsArg(),
            TensorArg(operator.inputs[0]),
            ConstantArg("weights"),
            ConstantArg("input_start"),
            ConstantArg("recurrent_start"),
            ConstantArg("curve"),
            TensorArg(operator.inputs[_lstm.HIDDEN_STATE]),
            TensorArg(operator.inputs[_lstm.CELL_STATE]),
            ScratchArg("hidden"),
            TensorArg(operator.outputs[0]),
        ),
        params_type="safe_lstm_rv32_params_t",
        params=_params(operator, p),
        constants=(
            Constant("weights", _weights(p), weight_bytes=own),
            Constant("input_start", start, weight_bytes=4 * p.input_bias.size),
            Constant("recurrent_start", _recurrent_start(p), counts_as_weight=False),
            Constant("curve", shared.sigmoid_curve(), counts_as_weight=False),
        ),
        scratch=(Scratch("hidden", s.units, alignment=1),),
        macs=s.batches * s.time_steps * _lstm.GATES * s.units * (s.inputs + s.units),
        notes=(
            "rv32 kernel, the gates of two units at a time",
            *notes,
            f"|sum| <= {shared.bound(p)}",
        ),
    )
