"""Labelled recordings for scoring a detector: a folder of CSV files, each a run of its own.

Files in a folder named `anomaly-free` (or whose name starts with it) are quiet recordings; every
other CSV file is a run: its first rows train, the rest counts.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from host_tools.data import csv
from host_tools.data.reading.options import ReadingOptions
from host_tools.data.reading.source import SUFFIXES
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
    """Recordings of a folder: labelled runs by folder and number, and quiet ones."""

    labelled: tuple[Recording, ...]
    quiet: tuple[Recording, ...]
    channels: tuple[str, ...]

    def varying(self, rows: int) -> tuple["Runs", list[str]]:
        """Return the runs without the channels that are constant over the first `rows` rows of
        every run and the quiet recordings, and the names of those.

        Raises:
            DataError: No channel would be left.
        """
        parts = [run.values[:rows] for run in self.labelled] + [run.values for run in self.quiet]
        training = np.concatenate(parts)
        flat = np.nanmax(training, axis=0) == np.nanmin(training, axis=0)
        if flat.all():
            raise DataError("every channel is constant over the training rows")
        keep = np.flatnonzero(~flat)

        def cut(run: Recording) -> Recording:
            return replace(run, values=np.ascontiguousarray(run.values[:, keep]))

        names = tuple(self.channels[c] for c in keep)
        found = Runs(tuple(map(cut, self.labelled)), tuple(map(cut, self.quiet)), names)
        return found, [name for name, gone in zip(self.channels, flat, strict=True) if gone]

    def days(self) -> tuple[Recording, ...]:
        """Return the labelled runs of each day (UTC) joined in the order of their times.

        Rows that lie before the end of the run before are left out: the recordings overlap.
        """
        by_day: dict[int, list[Recording]] = {}
        for run in sorted(self.labelled, key=lambda one: one.start):
            by_day.setdefault(int(run.start // 86400), []).append(run)
        return tuple(_joined(runs) for runs in by_day.values())


def _joined(runs: list[Recording]) -> Recording:
    first, last = runs[0].start, -np.inf
    parts = []
    for run in runs:
        seconds = run.seconds + (run.start - first)
        keep = seconds > last
        parts.append((run.values[keep], run.labels[keep], seconds[keep]))
        last = max(last, float(seconds[-1]))
    values, labels, seconds = (np.concatenate(part) for part in zip(*parts, strict=True))
    day = datetime.fromtimestamp(first, tz=UTC).strftime("%Y-%m-%d")
    return Recording(f"{day}/stream", values, labels, seconds, first)


def _order(path: Path) -> tuple[str, int, str]:
    number = int(path.stem) if path.stem.isdigit() else -1
    return path.parent.name, number, path.stem


def _recording(path: Path, table: Table) -> Recording:
    seconds, start = np.arange(len(table), dtype=np.float64), 0.0
    if table.seconds is not None:
        seconds, start = table.seconds - table.seconds[0], float(table.seconds[0])
    name = f"{path.parent.name}/{path.stem}"
    labels = table.labels.astype(np.int64)
    return Recording(name, table.samples.astype(np.float64), labels, seconds, start)


def load(
    root: Path,
    least_rows: int,
    options: ReadingOptions | None = None,
    channels: tuple[str, ...] | None = None,
) -> Runs:
    """Read every log below a folder, with the given channels or those of the first.

    A quiet recording is cut where the first labelled run begins that starts inside it: the rows
    after are that run's own, and must not train.

    Raises:
        DataError: No folder, no labelled run, a file that cannot be used, too short, or with
            other channels or another sampling rate than the first.
    """
    if not root.is_dir():
        raise DataError(f"{root}: no such folder; name one that holds a CSV file per run")
    labelled: list[Recording] = []
    quiet: list[Recording] = []
    first: Table | None = None
    paths = [path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file()]
    for path in sorted(paths, key=_order):
        table = csv.read(
            path, options, channels=channels, least_rows=least_rows, drop_constant=False
        )
        first, channels = first or table, table.names
        if abs(table.rate_hz / first.rate_hz - 1) > csv.RATE_TOLERANCE:
            raise DataError(
                f"{table.source}: mixed sampling rates: {table.rate_hz:g} Hz where {first.source}"
                f" has {first.rate_hz:g} Hz: runs of one folder have one rate (read --resample)"
            )
        is_quiet = path.parent.name == QUIET or path.stem.startswith(QUIET)
        (quiet if is_quiet else labelled).append(_recording(path, table))
    if channels is None or not any(run.labels.any() for run in labelled):
        raise DataError(
            f"{root}: no CSV file below it has labelled faults (column `anomaly`, or --label NAME)"
        )
    cut = []
    for one in quiet:
        later = [r.start - one.start for r in labelled if r.start >= one.start > 0]
        cut.append(one.rows(int(np.searchsorted(one.seconds, min(later, default=np.inf)))))
    return Runs(tuple(labelled), tuple(cut), channels)
