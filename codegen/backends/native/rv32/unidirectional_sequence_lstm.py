"""The LSTM's constants as the rv32 kernel reads them, and the proof that it is exact with them.

The gates of two units are one tile, as for the dsp kernel.
"""

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.rv32 import packing as _rv32
from codegen.backends.native.shared import unidirectional_sequence_lstm as shared
from codegen.ir.call import Constant, KernelCall, Scratch
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
    return shared.refuse_bound(p) or shared.refuse_scales(p)


def _weights(p: _lstm.LstmIntegers) -> NDArray[np.int8]:
    """Return int8[pairs of units, (inputs + units) * 8]: both tiles of each pair."""
    parts = (
        _rv32.pack_rows(shared.tiles(rows), _rv32.DOT8_ROWS)
        for rows in (p.input_weights, p.recurrent_weights)
    )
    return np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)


def call(operator: Operator, p: _lstm.LstmIntegers, notes: tuple[str, ...]) -> KernelCall:
    """Return the call of `safe_kernel_unidirectional_sequence_lstm_s8_rv32`; `refusal` is None."""
    own = p.input_weights.nbytes + p.recurrent_weights.nbytes
    form = shared.PairTiles(
        "rv32",
        lambda start: _rv32.pack_start(start, _rv32.DOT8_ROWS),
        (Constant("weights", _weights(p), weight_bytes=own),),
        Scratch("hidden", p.sizes.units, alignment=1),
    )
    return shared.call(operator, p, form, notes)
