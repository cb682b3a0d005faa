"""Scales of a re-rolled GRU, and its recurrence, by the operators ADD, SUB, MUL, LOGISTIC, TANH."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codegen.fixed_point import Int64
from codegen.ir.graph import Array, Quantization
from codegen.operators.elementwise import add, mul, sub
from codegen.operators.recurrent import rerolled as _rerolled
from codegen.operators.recurrent.rerolled import SIGMOID, TANH

GATES = 3
"""Number of gates, in Keras' order: update z, reset r, candidate value."""


@dataclass(frozen=True)
class GruScales:
    """Quantizations of the values of one step, in the order of the computation.

    `terms` are those of the hidden state for each gate: one matrix product, but in the first step
    three constants. There `kept` is `new`, and `hidden`, too.
    """

    input: Quantization
    terms: tuple[Quantization, Quantization, Quantization]
    update: Quantization
    reset: Quantization
    reset_product: Quantization
    value: Quantization
    open: Quantization
    kept: Quantization
    new: Quantization
    hidden: Quantization


@dataclass(frozen=True, eq=False)
class GruCell:
    """All steps, and what they share. Weights int8[3 · units, K], scales float of their rows.

    `one` is the 1 of 1 − z with its quantization; `first_terms` int8[3 · units];
    `recurrent_bias` int32[steps − 1, 3 · units].
    """

    sequence: Quantization
    input_weights: NDArray[np.int8]
    input_scales: tuple[float, ...]
    recurrent_weights: NDArray[np.int8]
    recurrent_scales: tuple[float, ...]
    input_bias: NDArray[np.int32]
    first_terms: NDArray[np.int8]
    recurrent_bias: NDArray[np.int32]
    one: int
    one_quantization: Quantization
    steps: tuple[GruScales, ...]


def opened(p: GruCell, q: GruScales, z: Int64) -> Int64:
    """Return 1 − z."""
    part = _rerolled._part("SUB", p.one_quantization, SIGMOID, q.open)
    return sub.OPERATOR.evaluate(*part, np.full_like(z, p.one), z)


def _sum(first: Quantization, second: Quantization, output: Quantization, *values: Int64) -> Int64:
    return add.OPERATOR.evaluate(*_rerolled._add(first, second, output), *values)


def _times(
    first: Quantization, second: Quantization, output: Quantization, *values: Int64
) -> Int64:
    return mul.OPERATOR.evaluate(*_rerolled._product(first, second, output), *values)


def run(p: GruCell, sequence: Array) -> NDArray[np.int8]:
    """Return the hidden state after each step, int8[N, T, U], of int8[N, T, I]."""
    units = p.recurrent_weights.shape[1]
    outputs = np.empty((len(sequence), len(p.steps), units), dtype=np.int8)
    hidden: Int64 | None = None
    for t, q in enumerate(p.steps):
        rows = p.input_weights, p.input_scales
        x = _rerolled._dense(sequence[:, t], p.sequence, rows, p.input_bias, q.input)
        if hidden is None:
            terms = np.broadcast_to(p.first_terms.astype(np.int64), x.shape)
        else:
            rows = p.recurrent_weights, p.recurrent_scales
            bias = p.recurrent_bias[t - 1]
            terms = _rerolled._dense(hidden, p.steps[t - 1].hidden, rows, bias, q.terms[0])
        hidden = _step(p, t, np.split(x, GATES, 1), np.split(terms, GATES, 1), hidden)
        outputs[:, t] = hidden
    return outputs


def _step(p: GruCell, t: int, x: list[Int64], terms: list[Int64], hidden: Int64 | None) -> Int64:
    q = p.steps[t]
    z, r = (
        _rerolled._act(output, SIGMOID, _sum(q.input, q.terms[n], output, x[n], terms[n]))
        for n, output in enumerate((q.update, q.reset))
    )
    product = _times(SIGMOID, q.terms[2], q.reset_product, r, terms[2])
    value = _sum(q.input, q.reset_product, q.value, x[2], product)
    candidate = _rerolled._act(q.value, TANH, value)
    new = _times(q.open, TANH, q.new, opened(p, q, z), candidate)
    if hidden is None:
        return new
    kept = _times(SIGMOID, p.steps[t - 1].hidden, q.kept, z, hidden)
    return _sum(q.kept, q.new, q.hidden, kept, new)
