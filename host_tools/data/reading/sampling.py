"""Time steps between rows: whether a log keeps one sampling rate."""

import numpy as np
from numpy.typing import NDArray

GROUP_STEPS = 32
"""Steps whose median is one local period: single late rows and gaps do not move it."""

RATE_FACTOR = 1.5
"""Local periods further apart than this factor are two sampling rates."""

MIXED_SHARE = 0.05
LEAST_GROUPS = 2


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
