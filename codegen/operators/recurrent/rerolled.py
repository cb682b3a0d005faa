"""Integers of a re-rolled LSTM: scales of each step, the kernel's tables, and the recurrence.

The parts of a step are the operators ADD, MUL, LOGISTIC and TANH themselves, each on a graph of
its own that holds nothing but the quantizations: so their arithmetic is stated once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from math import frexp
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.fixed_point import Int64, exact_dot, requantize, saturate, shift_right_rounding
from codegen.ir.graph import Array, DType, Graph, Operator, Quantization, Tensor
from codegen.operators.elementwise import (
    add,
    logistic,
    mul,
    tanh,
)
from codegen.operators.elementwise import (
    gemmlowp as _gemmlowp,
)
from codegen.operators.elementwise.sigmoid import INTEGER_BITS, argument_scale, input_radius
from codegen.operators.table import INPUTS
from codegen.quantization import INT8_MAX, INT8_MIN, output_multipliers

GATES = 4
SIGMOID = Quantization((1.0 / 256.0,), (INT8_MIN,))
TANH = Quantization((1.0 / 128.0,), (0,))
"""Quantizations of all results of LOGISTIC and TANH."""


@dataclass(frozen=True)
class LstmScales:
    """Quantizations of the values of one step, in the order of the computation.

    The first step has no recurrent part: there `input`, `recurrent` and `sum` are `gates`, and
    `update` and `forget` are `cell`.
    """

    input: Quantization
    recurrent: Quantization
    sum: Quantization
    gates: Quantization
    update: Quantization
    forget: Quantization
    cell: Quantization
    hidden: Quantization


@dataclass(frozen=True, eq=False)
class LstmCell:
    """All steps, and what they share. Weights int8[4 · units, K], scales float of their rows."""

    sequence: Quantization
    input_weights: NDArray[np.int8]
    input_scales: tuple[float, ...]
    recurrent_weights: NDArray[np.int8]
    recurrent_scales: tuple[float, ...]
    first_bias: NDArray[np.int32]
    bias: NDArray[np.int8]
    bias_quantization: Quantization
    steps: tuple[LstmScales, ...]


@dataclass(frozen=True, eq=False)
class Tables:
    """The kernel's constants; see `safe/kernel/rerolled_lstm.h` for the order of the entries."""

    multipliers: NDArray[np.uint32]
    smalls: NDArray[np.int8]


Part = tuple[Graph, Operator]
Rows = tuple[NDArray[np.int8], tuple[float, ...]]
"""Weights of a matrix product, and the scale of each of their rows."""


def _part(kind: str, *values: Quantization) -> Part:
    """Return a graph of one operator; the last quantization is that of its output."""
    tensors = {i: Tensor(i, f"{i}", (1,), DType.INT8, q) for i, q in enumerate(values)}
    last = len(values) - 1
    options = MappingProxyType({"fused_activation": "NONE"})
    operator = Operator(0, kind, tuple(range(last)), (last,), options)
    graph = Graph("step", MappingProxyType(tensors), (operator,), tuple(range(last)), (last,))
    return graph, operator


def _add(first: Quantization, second: Quantization, output: Quantization) -> Part:
    return _part("ADD", first, second, output)


def _product(first: Quantization, second: Quantization, output: Quantization) -> Part:
    return _part("MUL", first, second, output)


def _activation(source: Quantization, output: Quantization) -> Part:
    return _part("LOGISTIC" if output is SIGMOID else "TANH", source, output)


def _act(source: Quantization, output: Quantization, values: Int64) -> Int64:
    """Return LOGISTIC or TANH of quantized values."""
    spec = logistic.OPERATOR if output is SIGMOID else tanh.OPERATOR
    return spec.evaluate(*_activation(source, output), values)


def _dense(
    values: Array, source: Quantization, rows: Rows, bias: Array | int, output: Quantization
) -> Int64:
    """Return FULLY_CONNECTED of int8 values[N, K]."""
    weights, scales = rows
    multiplier, shift = output_multipliers(source.scale, scales, output.scale)
    sums = exact_dot(np.asarray(values, np.int64) - source.zero_point, weights) + bias
    scaled = requantize(sums, multiplier, shift)
    return saturate(scaled + output.zero_point, INT8_MIN, INT8_MAX)


def run(p: LstmCell, sequence: Array) -> NDArray[np.int8]:
    """Return the hidden state after each step, int8[N, T, U], of int8[N, T, I]."""
    units = p.recurrent_weights.shape[1]
    inputs: Rows = p.input_weights, p.input_scales
    rows: Rows = p.recurrent_weights, p.recurrent_scales
    outputs = np.empty((len(sequence), len(p.steps), units), dtype=np.int8)
    before: LstmScales | None = None
    cell = hidden = np.empty(0, dtype=np.int64)
    for t, q in enumerate(p.steps):
        bias = p.first_bias if before is None else 0
        gates = _dense(sequence[:, t], p.sequence, inputs, bias, q.input)
        if before is not None:
            recurrent = _dense(hidden, before.hidden, rows, 0, q.recurrent)
            total = add.OPERATOR.evaluate(*_add(q.input, q.recurrent, q.sum), gates, recurrent)
            own = _add(q.sum, p.bias_quantization, q.gates)
            gates = add.OPERATOR.evaluate(*own, total, p.bias.astype(np.int64))
        i, f, g, o = np.split(gates, GATES, axis=1)
        cell = _next_cell(q, before, (i, f, g), cell)
        kept, opened = _act(q.cell, TANH, cell), _act(q.gates, SIGMOID, o)
        hidden = mul.OPERATOR.evaluate(*_product(SIGMOID, TANH, q.hidden), opened, kept)
        outputs[:, t] = hidden
        before = q
    return outputs


def _next_cell(
    q: LstmScales, before: LstmScales | None, gates: Sequence[Int64], cell: Int64
) -> Int64:
    i, g = _act(q.gates, SIGMOID, gates[0]), _act(q.gates, TANH, gates[2])
    update = mul.OPERATOR.evaluate(*_product(SIGMOID, TANH, q.update), i, g)
    if before is None:
        return update
    f = _act(q.gates, SIGMOID, gates[1])
    forget = mul.OPERATOR.evaluate(*_product(SIGMOID, before.cell, q.forget), f, cell)
    return add.OPERATOR.evaluate(*_add(q.forget, q.update, q.cell), forget, update)


@cache
def thresholds(kind: str) -> NDArray[np.int32]:
    """Return the Q4.27 arguments from which on the result is −127, …, 127, by bisection."""
    wanted = np.arange(INT8_MIN + 1, INT8_MAX + 1, dtype=np.int64)
    low = np.full(wanted.size, -(1 << 31) + 1, dtype=np.int64)
    high = -low
    for _ in range(32):
        middle = (low + high) >> 1
        if kind == "LOGISTIC":
            value = shift_right_rounding(_gemmlowp.logistic(middle, INTEGER_BITS), 23) + INT8_MIN
        else:
            value = shift_right_rounding(_gemmlowp.tanh(middle, INTEGER_BITS), 24)
        reached = value >= wanted
        high = np.where(reached, middle, high)
        low = np.where(reached, low, np.minimum(middle + 1, high))
    return high.astype(np.int32)


def _activation_entries(source: Quantization, *outputs: Quantization) -> tuple[int, int] | None:
    """Return multiplier and shift, or None where the thresholds give other results."""
    multiplier, shift = 0, 0
    for output in outputs:
        graph, operator = _activation(source, output)
        zero_point, multiplier, shift = argument_scale(graph, operator)
        limit = input_radius(shift) - 1
        inside = saturate(INPUTS - zero_point, -limit, limit)
        argument = requantize(inside, multiplier, shift)
        found = np.searchsorted(thresholds(operator.kind), argument, side="right") + INT8_MIN
        if not np.array_equal(found, _act(source, output, INPUTS)):
            return None
    return multiplier, shift


def ratio(source: float, output: float) -> tuple[int, int]:
    """Return (fraction, exponent): source / output = fraction · 2^(exponent − 64), truncated."""
    exponent = frexp(source / output)[1]
    whole = Fraction(source) / Fraction(output) * Fraction(2) ** (64 - exponent)
    while whole >= 1 << 64:
        whole, exponent = whole / 2, exponent + 1
    while whole < 1 << 63:
        whole, exponent = whole * 2, exponent - 1
    return int(whole), exponent


def kernel_multipliers(
    fraction: int, exponent: int, scales: Sequence[float]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return multiplier and shift of each row as the kernel computes them."""
    bits = np.asarray(scales, np.float32).view(np.uint32).astype(np.uint64)
    mantissa = (bits & np.uint64(0x7FFFFF)) | np.uint64(0x800000)
    high, low = np.uint64(fraction >> 32), np.uint64(fraction & 0xFFFFFFFF)
    product = mantissa * high + ((mantissa * low) >> np.uint64(32))
    large = product >> np.uint64(55)
    right = np.uint64(24) + large
    multiplier = (product + (np.uint64(1) << (right - np.uint64(1)))) >> right
    carried = multiplier >> np.uint64(31)
    shift = exponent + (bits >> np.uint64(23)).astype(np.int64) - 127
    shift += large.astype(np.int64) + carried.astype(np.int64)
    return (multiplier >> carried).astype(np.int64), shift


def _dense_entries(
    source: Quantization, scales: tuple[float, ...], output: Quantization
) -> tuple[int, int, int] | None:
    """Return the ratio's two words and its exponent, or None where multipliers differ."""
    fraction, exponent = ratio(source.scale, output.scale)
    multiplier, shift = kernel_multipliers(fraction, exponent, scales)
    expected = output_multipliers(source.scale, scales, output.scale)
    if not (np.array_equal(multiplier, expected[0]) and np.array_equal(shift, expected[1])):
        return None
    return fraction >> 32, fraction & 0xFFFFFFFF, exponent


def _add_entries(part: Part) -> tuple[list[int], list[int]]:
    """Return (multipliers, smalls) of a sum."""
    add.OPERATOR.check_integers(*part)
    p: Any = add.OPERATOR.params(*part)
    side = [p["shift2"], p["sign2"], p["shift"], int(add.OPERATOR.swapped(*part)), p["zero_point"]]
    return [p["multiplier2"], p["multiplier"]], side


def _product_entries(part: Part) -> tuple[int, int, int]:
    """Return multiplier, shift and zero point of a product."""
    mul.OPERATOR.check_integers(*part)
    p = mul.OPERATOR.params(*part)
    return p["multiplier"], p["shift"], p["zero_point"]


@lru_cache(maxsize=4)
def tables(p: LstmCell) -> Tables | None:
    """Return the kernel's tables; None where the kernel would not give the operators' bytes.

    Raises `ModelUnsupportedError` where an operator refuses its scales.
    """
    rows = []
    before: LstmScales | None = None
    for q in p.steps:
        row = _row(p, q, before)
        if row is None:
            return None
        rows.append(row)
        before = q
    smalls = np.array([small for _, small in rows], dtype=np.int64)
    if smalls.min() < INT8_MIN or smalls.max() > INT8_MAX:
        return None
    multipliers = np.array([words for words, _ in rows], dtype=np.uint32)
    return Tables(multipliers, smalls.astype(np.int8))


def _row(
    p: LstmCell, q: LstmScales, before: LstmScales | None
) -> tuple[list[int], list[int]] | None:
    last_hidden = q.hidden if before is None else before.hidden
    last_cell = q.cell if before is None else before.cell
    x = _dense_entries(p.sequence, p.input_scales, q.input)
    h = (0, 0, 0)
    sums: list[tuple[list[int], list[int]]] = [([0, 0], [0, 0, 0, 0, z]) for z in _zeros(q)]
    if before is not None:
        found = _dense_entries(last_hidden, p.recurrent_scales, q.recurrent)
        if found is None:
            return None
        h = found
        sums = [
            _add_entries(_add(q.input, q.recurrent, q.sum)),
            _add_entries(_add(q.sum, p.bias_quantization, q.gates)),
            _add_entries(_add(q.forget, q.update, q.cell)),
        ]
    gates = _activation_entries(q.gates, SIGMOID, TANH)
    cell = _activation_entries(q.cell, TANH)
    if x is None or gates is None or cell is None:
        return None
    products = [
        _product_entries(_product(SIGMOID, TANH, q.update)),
        _product_entries(_product(SIGMOID, last_cell, q.forget)),
        _product_entries(_product(SIGMOID, TANH, q.hidden)),
    ]
    words = [x[0], x[1], h[0], h[1], *(w for s in sums for w in s[0]), gates[0], cell[0]]
    words += [m for m, _, _ in products]
    smalls = [x[2], q.input.zero_point, h[2], q.recurrent.zero_point]
    smalls += [b for s in sums for b in s[1]] + [gates[1], cell[1]]
    smalls += [b for product in products for b in product[1:]]
    return words, smalls


def _zeros(q: LstmScales) -> tuple[int, int, int]:
    return q.sum.zero_point, q.gates.zero_point, q.cell.zero_point


def bounds(p: LstmCell) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the largest |sum| of each row of both products, for |value − zero point| ≤ 255."""
    first = np.abs(p.first_bias.astype(np.int64))
    inputs = 255 * np.abs(p.input_weights.astype(np.int64)).sum(axis=1) + first
    return inputs, 255 * np.abs(p.recurrent_weights.astype(np.int64)).sum(axis=1)


def largest_shifts(t: Tables, p: LstmCell) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the largest shift of each row of both products over all steps."""
    found = []
    for word, small, scales in ((0, 0, p.input_scales), (2, 2, p.recurrent_scales)):
        rows = slice(0 if word == 0 else 1, None)
        pairs = zip(t.multipliers[rows], t.smalls[rows], strict=True)
        shifts = [
            kernel_multipliers((int(m[word]) << 32) + int(m[word + 1]), int(s[small]), scales)[1]
            for m, s in pairs
        ]
        found.append(np.max(shifts, axis=0))
    return found[0], found[1]
