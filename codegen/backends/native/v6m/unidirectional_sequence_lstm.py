"""The LSTM's constants as the v6m kernel reads them, and the proof that it is exact with them.

The gates of two units are one tile, as for the dsp kernel.
"""

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.shared import unidirectional_sequence_lstm as shared
from codegen.backends.native.v6m import packing as _v6m
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
    """Return why the v6m kernel cannot run this LSTM exactly, or None."""
    rows = (shared.tiles(p.input_weights), shared.tiles(p.recurrent_weights))
    chunks = (_v6m.refuse_chunks(part) for part in rows)
    found = shared.refuse_bound(p) or shared.refuse_scales(p)
    return found or next((reason for reason in chunks if reason), None)


def _tiles(p: _lstm.LstmIntegers) -> list[NDArray[np.int8]]:
    """Return both tiles of each pair of units: input, then hidden state."""
    parts = [_v6m.tiles(shared.tiles(rows)) for rows in (p.input_weights, p.recurrent_weights)]
    return [tile for pair in zip(*parts, strict=True) for tile in pair]


def call(operator: Operator, p: _lstm.LstmIntegers, notes: tuple[str, ...]) -> KernelCall:
    """Return the call of `safe_kernel_unidirectional_sequence_lstm_s8_v6m`; `refusal` is None."""
    words, lengths = _v6m.pack_tiles(_tiles(p))
    widened = _v6m.widened_bytes(p.sizes.inputs) + _v6m.widened_bytes(p.sizes.units)
    own = p.input_weights.nbytes + p.recurrent_weights.nbytes
    form = shared.PairTiles(
        "v6m",
        _v6m.pack_start,
        (
            Constant("weights", words, weight_bytes=own),
            Constant("counts", lengths, counts_as_weight=False),
        ),
        Scratch("values", widened, alignment=4),
    )
    return shared.call(operator, p, form, notes)
