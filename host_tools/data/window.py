"""Cut a table into windows that never cross a gap, and split it in time order."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from host_tools.data.table import GAP, Table

TRAIN_PART = 0.70
VALIDATION_PART = 0.15


@dataclass(frozen=True, eq=False)
class TimeSplit:
    """Chronological parts of one table; no row is in two of them."""

    train: Table
    validation: Table
    test: Table


def split(
    table: Table, train: float = TRAIN_PART, validation: float = VALIDATION_PART
) -> TimeSplit:
    """Split by row: the first rows train, the next validate, the last test.

    A window belongs to one part with all of its rows, so nothing leaks from part to part.
    """
    first = int(len(table) * train)
    second = int(len(table) * (train + validation))
    return TimeSplit(
        table.rows(0, first), table.rows(first, second), table.rows(second, len(table))
    )


def starts(
    table: Table, length: int, *, quiet_only: bool = False, most: int | None = None
) -> NDArray[np.int64]:
    """Return the first row of every window of `length` rows without a gap, in time order.

    Args:
        table: Where to cut.
        length: Rows of a window (with its horizon).
        quiet_only: Leave out windows with a labelled row.
        most: At most so many, spread evenly over time.
    """
    rows = len(table)
    if rows < length:
        return np.empty(0, dtype=np.int64)
    bad = table.segments == GAP
    if quiet_only:
        bad = bad | (table.labels != 0)
    before = np.concatenate(([0], np.cumsum(bad)))
    clean = before[length:] == before[:-length]
    whole = table.segments[length - 1 :] == table.segments[: rows - length + 1]
    found = np.flatnonzero(clean & whole)
    if most is not None and len(found) > most:
        found = found[np.arange(most) * len(found) // most]
    return found.astype(np.int64)


def cut(
    values: NDArray[np.float32], first: NDArray[np.int64], window: int, horizon: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return windows and what follows each of them.

    Args:
        values: float32 [rows, channels].
        first: First row of each window.
        window: Rows of a window.
        horizon: Rows that follow.

    Returns:
        float32 [N, window, channels] and float32 [N, horizon, channels].
    """
    rows = first[:, None] + np.arange(window + horizon)
    cube = values[rows]
    return cube[:, :window], cube[:, window:]
