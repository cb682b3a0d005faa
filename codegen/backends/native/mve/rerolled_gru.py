"""Weights and biases of a re-rolled GRU as its mve kernel reads them."""

import numpy as np

from codegen.backends.native.mve import packing, rerolled
from codegen.backends.native.shared.rerolled_gru import tuned
from codegen.ir.call import Constant, KernelCall
from codegen.ir.graph import Graph, Operator
from codegen.operators.recurrent.gru import GruCell
from codegen.operators.recurrent.rerolled_gru import cell
from codegen.options import Goal


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of the kernel for four rows at a time, or why it cannot take them."""
    del goal
    p = cell(graph, operator)
    rows, units = p.recurrent_weights.shape
    work = rerolled.work_bytes(p.input_weights.shape[1], units, rows)
    how = "mve kernel, four rows at a time"
    return rerolled.refusal(p.input_weights, p.recurrent_weights) or tuned(
        plain, p, "mve", constants(p), how=how, work_bytes=work
    )


def constants(p: GruCell) -> tuple[Constant, ...]:
    """Return weights and biases in the order of the kernel's arguments."""
    starts = [packing.start(row.astype(np.int64)) for row in p.recurrent_bias]
    first = packing.start(p.input_bias.astype(np.int64))
    return (
        rerolled.packed("weights", p.input_weights),
        rerolled.packed("recurrent", p.recurrent_weights),
        Constant("bias", first, weight_bytes=p.input_bias.nbytes),
        Constant("first_terms", p.first_terms),
        Constant("recurrent_bias", np.stack(starts), weight_bytes=p.recurrent_bias.nbytes),
    )
