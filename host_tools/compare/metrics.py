"""Differences in numbers: bytes and LSB between exact results, units between real ones.

Two families that are never mixed: results that must be *equal* (device, generated C, reference,
oracle) are compared byte by byte; an int8 forecast against the float model or against the truth
is compared in real units, over in-distribution windows only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import DataError

Array = NDArray[Any]


@dataclass(frozen=True)
class ByteDelta:
    """How two int8 results differ.

    `windows` compared (first axis), `values` compared, `mismatched_bytes` unequal values,
    `max_lsb` largest absolute difference, `windows_different` windows with any difference,
    `first_window` index of the first such window or None.
    """

    windows: int
    values: int
    mismatched_bytes: int
    max_lsb: int
    windows_different: int
    first_window: int | None


@dataclass(frozen=True)
class RealDelta:
    """How two real-valued results differ, in the units of the values."""

    rmse: float
    mae: float
    max: float
    values: int
    mse: float


@dataclass(frozen=True)
class Comparison:
    """Two named results and their difference."""

    left: str
    right: str
    delta: ByteDelta


def byte_delta(left: Array, right: Array) -> ByteDelta:
    """Compare two int8 arrays of equal shape (windows first).

    Raises DataError for another dtype, unequal shapes or no values at all: an empty comparison
    must not pass for agreement.
    """
    if left.dtype != np.int8 or right.dtype != np.int8:
        raise DataError(f"comparison needs int8 results, got {left.dtype} and {right.dtype}")
    if left.shape != right.shape:
        raise DataError(f"results have shapes {left.shape} and {right.shape}: compare equal ones")
    if left.size == 0:
        raise DataError("there is nothing to compare: no window was run")
    distance = np.abs(left.astype(np.int16) - right.astype(np.int16)).reshape(len(left), -1)
    different = np.flatnonzero(distance.any(axis=1))
    return ByteDelta(
        windows=len(left),
        values=int(distance.size),
        mismatched_bytes=int(np.count_nonzero(distance)),
        max_lsb=int(distance.max()),
        windows_different=len(different),
        first_window=int(different[0]) if len(different) else None,
    )


def compare_all(results: Mapping[str, Array]) -> list[Comparison]:
    """Compare every pair of named results over the windows that both have (the first ones)."""
    comparisons = []
    for left, right in combinations(results, 2):
        count = min(len(results[left]), len(results[right]))
        delta = byte_delta(results[left][:count], results[right][:count])
        comparisons.append(Comparison(left, right, delta))
    return comparisons


def lsb_histogram(left: Array, right: Array) -> dict[int, int]:
    """Count the differences left − right in LSB; keys ascend, the key 0 is always there."""
    histogram = {0: 0} | frequencies(left.astype(np.int16) - right.astype(np.int16))
    return dict(sorted(histogram.items()))


def frequencies(values: Array) -> dict[int, int]:
    """Count how often each integer occurs; keys ascend."""
    numbers, counts = np.unique(values, return_counts=True)
    return {int(value): int(count) for value, count in zip(numbers, counts, strict=True)}


def real_delta(left: Array, right: Array) -> RealDelta:
    """Compare two real arrays of equal shape; sums are in double precision.

    Raises DataError for unequal shapes, no values, or a value that is not finite.
    """
    if left.shape != right.shape:
        raise DataError(f"results have shapes {left.shape} and {right.shape}: compare equal ones")
    if left.size == 0:
        raise DataError("there is nothing to compare: no in-distribution window")
    difference = left.astype(np.float64) - right.astype(np.float64)
    if not np.isfinite(difference).all():
        raise DataError("a result holds NaN or infinity: compare in-distribution windows only")
    distance = np.abs(difference)
    mse = float(np.mean(distance**2))
    return RealDelta(
        rmse=mse**0.5,
        mae=float(distance.mean()),
        max=float(distance.max()),
        values=int(distance.size),
        mse=mse,
    )


def dequantize(values: Array, scale: float, zero_point: int) -> Array:
    """Return float64 `scale · (q − zero_point)`, any shape."""
    return (values.astype(np.float64) - zero_point) * scale


def quantize(values: Array, scale: float, zero_point: int) -> NDArray[np.int8]:
    """Return int8 `clamp(round(value / scale) + zero_point, −128, 127)`, in double precision."""
    q = np.rint(values.astype(np.float64) / scale) + zero_point
    limited: NDArray[np.int8] = np.clip(q, -128, 127).astype(np.int8)
    return limited


def episodes(alarm: Sequence[bool] | Array) -> int:
    """Count runs of consecutive true values."""
    flags = np.asarray(alarm, dtype=bool)
    starts = flags & ~np.concatenate(([False], flags[:-1]))
    return int(np.count_nonzero(starts))


def record_mismatches(left: Array, right: Array) -> int:
    """Count chain records that differ in any bit; floats are compared by their bits.

    Both are structured arrays; the fields that both have are compared. Raises DataError for
    unequal lengths, no record, or no common field.
    """
    names = [name for name in (left.dtype.names or ()) if name in (right.dtype.names or ())]
    if len(left) != len(right) or len(left) == 0 or not names:
        raise DataError(
            f"chain records cannot be compared: {len(left)} and {len(right)} of them, "
            f"common fields: {', '.join(names) or 'none'}"
        )
    different = np.zeros(len(left), dtype=bool)
    for name in names:
        dtype = left.dtype[name]
        one, two = (np.ascontiguousarray(side[name], dtype=dtype.base) for side in (left, right))
        shape = (len(left), dtype.itemsize)
        different |= (one.view(np.uint8).reshape(shape) != two.view(np.uint8).reshape(shape)).any(1)
    return int(np.count_nonzero(different))
