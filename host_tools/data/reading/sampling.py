"""Time steps between rows: whether a log keeps one sampling rate."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

GROUP_STEPS = 32
"""Steps whose median is one local period: single late rows and gaps do not move it."""

RATE_FACTOR = 1.5
"""Local periods further apart than this factor are two sampling rates."""

MIXED_SHARE = 0.05
LEAST_GROUPS = 2


@dataclass(frozen=True)
class Mixed:
    """Two sampling rates in one log.

    Attributes:
        period: Median step of the whole log, in seconds.
        other: Median step of the groups that keep another rate.
        share: Part of the log that does, 0 … 1.
        first: Index of the first such step.
    """

    period: float
    other: float
    share: float
    first: int


def local_periods(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of each group of GROUP_STEPS steps, float64 [groups]; the rest is left."""
    groups = len(steps) // GROUP_STEPS
    return np.asarray(np.median(steps[: groups * GROUP_STEPS].reshape(groups, GROUP_STEPS), axis=1))


def differing(periods: NDArray[np.float64], period: float) -> NDArray[np.bool_]:
    """Return which local periods are another rate than `period`, bool [groups]."""
    return (periods > RATE_FACTOR * period) | (periods * RATE_FACTOR < period)


def is_mixed(count: int, groups: int) -> bool:
    """Whether `count` of `groups` groups at another rate make a log of mixed rates."""
    return count >= max(LEAST_GROUPS, MIXED_SHARE * groups)


def mixed(steps: NDArray[np.float64]) -> Mixed | None:
    """Return the second sampling rate of a log, or None.

    Args:
        steps: float64 [rows − 1], seconds between rows.
    """
    periods = local_periods(steps)
    if not len(periods):
        return None
    period = float(np.median(steps))
    wrong = differing(periods, period)
    count = int(wrong.sum())
    if not is_mixed(count, len(periods)):
        return None
    first = int(np.argmax(wrong)) * GROUP_STEPS
    return Mixed(period, float(np.median(periods[wrong])), count / len(periods), first)


def epoch_unit(stamp: float) -> float:
    """Return what one unit of a number that tells the time is in seconds.

    Loggers write seconds (of a run, or since 1970: below 10¹¹ until the year 5138), or since 1970
    milli-, micro- or nanoseconds.
    """
    size = abs(stamp)
    for least, unit in ((1e17, 1e-9), (1e14, 1e-6), (1e11, 1e-3)):
        if size >= least:
            return unit
    return 1.0
