"""Regimes: several states in which a plant is normal, the nearest of which counts.

With a baseline of the training rows, the level may be relative to the nearest of K means (k-means)
instead of one. Which one is nearest is found for each sample anew, in spreads within the regimes,
over the channels that are not masked.
"""

from collections.abc import Sequence

import numpy as np

from host_tools.detection.features import F64
from host_tools.detection.statistic import F32, ZERO
from host_tools.formats.detector import LEAST_VARIANCE

ROWS = 4_000
"""Rows that the means are found from, spread over all: it bounds the time."""
STARTS = 8
"""Random beginnings, of which the best end counts."""
ROUNDS = 100
"""Most passes over the rows; all but always far fewer suffice."""


def means(levels: Sequence[F64], count: int) -> F64:
    """Return the means of `count` regimes, [count, C], the most frequent one first; fewer where the
    rows do not hold so many.

    Args:
        levels: Row means of quiet segments, [T, C] each.
        count: At least 2.
    """
    rows = np.concatenate(levels)
    spread = np.sqrt(np.maximum(rows.var(axis=0), LEAST_VARIANCE))
    some = rows[np.linspace(0, len(rows) - 1, min(ROWS, len(rows))).astype(int)] / spread
    random = np.random.default_rng(0)
    found = [_from(some, _start(some, count, random)) for _ in range(STARTS)]
    _, centres, sizes = min(found, key=lambda one: one[0])
    return np.asarray(centres[np.argsort(-sizes, kind="stable")] * spread, np.float64)


def _distances(rows: F64, centres: F64) -> F64:
    """Squared distances, [T, K]."""
    return np.asarray(np.stack([((rows - c) ** 2).sum(axis=1) for c in centres], axis=1))


def _start(rows: F64, count: int, random: np.random.Generator) -> F64:
    """Rows far from each other: each is drawn by its squared distance (k-means++)."""
    centres = [rows[random.integers(len(rows))]]
    while len(centres) < count:
        far = _distances(rows, np.array(centres)).min(axis=1)
        total = far.sum()
        if not total > 0:
            break
        place = np.searchsorted(np.cumsum(far), random.random() * total)
        centres.append(rows[min(int(place), len(rows) - 1)])
    return np.array(centres)


def _from(rows: F64, centres: F64) -> tuple[float, F64, F64]:
    """Return the sum of squared distances at the end, the means, and how many rows each has."""
    which = np.full(len(rows), -1)
    for _ in range(ROUNDS):
        before, which = which, _distances(rows, centres).argmin(axis=1)
        sizes = np.bincount(which, minlength=len(centres))
        if (sizes == 0).any():
            centres, which = centres[sizes > 0], before[:0]
            continue
        if np.array_equal(before, which):
            break
        centres = np.array([rows[which == k].mean(axis=0) for k in range(len(centres))])
    found = _distances(rows, centres)
    sizes = np.bincount(found.argmin(axis=1), minlength=len(centres))
    return float(found.min(axis=1).sum()), centres, sizes.astype(np.float64)


def nearest(values: F64, centres: F64, inv: F64) -> F64:
    """Return the mean that is nearest to each row, [T, C]; float64, for whole recordings."""
    return np.asarray(centres[_distances(values * inv, centres * inv).argmin(axis=1)], np.float64)


def nearest_exactly(values: F32, centres: F32, inv: F32, masked: np.ndarray) -> F32:
    """Return the mean that is nearest to a row [C], as a device finds it: of equal ones the first.

    float32: the squares of (value − mean) · inv are summed over the channels from 0.
    """
    with np.errstate(over="ignore"):
        spreads = (values - centres) * inv
        squares = spreads * spreads
        total = np.zeros(len(centres), np.float32)
        for c in range(len(values)):
            total = total + np.where(masked[c], ZERO, squares[:, c])
    return np.asarray(centres[int(np.argmin(total))], np.float32)


def take(levels: Sequence[F64], held: Sequence[bool], count: int) -> tuple[F64, list[F64]]:
    """Return the means of `count` regimes, from the rows that are not held out, and each segment's
    levels relative to the nearest one.
    """
    own = [level for level, h in zip(levels, held, strict=True) if not h]
    centres = means(own, count)
    rows = np.concatenate(own)
    variance = rows.var(axis=0)
    for _ in range(3):  # The nearest one depends on the spreads, and they on which is nearest.
        inv = 1.0 / np.sqrt(np.maximum(variance, LEAST_VARIANCE))
        variance = np.mean((rows - nearest(rows, centres, inv)) ** 2, axis=0)
    return centres, [level - nearest(level, centres, inv) for level in levels]
