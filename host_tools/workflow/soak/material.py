"""What a soak takes through a device: samples of a plant, and the number of each."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from host_tools.data import plant
from host_tools.data.table import LOST_ROWS, Table
from host_tools.detection import hours
from host_tools.errors import DataError
from host_tools.formats import description

HOUR = 3600


@dataclass(frozen=True, eq=False)
class Material:
    """Samples, float32 [rows, channels], and the number of each, from 0: a jump is a loss.

    `start` is the time of the first one in seconds since 1970; 0: not known.
    """

    samples: NDArray[np.float32]
    numbers: NDArray[np.int64]
    start: float = 0.0

    def phase(self, day_samples: int) -> int | None:
        """Return which sample of its day the first one is, midnight where that is not known."""
        known = hours.phase(self.start, day_samples)
        return 0 if known is None and day_samples else known


def of_log(table: Table, span: int) -> Material:
    """Return the first `span` hours of a log.

    Its clock tells what is lost; without one, or where that stands still or goes back, a jump
    loses more than a detector bridges.
    """
    rows = min(len(table), max(1, round(span * HOUR * table.rate_hz)))
    if table.seconds is not None and np.isfinite(table.seconds[:rows]).all():
        start = float(table.seconds[0])
        numbers = np.rint((table.seconds[:rows] - start) * table.rate_hz).astype(np.int64)
        if (np.diff(numbers) > 0).all():
            return Material(table.samples[:rows], numbers, start)
    jumps = np.diff(table.segments[:rows], prepend=table.segments[:1]) > 0
    jumps[1:] &= (table.segments[1:rows] >= 0) & (table.segments[: rows - 1] >= 0)
    return Material(table.samples[:rows], np.arange(rows) + LOST_ROWS * np.cumsum(jumps))


def of_plant(directory: Path, span: int, seed: int) -> Material:
    """Return `span` hours of the synthetic plant, with what its logger missed.

    Raises:
        DataError: The model has other channels than the plant.
    """
    about = description.load(directory)
    if about.channels != plant.NAMES:
        raise DataError(
            f"{directory}: its channels are not those of the synthetic plant: give a log of its own"
            " plant with --csv"
        )
    day = plant.simulate(seed, span * HOUR)
    return Material(day.samples, day.seconds - day.seconds[0])
