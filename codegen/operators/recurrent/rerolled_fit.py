"""Constants of a re-rolled LSTM as its dsp and rv32 kernels read them, and why they are exact.

The kernels replace the four roundings of an ADD by one affine expression (see
`safe/kernel/rerolled_step.h`). The pairs of int8 values where these could differ leave an interval
for the additive constant, and its middle is taken; where it is empty, that ADD is computed as TFLM
does it. All 256 results of every activation are compared, and the multiplier of every row:
where one differs, there are no constants, and the reference kernel runs.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.fixed_point import Int64
from codegen.ir.graph import Quantization
from codegen.operators.elementwise import add, mul
from codegen.operators.elementwise.sigmoid import INTEGER_BITS
from codegen.operators.near_ties import near_ties
from codegen.operators.recurrent import rerolled as _rerolled
from codegen.operators.recurrent.rerolled import SIGMOID, TANH, LstmCell, LstmScales
from codegen.quantization import INT8_MAX, INT8_MIN, output_multipliers

FRACTION_BITS = 20
"""Number of fraction bits of an affine expression before the shift."""
COARSE_BITS = 14
"""Number of fraction bits of a matrix product before the shift."""
LEAST_UP = 7
"""Least left shift of a doubled sum: 256 times the sum is what paired rows leave."""
WINDOW_UNIT = 16
"""Unit, in 2^-14, of the distance from a tie within which the coarse result of a product may be
wrong."""
ARGUMENT_BITS, BIN_BITS, BINS = 23, 17, 1024
"""Fraction bits of an activation's argument, bits within a bin of width 1/64, and number of bins
that cover [−8, 8)."""
_MIDDLE = BINS // 2 << BIN_BITS
_HALF = 1 << (FRACTION_BITS - 1)
_ONE = 1 << (FRACTION_BITS + 8)
"""The factor 1 for an int8 value that lies in the highest byte of a word."""
_LIMIT = 1 << 31
_WIDEST = _LIMIT - (1 << 28)
"""Bound of the factor of an activation's argument, doubled where twice the argument is computed.
255 values times the factor / 2^8, the middle of the bins and a threshold, both at most 2^27, then
fit 32 bits."""
_FREE = 1 << 9
"""Distance in 2^-20 LSB that the constant of an ADD may have from the one that rounds to the
nearest."""
_MOST_RIGHT = 17
"""Largest right shift for which a product can still be other than zero."""
EXACT_WORDS = 13
_NUDGES = ((0, 0), (2, 0), (0, 2), (-2, 0), (0, -2), (4, 0), (0, 4), (-4, 0), (0, -4))
"""Changes of the two factors of an ADD that are tried in turn; they move its largest result by
2^-20 or 2^-19."""
EXACT = -_LIMIT
"""Marker in place of the constant of an ADD that no affine expression gives; its first factor is
then an index into `FittedRows.exact`."""
_VALUES: Int64 = np.arange(INT8_MIN, INT8_MAX + 1, dtype=np.int64)


class UnfitError(Exception):
    """Raised when the kernels' arithmetic cannot give the bytes; the message says where."""


@dataclass(frozen=True, eq=False)
class FittedRows:
    """The constants: words [steps, n] as `safe_rerolled_word`, scales of the rows."""

    words: NDArray[np.int32]
    input_scales: NDArray[np.uint32]
    recurrent_scales: NDArray[np.uint32]
    bins: NDArray[np.uint8]
    thresholds: NDArray[np.int32]
    exact: NDArray[np.int32]
    """ADDs that no affine expression gives, int32[n, 13], each a safe_rerolled_exact_t."""


@dataclass(frozen=True, eq=False)
class Dense:
    """A matrix product: weights, scales of their rows, also as the kernels read them."""

    weights: NDArray[np.int8]
    scales: tuple[float, ...]
    rows: NDArray[np.uint32]
    bound: int
    """Largest magnitude of a sum."""


@lru_cache(maxsize=4)
def fit(p: LstmCell) -> FittedRows:
    """Return the constants; raises `UnfitError`."""
    bounds = [int(bound.max()) for bound in _rerolled.bounds(p)]
    dense = (
        Dense(p.input_weights, p.input_scales, row_scales(p.input_scales), bounds[0]),
        Dense(p.recurrent_weights, p.recurrent_scales, row_scales(p.recurrent_scales), bounds[1]),
    )
    words = []
    exact: list[list[int]] = []
    before: LstmScales | None = None
    for place, q in enumerate(p.steps):
        try:
            words.append([*_products(q, p, before, dense), *_elements(p, q, before, exact)])
        except UnfitError as error:
            raise UnfitError(f"step {place}: {error}") from error
        before = q
    return fitted(words, dense, exact)


def fitted(
    words: list[list[int]], dense: tuple[Dense, Dense], exact: list[list[int]]
) -> FittedRows:
    """Return the constants of all steps in the types of the kernels."""
    bins, thresholds = curve()
    whole = np.array(words, np.int64).astype(np.int32)
    own = np.array(exact, np.int64).astype(np.int32).reshape(-1, EXACT_WORDS)
    return FittedRows(whole, dense[0].rows, dense[1].rows, bins, thresholds, own)


@cache
def curve() -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Return, of the common curve of LOGISTIC and TANH, bins and thresholds less 1.

    TANH reaches a result at half the argument at which LOGISTIC does, to the last bit of Q4.27: so
    one table serves both. Thresholds are rounded up to the argument's fraction bits.
    """
    shift = 31 - INTEGER_BITS - ARGUMENT_BITS
    exact = _rerolled.thresholds("LOGISTIC").astype(np.int64)
    reached = -(-exact >> shift) + _MIDDLE
    starts = np.arange(BINS, dtype=np.int64) << BIN_BITS
    bins = np.searchsorted(reached, starts, side="right")
    inside = np.diff(np.append(bins, reached.size))
    if inside.max() > 1:
        raise UnfitError("a bin of the activation holds two thresholds")
    less = np.append(reached - 1, _LIMIT - 1)
    return bins.astype(np.uint8), less.astype(np.int32)


def activate(values: Int64, factor: int, start: int) -> Int64:
    """Return the kernel's result plus 128 of int8 values."""
    bins, less = curve()
    argument = (((values << 24) * factor) >> 32) + start
    level = bins[np.clip(argument >> BIN_BITS, 0, BINS - 1)].astype(np.int64)
    result: Int64 = level + (less[level] < argument)
    return result


def argument(source: Quantization, scale: float, doublings: dict[int, Quantization]) -> list[int]:
    """Return factor and start of an activation's argument, source · scale.

    `doublings` says which activation the kernels compute with the argument and with its double.
    """
    factor = round(Fraction(source.scale) * Fraction(scale) * (1 << (ARGUMENT_BITS + 8)))
    if factor * max(doublings) >= _WIDEST:
        raise UnfitError(f"the scale {source.scale} of an activation is too large")
    truths = {
        double: _rerolled._act(source, output, _VALUES) - INT8_MIN
        for double, output in doublings.items()
    }
    middle = _MIDDLE - _term(source.zero_point, factor)
    for start in (middle + nudge for nudge in (0, 1, -1, 2, -2, 3, -3)):
        found = (
            activate(_VALUES, double * factor, double * (start - _MIDDLE) + _MIDDLE)
            for double in truths
        )
        if all(map(np.array_equal, found, truths.values())):
            return [factor, start]
    raise UnfitError("an argument of an activation is too close to a threshold")


def _doubtful(
    first: Quantization, second: Quantization, output: Quantization
) -> tuple[Int64, Int64]:
    """Return the pairs of int8 values whose exact sum is within 2^-10 LSB of a tie.

    Everywhere else TFLM rounds to the nearest, and so does an affine expression with factors
    below 8: TFLM is off by less than 2^-14 LSB (both sides are rounded to 2^-19 of the larger
    input's LSB, the sum to 2^-15 of the output's), the expression by less than 2^-17.
    """
    one = (_VALUES - first.zero_point) * (first.scale / output.scale)
    two = (_VALUES - second.zero_point) * (second.scale / output.scale)
    pairs = near_ties(one, two, 2.0**-10)
    return _VALUES[pairs[:, 0]], _VALUES[pairs[:, 1]]


def _interval(terms: Int64, truth: Int64, middle: int) -> int | None:
    """Return the constant C nearest to `middle` with floor((terms + C) / 2^20) as `truth`."""
    lowest = (truth << FRACTION_BITS) - terms
    low = int(lowest[truth > INT8_MIN].max(initial=middle - _FREE))
    high = int(lowest[truth < INT8_MAX].min(initial=middle + _FREE - (1 << FRACTION_BITS)))
    high += (1 << FRACTION_BITS) - 1
    return (low + high) >> 1 if low <= high else None


def add_words(
    first: Quantization, second: Quantization, output: Quantization, exact: list[list[int]]
) -> tuple[int, int, int]:
    """Return both factors and the constant of an ADD; or its place in `exact`, which grows."""
    part = _rerolled._add(first, second, output)
    add.OPERATOR.check_integers(*part)
    one, two = (
        round(Fraction(side.scale) / Fraction(output.scale) * _ONE) for side in (first, second)
    )
    if one + two < 7 * _ONE:  # 256 * 7 and the zero point stay below 2^11
        left, right = _doubtful(first, second, output)
        truth = add.OPERATOR.evaluate(*part, left, right)
        for nudge1, nudge2 in _NUDGES:
            factors = one + nudge1, two + nudge2
            middle = (output.zero_point << FRACTION_BITS) + _HALF + 1
            middle -= _term(first.zero_point, factors[0]) + _term(second.zero_point, factors[1])
            terms = _term(left, factors[0]) + _term(right, factors[1])
            start = _interval(terms, truth, middle)
            if start is not None:
                return *factors, start
    swapped = add.OPERATOR.swapped(*part)
    exact.append([*add.OPERATOR.params(*part).values(), int(swapped)])
    return len(exact) - 1, 0, EXACT


def _term(value: Any, factor: int) -> Any:
    """Return the high word of an int8 in the highest byte times a factor."""
    return ((value << 24) * factor) >> 32


def product_words(
    first: Quantization, second: Quantization, output: Quantization
) -> tuple[int, int]:
    """Return the multiplier of a MUL, and packed right shift less 1 and zero point."""
    part = _rerolled._product(first, second, output)
    mul.OPERATOR.check_integers(*part)
    p = mul.OPERATOR.params(*part)
    if p["shift"] > -1:
        raise UnfitError(f"a product is scaled by 2^{p['shift']}")
    zero = p["zero_point"] + 128
    if p["shift"] < -_MOST_RIGHT:  # 255 * 255 is less than half of what becomes 1
        return 0, zero
    return p["multiplier"], (-p["shift"] - 1) * 256 + zero


def _elements(
    p: LstmCell, q: LstmScales, before: LstmScales | None, exact: list[list[int]]
) -> list[int]:
    """Return the words of the element-wise part; the first step leaves most of it out."""
    sums: list[int] = []
    forget = 0, 128
    if before is None:
        sums = [0] * 6 + [0, _ONE, _HALF]
        zeros = 0
    else:
        sums += add_words(q.input, q.recurrent, q.sum, exact)
        sums += add_words(q.sum, p.bias_quantization, q.gates, exact)
        sums += add_words(q.forget, q.update, q.cell, exact)
        forget = product_words(SIGMOID, before.cell, q.forget)
        zeros = (before.hidden.zero_point + 128) * 256 + before.cell.zero_point + 128
    return [
        *sums,
        *argument(q.gates, 1.0, {1: SIGMOID, 2: TANH}),
        *argument(q.cell, 2.0, {1: TANH}),
        *product_words(SIGMOID, TANH, q.update),
        *forget,
        *product_words(SIGMOID, TANH, q.hidden),
        zeros,
    ]


def row_scales(scales: tuple[float, ...]) -> NDArray[np.uint32]:
    """Return the scales as fractions of 2^31, the largest in [1/2, 1)."""
    words = np.array([int(np.ldexp(s, 31 - _top(scales))) for s in scales], dtype=np.uint32)
    return np.maximum(words, np.uint32(1))


def _top(scales: tuple[float, ...]) -> int:
    return int(np.frexp(max(scales))[1])


def kernel_multipliers(
    rows: NDArray[np.uint32], high: int, low: int, guess: int, right: int
) -> tuple[Int64, Int64]:
    """Return multiplier and right shift of each row as the kernels compute them."""
    wide = rows.astype(np.uint64)
    found = np.maximum((wide * np.uint64(guess)) >> np.uint64(32), np.uint64(1))
    zeros = 32 - np.frexp(found.astype(np.float64))[1].astype(np.int64)
    left = np.clip(zeros - right, 0, 31)
    moved = (wide << left.astype(np.uint64)) & np.uint64(0xFFFFFFFF)
    carry = (moved * np.uint64(low)) >> np.uint64(32)
    half = np.uint64(1 << 31)
    multiplier = (moved * np.uint64(high) + carry + half) >> np.uint64(32)
    return multiplier.astype(np.int64), zeros + 1


def dense_words(source: Quantization, output: Quantization, p: Dense) -> list[int]:
    """Return the words of a safe_rerolled_scale_t; raises where a multiplier is not TFLM's.

    A row of zeros may have any: its sums are 0.
    """
    fraction, exponent = _rerolled.ratio(source.scale, output.scale)
    high, low = fraction >> 32, fraction & 0xFFFFFFFF
    right = -(exponent + _top(p.scales)) - 1
    up = max(COARSE_BITS - right, LEAST_UP)
    if not (1 <= right <= COARSE_BITS and p.bound << (up + 1) < _LIMIT):
        raise UnfitError("the scale of a product is too large or too small")
    expected = output_multipliers(source.scale, p.scales, output.scale)
    counts = p.weights.any(axis=1)
    for guess in ((high >> (right - 1)) + nudge for nudge in (0, 1, -1)):
        multiplier, shift = kernel_multipliers(p.rows, high, low, guess, right)
        same = (multiplier == expected[0]) & (shift == -expected[1].astype(np.int64))
        if same[counts].all() and int(shift.max()) <= 32:
            coarse = high >> (1 + up - (COARSE_BITS - right))
            window = _window(p.rows, coarse, int(shift.min()))
            nudge = guess - (high >> (right - 1)) + 1
            packed = (-(-window // WINDOW_UNIT) << 24) + (nudge << 16) + (right << 8)
            return [high, low, packed + output.zero_point + 128]
    raise UnfitError("the scales of the rows differ too much")


def _window(rows: NDArray[np.uint32], coarse: int, shift: int) -> int:
    """Return how far from a tie the coarse result and TFLM's may differ, in 2^-14 LSB.

    TFLM rounds to whole 2^-shift first: with y = 2^shift times the exact result, that and the
    second rounding are floor((y + 1/2 + 2^(shift - 1)) / 2^shift), and with halves away from zero
    floor((y - 1/2 + ...) / 2^shift) below 0: 2^-(shift + 1) from the nearest. The coarse factor of
    a row is cut off by less than 2 and changes results up to 2^8 LSB.
    """
    factor = (int(rows.min()) * coarse) >> 32
    if factor < 1 << 12:
        raise UnfitError("the scales of the rows differ too much")
    most = 2 << (COARSE_BITS + 8)
    window = -(-(1 << (COARSE_BITS - 1)) // (1 << shift)) + -(-most // factor) + 4
    if window > WINDOW_UNIT * 255:  # far less than half an LSB
        raise UnfitError("a product is hardly scaled down")
    return window


def _products(
    q: LstmScales, p: LstmCell, before: LstmScales | None, dense: tuple[Dense, Dense]
) -> list[int]:
    words = dense_words(p.sequence, q.input, dense[0])
    if before is None:
        return words + [0] * len(words)
    return words + dense_words(before.hidden, q.recurrent, dense[1])
