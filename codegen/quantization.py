"""Conversion of float scales to the integers that kernels use.

The arithmetic is TensorFlow Lite Micro's, found by comparing bytes with the `tflite-micro` package:
scales are float32, their products and quotients are taken in double precision.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

INT8_MIN, INT8_MAX = -128, 127
INT16_MIN, INT16_MAX = -32768, 32767
INT32_LIMIT = 1 << 31


def quantize_multiplier(real: float) -> tuple[int, int]:
    """Return (multiplier, shift) with real ≈ multiplier · 2^(shift − 31).

    `multiplier` is 0 or in [2^30, 2^31), rounded half up; `shift` is in [-31, …]. Factors
    below 2^-32 become (0, 0).
    Raises ValueError when `real` is negative or not finite.
    """
    if not math.isfinite(real) or real < 0.0:
        raise ValueError(f"scale ratio {real} is not a finite positive number")
    if real == 0.0:
        return 0, 0
    fraction, shift = math.frexp(real)
    # Exact: fraction · 2^31 keeps at most 22 fractional bits of a double.
    multiplier = math.floor(fraction * (1 << 31) + 0.5)
    if multiplier == 1 << 31:
        multiplier //= 2
        shift += 1
    if shift < -31:
        return 0, 0
    return multiplier, shift


def output_multipliers(
    input_scale: float, weight_scales: Sequence[float], output_scale: float
) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
    """Return multiplier and shift of input·weight/output, one pair for each weight scale.

    The product is in double precision also for per-tensor weights: a float32 product gives
    other bytes than the oracle. A shift beyond int8 stays at 127: no accumulator fits either.
    """
    real = input_scale * np.asarray(weight_scales, np.float64) / output_scale
    if not np.isfinite(real).all() or (real < 0.0).any():
        raise ValueError("a scale ratio is not a finite positive number")
    fraction, exponent = np.frexp(real)  # the arithmetic of quantize_multiplier, for all at once
    multiplier = np.floor(fraction * (1 << 31) + 0.5).astype(np.int64)
    carried = multiplier >> 31
    multiplier, shift = multiplier >> carried, exponent + carried
    gone = shift < -31
    return (
        np.where(gone, 0, multiplier).astype(np.int32),
        np.where(gone, 0, np.minimum(shift, INT8_MAX)).astype(np.int8),
    )


def round_half_away(value: float) -> int:
    """Round to the nearest integer, halves away from zero (C `round`)."""
    whole = math.trunc(value)
    if abs(value - whole) >= 0.5:
        whole += 1 if value > 0 else -1
    return whole


_LIMITS: dict[str, tuple[float | None, float | None]] = {
    "NONE": (None, None),
    "RELU": (0.0, None),
    "RELU_N1_TO_1": (-1.0, 1.0),
    "RELU6": (0.0, 6.0),
}
_FAR = float(INT32_LIMIT)
"""Stand-in for a quotient that is no finite float32; it is beyond the limits of every type."""
FUSED_ACTIVATIONS = frozenset(_LIMITS)
"""Activations that are a clamp of the output, by TFLite name."""


def activation_range(
    activation: str,
    scale: float,
    zero_point: int,
    limits: tuple[int, int] = (INT8_MIN, INT8_MAX),
) -> tuple[int, int]:
    """Return the limits [low, high] that a fused activation puts on an output.

    `limits` are those of the output's type, int8 unless given. The limit in LSB is a
    float32 quotient, rounded half away from zero.
    Raises KeyError for an activation that is not a clamp.
    """

    def quantized(limit: float) -> int:
        with np.errstate(over="ignore"):
            quotient = float(np.float32(limit) / np.float32(scale))
        return zero_point + round_half_away(max(-_FAR, min(quotient, _FAR)))

    low, high = _LIMITS[activation]
    return (
        limits[0] if low is None else max(limits[0], quantized(low)),
        limits[1] if high is None else min(limits[1], quantized(high)),
    )
