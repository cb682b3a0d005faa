"""The sum of two int8 values as one affine expression, and the proof that it is exact.

TFLM rounds four times. For almost all scales its results over all 65,536 pairs of values still
form a plane cut into steps: floor((a · f1 + b · f2 + start) / 2^21) gives the same for whole
factors near the ratios of the scales. They are searched, and every pair is compared.
"""

from functools import lru_cache
from itertools import product

import numpy as np

from codegen.fixed_point import Int64
from codegen.quantization import INT8_MAX, INT8_MIN

BITS = 21
"""Fraction bits of the expression, as `safe/kernel/add_affine.h` has it."""
_REACH = 12
"""How far from the ratio of the scales a factor is searched, in 2^-21."""
_NEAR = 2.0**-7
"""Steps from a rounding boundary beyond which neither TFLM nor any searched factor decides: 256
values times 12 · 2^-21 and TFLM's own 2^-14."""
_LIMIT = 1 << 31
VALUES: Int64 = np.arange(INT8_MIN, INT8_MAX + 1, dtype=np.int64)
"""Every int8 value."""
_NUDGES = sorted(
    product(range(-_REACH, _REACH + 1), repeat=2), key=lambda nudge: nudge[0] ** 2 + nudge[1] ** 2
)


@lru_cache(maxsize=64)
def _cached(ratios: tuple[float, float], offset: float, results: bytes) -> tuple[int, ...] | None:
    truth = np.frombuffer(results, np.int8).reshape(VALUES.size, VALUES.size).astype(np.int64)
    nearest = [round(ratio * (1 << BITS)) for ratio in ratios]
    place = VALUES[:, None] * ratios[0] + VALUES[None, :] * ratios[1] + offset
    decides = np.abs(place - np.floor(place) - 0.5) < _NEAR
    decides &= (place > INT8_MIN - 1) & (place < INT8_MAX + 1)
    rows, columns = np.nonzero(decides)
    left, right, wanted = VALUES[rows], VALUES[columns], truth[decides]
    for nudges in _NUDGES:
        first, second = (factor + nudge for factor, nudge in zip(nearest, nudges, strict=True))
        least = (wanted << BITS) - left * first - right * second
        low = least[wanted > INT8_MIN].max(initial=-_LIMIT)
        high = least[wanted < INT8_MAX].min(initial=_LIMIT) + (1 << BITS) - 1
        start = int(low + high) >> 1
        reach = 128 * (abs(first) + abs(second)) + abs(start)
        if low > high or reach >= _LIMIT:
            continue
        sums = VALUES[:, None] * first + VALUES[None, :] * second + start
        if np.array_equal(np.clip(sums >> BITS, INT8_MIN, INT8_MAX), truth):
            return first, second, start
    return None


def fit(ratios: tuple[float, float], offset: float, truth: Int64) -> tuple[int, ...] | None:
    """Return both factors and the start that give `truth`, or None where none were found.

    `ratios` of either input's scale to the output's, negative where it is subtracted; `offset` what
    the zero points add to the result; `truth` [256, 256] the results of all pairs of int8 values,
    limited to int8.
    """
    return _cached(ratios, offset, truth.astype(np.int8).tobytes())
