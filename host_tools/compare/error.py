"""Error of a forecast against another: per channel, per horizon step, in units and in LSB."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.compare import metrics
from host_tools.compare.metrics import RealDelta

Array = NDArray[Any]
LARGEST_LSB = 16
"""Width of the histogram: bins go to ± this many LSB, and the bins at the ends hold everything
beyond."""


def along(left: Array, right: Array, axis: int) -> list[RealDelta]:
    """Return the error of each channel (axis 2) or horizon step (axis 1) of [N, H, C]."""
    pairs = zip(np.moveaxis(left, axis, 0), np.moveaxis(right, axis, 0), strict=True)
    return [metrics.real_delta(one, other) for one, other in pairs]


def lsb(quantized: Array, real: Array, scale: float, zero_point: int) -> NDArray[np.int64]:
    """Return int8 minus the real forecast rounded to int8, in LSB of the output scale."""
    rounded = metrics.quantize(real, scale, zero_point)
    difference: NDArray[np.int64] = quantized.astype(np.int64) - rounded.astype(np.int64)
    return difference


def histogram(difference: NDArray[np.int64]) -> dict[int, int]:
    """Count differences by LSB, −LARGEST_LSB … LARGEST_LSB."""
    return metrics.frequencies(np.clip(difference, -LARGEST_LSB, LARGEST_LSB))
