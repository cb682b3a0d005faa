"""Labelled recordings for scoring a detector: a folder of CSV files, each a run of its own.

Files in a folder named `anomaly-free` (or whose name starts with it) are quiet recordings; every
other CSV file is a run: its first rows train, the rest counts.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from host_tools.data import csv
from host_tools.data.table import Table
from host_tools.errors import DataError

QUIET = "anomaly-free"


@dataclass(frozen=True, eq=False)
class Recording:
    """One file in time order.

    Attributes:
        name: Folder and file name without ending, for tables.
        values: float64 [rows, channels], raw; NaN where a value is missing.
        labels: int64 [rows], 1 where a fault is labelled.
        seconds: float64 [rows] since the first row; the row number without a time column.
        start: First timestamp in seconds since 1970; 0 without a time column.
    """

    name: str
    values: NDArray[np.float64]
    labels: NDArray[np.int64]
    seconds: NDArray[np.float64]
    start: float

    def rows(self, last: int) -> "Recording":
        """Return the rows before `last`."""
        return replace(
            self,
            values=self.values[:last],
            labels=self.labels[:last],
            seconds=self.seconds[:last],
        )


@dataclass(frozen=True, eq=False)
class Runs:
    """What a folder holds: labelled runs by folder and number, and quiet recordings."""

    labelled: tuple[Recording, ...]
    quiet: tuple[Recording, ...]
    channels: tuple[str, ...]


def _order(path: Path) -> tuple[str, int, str]:
    number = int(path.stem) if path.stem.isdigit() else -1
    return path.parent.name, number, path.stem


def _times(path: Path) -> tuple[NDArray[np.float64], float] | None:
    text = path.read_text(encoding="utf-8-sig")
    frame = pd.read_csv(path, sep=csv.find_delimiter(path, text, None), dtype=str)
    column = csv.find_time_column(frame)
    if column is None:
        return None
    numbers = pd.to_numeric(frame[column], errors="coerce")
    if numbers.notna().all():
        stamps = numbers.to_numpy(dtype=np.float64)
    else:
        dates = pd.to_datetime(frame[column], utc=True)
        first = pd.Timestamp(0, tz="UTC")
        stamps = (dates - first).dt.total_seconds().to_numpy(dtype=np.float64)
    return stamps - stamps[0], float(stamps[0])


def _recording(path: Path, table: Table) -> Recording:
    seconds, start = _times(path) or (np.arange(len(table), dtype=np.float64), 0.0)
    name = f"{path.parent.name}/{path.stem}"
    labels = table.labels.astype(np.int64)
    return Recording(name, table.samples.astype(np.float64), labels, seconds, start)


def load(root: Path, least_rows: int) -> Runs:
    """Read every CSV file below a folder.

    A quiet recording is cut where the first labelled run begins that starts inside it: the rows
    after are that run's own, and must not train.

    Raises:
        DataError: No folder, no labelled run, a file that cannot be used, too short, or with
            other channels than the first.
    """
    if not root.is_dir():
        raise DataError(f"{root}: no such folder; name one that holds a CSV file per run")
    labelled: list[Recording] = []
    quiet: list[Recording] = []
    channels: tuple[str, ...] | None = None
    for path in sorted(root.rglob("*.csv"), key=_order):
        table = csv.read(path, channels=channels, least_rows=least_rows, drop_constant=False)
        channels = table.names
        is_quiet = path.parent.name == QUIET or path.stem.startswith(QUIET)
        (quiet if is_quiet else labelled).append(_recording(path, table))
    if channels is None or not any(run.labels.any() for run in labelled):
        raise DataError(f"{root}: no CSV file below it has labelled faults (column `anomaly`)")
    cut = []
    for one in quiet:
        later = [r.start - one.start for r in labelled if r.start >= one.start > 0]
        cut.append(one.rows(int(np.searchsorted(one.seconds, min(later, default=np.inf)))))
    return Runs(tuple(labelled), tuple(cut), channels)
