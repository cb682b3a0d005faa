"""Weights and biases of a re-rolled GRU as its rv32 kernel reads them."""

import numpy as np

from codegen.backends.native.rv32 import packing as _rv32
from codegen.backends.native.rv32.rerolled_lstm import ROWS, packed, scratch_bytes
from codegen.ir.call import Constant
from codegen.operators.recurrent.gru import Cell


def constants(p: Cell) -> tuple[Constant, ...]:
    """Return weights and biases in the order of the kernel's arguments."""
    first = _rv32.pack_start(p.input_bias.astype(np.int64), ROWS)
    biases = [_rv32.pack_start(row.astype(np.int64), ROWS) for row in p.recurrent_bias]
    return (
        packed("weights", p.input_weights),
        packed("recurrent", p.recurrent_weights),
        Constant("bias", first, weight_bytes=p.input_bias.nbytes),
        Constant("first_terms", p.first_terms),
        Constant("recurrent_bias", np.stack(biases), weight_bytes=p.recurrent_bias.nbytes),
    )


def scratch(p: Cell) -> int:
    """Return the bytes of the scratch memory."""
    rows, units = p.recurrent_weights.shape
    return scratch_bytes(p.input_weights.shape[1], units, rows)
