"""How far a forecast is from another: per channel, per horizon step, in units and in LSB."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import DataError

Array = NDArray[Any]
LARGEST_LSB = 16
"""Histogram bins go to ± this many LSB; the ends collect what is beyond."""


@dataclass(frozen=True)
class Error:
    """Mean squared, root mean squared, mean absolute and largest difference."""

    mse: float
    rmse: float
    mae: float
    max: float


def error(left: Array, right: Array) -> Error:
    """Compare two real arrays of equal shape; sums are in double precision.

    Raises:
        DataError: Unequal shapes, no value, or a value that is not finite.
    """
    if left.shape != right.shape or not left.size:
        raise DataError(f"results have shapes {left.shape} and {right.shape}: compare equal ones")
    distance = np.abs(left.astype(np.float64) - right.astype(np.float64))
    if not np.isfinite(distance).all():
        raise DataError("a result holds NaN or infinity")
    mse = float(np.mean(distance**2))
    return Error(mse, mse**0.5, float(distance.mean()), float(distance.max()))


def along(left: Array, right: Array, axis: int) -> list[Error]:
    """Return the error of each channel (axis 2) or horizon step (axis 1) of [N, H, C]."""
    pairs = zip(np.moveaxis(left, axis, 0), np.moveaxis(right, axis, 0), strict=True)
    return [error(one, other) for one, other in pairs]


def lsb(quantized: Array, real: Array, scale: float, zero_point: int) -> NDArray[np.int64]:
    """Return int8 minus the real forecast rounded to int8, in LSB of the output scale."""
    rounded = np.clip(np.rint(real.astype(np.float64) / scale) + zero_point, -128, 127)
    found: NDArray[np.int64] = quantized.astype(np.int64) - rounded.astype(np.int64)
    return found


def histogram(difference: NDArray[np.int64]) -> dict[int, int]:
    """Count differences by LSB, −LARGEST_LSB … LARGEST_LSB."""
    limited = np.clip(difference, -LARGEST_LSB, LARGEST_LSB)
    values, counts = np.unique(limited, return_counts=True)
    return {int(value): int(count) for value, count in zip(values, counts, strict=True)}
