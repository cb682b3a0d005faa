"""Weights and biases of a re-rolled GRU as its rv32 kernel reads them."""

import numpy as np

from codegen.backends.native.rv32 import packing as _rv32
from codegen.backends.native.rv32.rerolled_lstm import ROWS, packed, scratch_bytes
from codegen.backends.native.shared.rerolled_gru import tuned
from codegen.ir.call import Constant, KernelCall
from codegen.ir.graph import Graph, Operator
from codegen.operators.recurrent.gru import GruCell
from codegen.operators.recurrent.rerolled_gru import cell
from codegen.options import Goal


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of the kernel with rows side by side; it is always exact."""
    del goal
    p = cell(graph, operator)
    how = "rv32 kernel, eight rows at a time"
    return tuned(plain, p, "rv32", constants(p), how=how, work_bytes=scratch(p))


def constants(p: GruCell) -> tuple[Constant, ...]:
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


def scratch(p: GruCell) -> int:
    """Return the bytes of the scratch memory."""
    rows, units = p.recurrent_weights.shape
    return scratch_bytes(p.input_weights.shape[1], units, rows)
