"""Exact numpy mirror of `sdk/include/safe/fixed_point.h` and `safe/kernel/sigmoid.h`.

Arrays are int64 throughout; every function names the range in which it equals the C code.
Source of the arithmetic: gemmlowp fixed point as used by TensorFlow Lite Micro (double
rounding), and TFLite's int16 sigmoid and tanh by table.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from codegen.sigmoid_table import SIGMOID_TABLE

Int64 = NDArray[np.int64]


def multiply_high(value: ArrayLike, multiplier: ArrayLike) -> Int64:
    """Saturating rounding doubling high multiply: round(value · multiplier / 2^31).

    `value` int32, `multiplier` in [0, 2^31): then nothing saturates. gemmlowp's nudge and
    truncating division amount to rounding halves up.
    """
    product = np.asarray(value, np.int64) * np.asarray(multiplier, np.int64)
    return (product + (1 << 30)) >> 31


def shift_right_rounding(value: ArrayLike, exponent: ArrayLike) -> Int64:
    """Return value / 2^exponent, halves away from zero; int32 values, exponent in [0, 31]."""
    values = np.asarray(value, np.int64)
    exponents = np.asarray(exponent, np.int64)
    mask = (np.int64(1) << exponents) - 1
    threshold = (mask >> 1) + (values < 0)
    return (values >> exponents) + ((values & mask) > threshold)


def requantize(value: ArrayLike, multiplier: ArrayLike, shift: ArrayLike) -> Int64:
    """Return value · multiplier · 2^(shift − 31) with TFLM's two roundings.

    Needs |value · 2^max(shift, 0)| < 2^31, which `lower` proves for every operator.
    """
    shifts = np.asarray(shift, np.int64)
    left = np.maximum(shifts, 0)
    high = multiply_high(np.asarray(value, np.int64) << left, multiplier)
    return shift_right_rounding(high, left - shifts)


def saturate(value: ArrayLike, low: int, high: int) -> Int64:
    """Return the values limited to [low, high]."""
    return np.clip(np.asarray(value, np.int64), low, high)


_ONE_THREAD = 1 << 18
"""Number of multiplications up to which OpenBLAS stays on one thread: at these sizes threads cost
far more than they bring, most of all on a busy machine."""


def exact_dot(values: ArrayLike, weights: ArrayLike) -> Int64:
    """Return values[…, K] · weights[M, K] as int64[…, M].

    Multiplied as float64 (fast, and exact while every partial sum stays below 2^53): operands
    are at most 16-bit, so K may reach 2^21.
    """
    left = np.asarray(values, np.float64)
    right = np.asarray(weights, np.float64).T
    rows = left.reshape(-1, left.shape[-1])
    product = np.empty((len(rows), right.shape[1]), dtype=np.int64)
    step = max(1, _ONE_THREAD // right.size)
    for first in range(0, len(rows), step):
        part = slice(first, first + step)
        product[part] = rows[part] @ right
    return product.reshape(*left.shape[:-1], right.shape[1])


_TABLE = np.array(SIGMOID_TABLE, dtype=np.int64)


def sigmoid_s16(value: ArrayLike) -> Int64:
    """Sigmoid of a Q3.12 value in Q0.15, by table and linear interpolation."""
    scaled = np.asarray(value, np.int64) * 3
    magnitude = np.abs(scaled)
    index = magnitude >> 9  # at most 192
    low, high = _TABLE[index], _TABLE[index + 1]
    result = (low << 9) + (magnitude & 511) * (high - low)
    rounded: Int64 = np.where(scaled >= 0, result + 512, (1 << 25) - result + 511) >> 10
    return rounded


def tanh_s16(value: ArrayLike, multiplier: int, shift: int) -> Int64:
    """Tanh in Q0.15 of an int16 value; the table argument is value · multiplier / 2^shift.

    For an input scale of 2^-p: multiplier 3·2^(12−p), shift 0 when p ≤ 12, else 3 and p − 12.
    """
    rounding = (1 << shift) >> 1
    scaled = (np.asarray(value, np.int64) * multiplier + rounding) >> shift
    magnitude = np.abs(scaled)
    index = np.minimum(magnitude >> 8, 254)
    low, high = _TABLE[index], _TABLE[index + 1]
    result = (low << 8) + (magnitude & 255) * (high - low)
    result = np.where(magnitude >> 8 >= 255, 0xFFFF << 8, result)
    rounded: Int64 = np.where(scaled >= 0, result - (1 << 23) + 128, (1 << 23) - result + 127)
    return rounded >> 8


def one_over_one_plus(value: Int64) -> Int64:
    """Return 1 / (1 + value) in Q0.31 for value in [0, 1), by three Newton steps in Q2.29."""
    half = (value + (1 << 31)) // 2
    estimate = 1515870810 + multiply_high(half, -1010580540)  # 48/17 - 32/17 · half
    for _ in range(3):
        estimate = estimate + 4 * multiply_high(estimate, (1 << 29) - multiply_high(half, estimate))
    return np.minimum(2 * estimate, (1 << 31) - 1)
