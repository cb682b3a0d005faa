"""Exact numpy mirror of gemmlowp's fixed-point logistic and tanh, as TFLite's int8 forms use it.

A value is int64 holding an int32 in Q(k).(31 − k), k integer bits beside the sign. Source of the
arithmetic: gemmlowp `fixedpoint.h` (`logistic`, `tanh`, `exp_on_negative_values`, and their
Newton-Raphson reciprocals).
"""

import numpy as np
from numpy.typing import NDArray

from codegen.fixed_point import multiply_high, shift_right_rounding

Int64 = NDArray[np.int64]

ONE = (1 << 31) - 1
"""The real number 1 in Q0.31, saturated."""

_EXP_MINUS_EIGHTH = 1895147668
"""exp(−1/8) in Q0.31: round(exp(−1/8) · 2^31)."""
_ONE_THIRD = 715827883
"""One third in Q0.31: round(2^31 / 3)."""
_EXP_FACTORS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
"""Factors exp(−2^n) in Q0.31, for n from −2 on."""
_48_OVER_17, _32_OVER_17 = 1515870810, 1010580540
"""Coefficients in Q2.29 of the line 48/17 − 32/17 · x, the first approximation of 1 / x in Newton's
division."""


def _left(value: Int64, exponent: int) -> Int64:
    """Return value · 2^exponent, saturated to int32."""
    shifted: Int64 = np.clip(value << exponent, -(1 << 31), (1 << 31) - 1)
    return shifted


def _half_sum_with_one(value: Int64) -> Int64:
    """Return (value + 1.0) / 2 in Q0.31, rounded; value is not negative."""
    half: Int64 = (value + ONE + 1) >> 1
    return half


def _exp_near_zero(value: Int64) -> Int64:
    """Return exp of a Q0.31 value in [−1/4, 0): a polynomial around −1/8."""
    x = value + (1 << 28)
    square = multiply_high(x, x)
    cube = multiply_high(square, x)
    fourth = shift_right_rounding(multiply_high(square, square), 2)
    higher = multiply_high(fourth + cube, _ONE_THIRD) + square
    series = x + shift_right_rounding(higher, 1)
    result: Int64 = _EXP_MINUS_EIGHTH + multiply_high(series, _EXP_MINUS_EIGHTH)
    return result


def exp_negative(value: Int64, integer_bits: int) -> Int64:
    """Return exp of values ≤ 0 in Q(integer_bits), in Q0.31; `integer_bits` at most 5."""
    fraction = 31 - integer_bits
    quarter = 1 << (fraction - 2)
    rest = (value & (quarter - 1)) - quarter
    result = _exp_near_zero(_left(rest, integer_bits))
    remainder = rest - value
    for place, factor in zip(range(fraction - 2, 31), _EXP_FACTORS, strict=False):
        result = np.where(remainder >> place & 1, multiply_high(result, factor), result)
    exact: Int64 = np.where(value == 0, ONE, result)
    return exact


def _reciprocal_of_half(half: Int64) -> Int64:
    """Return about 1 / half in Q2.29 for half in [1/2, 1], by three Newton-Raphson steps."""
    x = _48_OVER_17 + multiply_high(half, -_32_OVER_17)
    for _ in range(3):
        rest = (1 << 29) - multiply_high(half, x)
        x = x + _left(multiply_high(x, rest), 2)
    return x


def logistic(value: Int64, integer_bits: int) -> Int64:
    """Return 1 / (1 + exp(−value)) in Q0.31; `value` in Q(integer_bits), at most 5."""
    magnitude = np.abs(value)
    half = _half_sum_with_one(exp_negative(-magnitude, integer_bits))
    positive = _left(_reciprocal_of_half(half), 1)
    result: Int64 = np.where(value > 0, positive, ONE - positive)
    exact: Int64 = np.where(value == 0, 1 << 30, result)
    return exact


def tanh(value: Int64, integer_bits: int) -> Int64:
    """Return the hyperbolic tangent in Q0.31; `value` in Q(integer_bits), at most 4."""
    half = _half_sum_with_one(exp_negative(-np.abs(value), integer_bits + 1))
    positive = _left(_reciprocal_of_half(half) - (1 << 29), 2)
    result: Int64 = np.where(value < 0, -positive, positive)
    exact: Int64 = np.where(value == 0, 0, result)
    return exact
