"""Weights and biases of a re-rolled GRU as its dsp kernel reads them, and their bounds."""

import numpy as np
from numpy.typing import NDArray

from codegen.backends.native.dsp import packing as _packing
from codegen.backends.native.shared.rerolled_gru import tuned
from codegen.fixed_point import Int64
from codegen.ir.call import Constant, KernelCall
from codegen.ir.graph import Graph, Operator
from codegen.operators.recurrent.gru import GruCell
from codegen.operators.recurrent.rerolled_gru import cell
from codegen.options import Goal

_ROWS = _packing.DOT8_ROWS


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call of the kernel with paired rows, or why it is not exact."""
    del goal
    p = cell(graph, operator)
    how = "dsp kernel, rows in pairs"
    return refusal(p) or tuned(plain, p, "dsp", constants(p), how=how, work_bytes=scratch_bytes(p))


def _extremes(bias: NDArray[np.int32]) -> tuple[Int64, Int64]:
    """Return the least and the largest bias of each row over the steps."""
    wide = bias.astype(np.int64).reshape(-1, bias.shape[-1])
    return wide.min(axis=0), wide.max(axis=0)


def refusal(p: GruCell) -> str | None:
    """Return why the dsp kernel cannot run this GRU exactly, or None."""
    zeros = [q.hidden.zero_point for q in p.steps]
    hidden = -128 - max(zeros), 127 - min(zeros)
    source = -128 - p.sequence.zero_point, 127 - p.sequence.zero_point
    found = [_packing.refuse_rows(p.input_weights, p.input_bias.astype(np.int64), *source)]
    for bias in _extremes(p.recurrent_bias):
        found.append(_packing.refuse_rows(p.recurrent_weights, bias, *hidden))
    return next((line for line in found if line is not None), None)


def constants(p: GruCell) -> tuple[Constant, ...]:
    """Return weights and biases in the order of the kernel's arguments; `refusal` is None."""
    starts = [_packing.pack_start(row.astype(np.int64), _ROWS) for row in p.recurrent_bias]
    return (
        _packed("weights", p.input_weights),
        _packed("recurrent", p.recurrent_weights),
        Constant(
            "bias",
            _packing.pack_start(p.input_bias.astype(np.int64), _ROWS),
            weight_bytes=p.input_bias.nbytes,
        ),
        Constant("first_terms", p.first_terms),
        Constant("recurrent_bias", np.stack(starts), weight_bytes=p.recurrent_bias.nbytes),
    )


def _packed(suffix: str, weights: NDArray[np.int8]) -> Constant:
    return Constant(suffix, _packing.pack_rows(weights, _ROWS), weight_bytes=weights.nbytes)


def scratch_bytes(p: GruCell) -> int:
    """Return the size of both expanded vectors and of both vectors of terms."""
    rows, units = p.recurrent_weights.shape
    blocks = _packing.blocks(p.input_weights.shape[1]) + _packing.blocks(units)
    return 8 * blocks + 2 * _ROWS * -(-int(rows) // _ROWS)
