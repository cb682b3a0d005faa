"""SOFTMAX of int16 values: tables of exp and of the reciprocal, with interpolation.

Source of the arithmetic: TFLM's `reference_ops::SoftmaxInt16` and `LUTPopulateInt16`, whose tables
are filled in float32.
"""

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from codegen.fixed_point import Int64, requantize
from codegen.quantization import quantize_multiplier, round_half_away

_STEPS = 512
"""Number of stretches of a table; it has one entry more."""
_RANGE = 65535
F32 = np.float32


def scaling(scale: float, beta: float) -> tuple[int, int]:
    """Return multiplier and shift of a difference: 65535 steps are 10."""
    return quantize_multiplier(scale * beta / (10.0 / _RANGE))


@cache
def exponentials() -> NDArray[np.int16]:
    """Return exp(x) in Q0.15 for 513 values of x from −10 to 0."""
    return _table(F32(10) / F32(_RANGE), 32767, lambda x: F32(math.exp(float(x))))


@cache
def reciprocals() -> NDArray[np.int16]:
    """Return 1 / (1 + x) in Q0.15 for 513 values of x from 0 to 1."""
    return _table(F32(1) / F32(_RANGE), -32768, lambda x: F32(1) / (F32(1) + x))


def _table(scale: F32, zero_point: int, transform: Callable[[F32], F32]) -> NDArray[np.int16]:
    """Return a table whose straight lines miss the middle of each stretch by half as much."""
    low = scale * F32(-32768 - zero_point)
    high = scale * F32(32767 - zero_point)
    output_scale = F32(2) / F32(_RANGE)
    step = (high - low) / F32(_STEPS)
    inverse = F32(65536) / (output_scale * F32(32767) - output_scale * F32(-32768))

    def rounded(value: F32) -> F32:
        return F32(round_half_away(float(value)))

    entries = []
    for i in range(_STEPS):
        at = low + F32(i) * step
        sample = rounded(transform(at) * inverse)
        following = transform(low + F32(i + 1) * step) * inverse
        middle = rounded(transform(at + step / F32(2)) * inverse)
        bias = rounded((rounded((following + sample) / F32(2)) - middle) / F32(2))
        entries.append(sample - bias)
    entries.append(rounded(transform(high) * inverse))
    table = np.clip(np.array(entries), -32768, 32767).astype(np.int16)
    table.setflags(write=False)
    return table


def _lookup(values: Int64, table: NDArray[np.int16]) -> Int64:
    """Return the interpolated entries for int16 values."""
    wide = table.astype(np.int64)
    index = 256 + (values >> 7)
    slope = wide[index + 1] - wide[index]
    found: Int64 = wide[index] + ((slope * (values & 127) + 64) >> 7)
    return found


def softmax(values: NDArray[np.int16], multiplier: int, shift: int) -> NDArray[np.int16]:
    """Return the softmax over the last axis in Q0.15."""
    wide = values.astype(np.int64)
    differences = wide - wide.max(axis=-1, keepdims=True)
    centred = np.clip(requantize(differences, multiplier, shift) + 32767, -32768, 32767)
    powers = _lookup(centred, exponentials())
    sums = powers.sum(axis=-1, keepdims=True)
    # Zeros before the leading bit of 32; the sum is at least that of the largest value, 32767.
    zeros = 32 - np.frexp(sums.astype(np.float64))[1].astype(np.int64)
    shifted = ((sums << (zeros - 1)) + (1 << 13)) >> 14
    reciprocal = _lookup(np.clip(shifted - (1 << 15) - (1 << 16), -32768, 32767), reciprocals())
    right = 31 - zeros
    result = (powers * reciprocal + (np.int64(1) << (right - 1))) >> right
    limited: NDArray[np.int16] = np.clip(result, 0, 32767).astype(np.int16)
    return limited
