"""Constants of a re-rolled GRU as its kernel reads them, and why they are exact.

The expressions, and how they are found, are those of `_rerolled_fit`.
"""

from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from codegen.operators.recurrent import gru as _gru
from codegen.operators.recurrent import rerolled_fit as _rerolled_fit
from codegen.operators.recurrent.gru import GruCell, GruScales
from codegen.operators.recurrent.rerolled import SIGMOID, TANH
from codegen.operators.recurrent.rerolled_fit import Dense, FittedRows, UnfitError
from codegen.quantization import INT8_MAX, INT8_MIN


@lru_cache(maxsize=4)
def fit(p: GruCell) -> FittedRows:
    """Return the constants; words [steps, n] as `safe_gru_word`. Raises `UnfitError`."""
    dense = (
        _dense(p.input_weights, p.input_scales, p.input_bias),
        _dense(p.recurrent_weights, p.recurrent_scales, p.recurrent_bias),
    )
    words = []
    exact: list[list[int]] = []
    before: GruScales | None = None
    for place, q in enumerate(p.steps):
        try:
            words.append(_words(p, q, before, dense, exact))
        except UnfitError as error:
            raise UnfitError(f"step {place}: {error}") from error
        before = q
    return _rerolled_fit.fitted(words, dense, exact)


def bound(weights: NDArray[np.int8], bias: NDArray[np.int32]) -> int:
    """Return the largest |sum| of any row, for |value − zero point| ≤ 255."""
    most = 255 * np.abs(weights.astype(np.int64)).sum(axis=1)
    found = most + np.abs(bias.astype(np.int64).reshape(-1, len(weights)))
    return int(found.max(initial=0))


def _dense(weights: NDArray[np.int8], scales: tuple[float, ...], bias: NDArray[np.int32]) -> Dense:
    return Dense(weights, scales, _rerolled_fit.row_scales(scales), bound(weights, bias))


def _open(p: GruCell, q: GruScales) -> list[int]:
    """Return 1 − z as a sum of z and nothing: factors and constant, from all 256 values of z."""
    values = np.arange(INT8_MIN, INT8_MAX + 1, dtype=np.int64)
    truth = _gru.opened(p, q, values)
    one = 1 << (_rerolled_fit.FRACTION_BITS + 8)
    factor = -round(Fraction(SIGMOID.scale) / Fraction(q.open.scale) * one)
    if factor > -8 * one:
        for nudge in range(-8, 9):
            terms = ((values << 24) * (factor + nudge)) >> 32
            low = int(((truth << 20) - terms)[truth > INT8_MIN].max(initial=-(1 << 30)))
            high = int(((truth + 1 << 20) - 1 - terms)[truth < INT8_MAX].min(initial=1 << 30))
            if low <= high:
                return [factor + nudge, 0, (low + high) >> 1]
    raise UnfitError("no affine expression gives 1 - z")


def _words(
    p: GruCell,
    q: GruScales,
    before: GruScales | None,
    dense: tuple[Dense, Dense],
    exact: list[list[int]],
) -> list[int]:
    add, multiply = _rerolled_fit.add_words, _rerolled_fit.product_words
    words = _rerolled_fit.dense_words(p.sequence, q.input, dense[0])
    if before is None:
        words = words + [0] * len(words)
    else:
        words = words + _rerolled_fit.dense_words(before.hidden, q.terms[0], dense[1])
    words += add(q.input, q.terms[0], q.update, exact)
    words += add(q.input, q.terms[1], q.reset, exact)
    words += add(q.input, q.reset_product, q.value, exact)
    words += [0, 0, 0] if before is None else add(q.kept, q.new, q.hidden, exact)
    words += _open(p, q)
    words += _rerolled_fit.argument(q.update, 1.0, {1: SIGMOID})
    words += _rerolled_fit.argument(q.reset, 1.0, {1: SIGMOID})
    words += _rerolled_fit.argument(q.value, 2.0, {1: TANH})
    words += multiply(SIGMOID, q.terms[2], q.reset_product)
    words += (0, 128) if before is None else multiply(SIGMOID, before.hidden, q.kept)
    words += multiply(q.open, TANH, q.new)
    last = 0 if before is None else before.hidden.zero_point
    zeros = (q.terms[2].zero_point, last, q.open.zero_point)
    return [*words, sum((zero + 128) << (8 * n) for n, zero in enumerate(zeros))]
