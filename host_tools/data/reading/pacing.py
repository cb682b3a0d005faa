"""From the stamps of all rows to where time jumps, and to times within stamps that rows share."""

import numpy as np
from numpy.typing import NDArray

from host_tools.data.reading.facts import Pace
from host_tools.data.reading.steps import GAP_FACTOR

Seconds = NDArray[np.float64]


def jumps(seconds: Seconds, pace: Pace, *, rate_given: bool) -> NDArray[np.bool_]:
    """Return where time jumps between the row before and this one, bool [rows].

    A longer step than GAP_FACTOR periods, a step backward and a missing stamp are jumps; so is a
    repeated stamp, unless the stamps are coarser than the rows or the rate is given.
    """
    steps = np.diff(seconds)
    with np.errstate(invalid="ignore"):
        wrong = (steps > GAP_FACTOR * (pace.period or np.inf)) | (steps < 0) | np.isnan(steps)
        if pace.per_stamp == 1 and not rate_given:
            wrong |= steps == 0
    return np.concatenate(([False], wrong))


def spread(seconds: Seconds, broken: NDArray[np.bool_], pace: Pace) -> Seconds:
    """Return times within stamps that several rows share, evenly spread; the others as they are.

    The first rows of a stretch are the last of their stamp.
    """
    if pace.per_stamp == 1 or pace.period is None or not len(seconds):
        return seconds
    starts = np.flatnonzero(np.concatenate(([True], (np.diff(seconds) != 0) | broken[1:])))
    lengths = np.diff(np.append(starts, len(seconds)))
    step = pace.period / np.maximum(lengths, pace.per_stamp)
    within = np.arange(len(seconds)) - np.repeat(starts, lengths)
    late = np.where(broken[starts] | (starts == 0), pace.per_stamp - lengths, 0).clip(0)
    return np.asarray(seconds + (within + np.repeat(late, lengths)) * np.repeat(step, lengths))
