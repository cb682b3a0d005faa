"""What a detector that learns keeps over a restart (`sdk/src/saved.c`)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from host_tools.runtimes.adapter import F32


@dataclass(frozen=True, eq=False)
class Saved:
    """A learned baseline. Recent samples are no part of it: a restored detector warms up.

    Attributes:
        factor: Of the limit.
        trackers: Of each statistic mean, 1/spread, and the largest that it may be.
        unlearned: bool [channels]; a channel of which nothing was learned stays masked.
        slow: Slow mean of each channel that is watched for drift.
        slow_start: Where it began.
        credit: Of the baseline (`verdict.py`).
    """

    factor: np.float32
    trackers: tuple[tuple[F32, F32, F32], ...]
    unlearned: NDArray[np.bool_]
    slow: F32
    slow_start: F32
    credit: int
