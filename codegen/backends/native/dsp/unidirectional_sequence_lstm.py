"""The LSTM's constants as the dsp kernel reads them, and the proof that it is exact with them."""

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.dsp import packing as _packing
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
from codegen.sigmoid_table import SIGMOID_TABLE


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of the kernel for the gates of two units, or why it is not exact."""
    del plain, goal
    p = _lstm.integers(graph, operator)
    return refusal(p) or call(operator, p, (_lstm.written(operator),))


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


def call(operator: Operator, p: _lstm.LstmIntegers, notes: tuple[str, ...]) -> KernelCall:
    """Return the call of `safe_kernel_unidirectional_sequence_lstm_s8_dsp`; `refusal` is None."""
    source, recurrent = shared.tiles(p.input_weights), shared.tiles(p.recurrent_weights)
    rows = _packing.DOT8_ROWS
    parts = [_packing.pack_rows(part, rows) for part in (source, recurrent)]
    rows_of_units = np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)
    base, slope = sigmoid_lines()
    s = p.sizes
    none = np.zeros(len(recurrent), np.int64)
    bound = max(
        int(weights.sum_bound(source, shared.starts(p.input_bias)).max()),
        int(weights.sum_bound(recurrent, none, *_hidden_range(p)).max()),
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
        params=shared.params(operator, p),
        constants=(
            Constant(
                "weights",
                rows_of_units,
                weight_bytes=p.input_weights.nbytes + p.recurrent_weights.nbytes,
            ),
            Constant(
                "start",
                _packing.pack_start(shared.starts(p.input_bias), rows),
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
