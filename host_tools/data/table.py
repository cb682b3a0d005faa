"""A table of samples in time order: what a CSV file or the synthetic plant gives."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import DataError

GAP = -1
"""Segment number of a row that holds a value that is not finite."""
LOST_ROWS = 11
"""Samples missing in a row that stand for a jump in time: more than a detector bridges."""


@dataclass(frozen=True, eq=False)
class Table:
    """Samples, their labels, and where they are contiguous.

    Attributes:
        source: What error messages call it: a file path, or "plant".
        names: Channel names, in column order.
        units: Unit of each channel; empty text when unknown.
        samples: float32 [rows, channels], raw. A missing value is NaN.
        labels: uint8 [rows], 1 where a fault is labelled.
        segments: int32 [rows]. Rows with the same number follow each other without a gap;
            GAP marks a row with a missing value.
        rate_hz: Samples per second, from the median step.
        notices: What the reading found, one sentence each, for the user.
        seconds: float64 [rows], time since 1970 (or since the clock's own zero), NaN where it is
            missing; None without a clock.
        reading: How the file was read: the record of `reading.record`; None for the plant.
        options: reading.toml, with which another log of the plant is read alike.
    """

    source: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    samples: NDArray[np.float32]
    labels: NDArray[np.uint8]
    segments: NDArray[np.int32]
    rate_hz: float = 1.0
    notices: tuple[str, ...] = ()
    seconds: NDArray[np.float64] | None = None
    reading: Mapping[str, Any] | None = None
    options: str = ""

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def channels(self) -> int:
        """Number of channels of the table."""
        return len(self.names)

    def rows(self, first: int, last: int) -> "Table":
        """Return rows first … last − 1."""
        return replace(
            self,
            samples=self.samples[first:last],
            labels=self.labels[first:last],
            segments=self.segments[first:last],
            seconds=None if self.seconds is None else self.seconds[first:last],
        )

    def without(self, dropped: list[str], reason: str) -> "Table":
        """Return the table without some channels, with a notice that says why.

        Raises:
            DataError: No channel would be left.
        """
        if not dropped:
            return self
        keep = [i for i, name in enumerate(self.names) if name not in dropped]
        if not keep:
            raise DataError(f"{self.source}: every channel is {reason}: nothing to learn from")
        quoted = ", ".join(f'"{name}"' for name in dropped)
        return replace(
            self,
            names=tuple(self.names[i] for i in keep),
            units=tuple(self.units[i] for i in keep),
            samples=np.ascontiguousarray(self.samples[:, keep]),
            notices=(*self.notices, f"left out {quoted}: {reason}"),
        )


def finite_rows(samples: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which rows hold finite values only, bool [rows]."""
    return np.asarray(np.isfinite(samples).all(axis=1))


def segment(samples: NDArray[np.float32], broken: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Number the contiguous runs of rows.

    Args:
        samples: float32 [rows, channels].
        broken: bool [rows], true where time jumps between the row before and this one.

    Returns:
        int32 [rows]; GAP where a value of the row is not finite.
    """
    finite = finite_rows(samples)
    starts = broken | ~finite
    starts[1:] |= ~finite[:-1]
    numbers = np.cumsum(starts, dtype=np.int32)
    numbers[~finite] = GAP
    return numbers


def stream(table: Table) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return the rows as a device would get them: a jump in time becomes LOST_ROWS rows of NaN.

    A device has no clock of the plant; so many samples that are missing are how it learns of a gap.

    Returns:
        float32 [rows + LOST_ROWS · jumps, channels] and its labels, uint8 (inserted rows have the
        label of both neighbours, or 0).
    """
    numbers = table.segments
    jumps = np.flatnonzero((numbers[1:] != numbers[:-1]) & (numbers[1:] >= 0) & (numbers[:-1] >= 0))
    jumps = np.repeat(jumps, LOST_ROWS)
    at = jumps + 1
    return (
        np.insert(table.samples, at, np.float32(np.nan), axis=0),
        np.insert(table.labels, at, table.labels[jumps] & table.labels[at]),
    )


def constant_channels(table: Table) -> list[str]:
    """Return the channels that never change in the usable rows: complete and not labelled."""
    rows = table.samples[(table.segments != GAP) & (table.labels == 0)]
    if not len(rows):
        return []
    flat = rows.max(axis=0) == rows.min(axis=0)
    return [name for name, is_flat in zip(table.names, flat, strict=True) if is_flat]
