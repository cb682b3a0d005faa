"""A log as a table of samples: every file is read by `host_tools.data.reading`, in every verb.

Nothing is filled in. What the reading found, `Table.notices` and `Table.reading` say. Rows are
counted as an editor shows them: a file begins with line 1.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.data.reading import clock as clocks
from host_tools.data.reading import log as logs
from host_tools.data.reading import pacing
from host_tools.data.reading.log import Log, RowBlock
from host_tools.data.reading.options import ReadingOptions
from host_tools.data.table import GAP, Table, constant_channels, segment
from host_tools.errors import DataError

LEAST_ROWS = 2
RATE_TOLERANCE = 0.1
_UNIT = re.compile(r"\s*\[[^\]]*\]$")


def read(
    paths: Path | Sequence[Path],
    options: ReadingOptions | None = None,
    *,
    channels: Sequence[str] | None = None,
    least_rows: int = LEAST_ROWS,
    drop_constant: bool = True,
) -> Table:
    """Read a log of one or more files.

    Args:
        paths: A file, several of one log in any order, or a folder of them.
        options: What the user says about them.
        channels: What a model expects; the table then has exactly these, in this order, and a
            constant channel stays.
        least_rows: Fewest rows that will do.
        drop_constant: Leave out a column that never changes, with a note.

    Returns:
        Samples in order of time; a missing or infinite value is NaN, and its row a gap.

    Raises:
        DataError: A file cannot be used, or two readings fit: the message says what, where, and
            the option that decides; too few rows; only constant columns; other channels than a
            model expects.
    """
    given = [paths] if isinstance(paths, Path) else list(paths)
    options = options or ReadingOptions()
    if channels is not None:
        options = replace(options, wanted=tuple(channels))
    log = logs.open_log(given, options)
    if log.reading.rows < least_rows:
        raise DataError(
            f"{given[0]}: too few rows: {log.reading.rows}, at least {least_rows} are needed"
        )
    table = _assemble(log)
    if channels is not None:
        table = match(table, channels)
    _check_usable(table)
    return without_constant(table) if drop_constant and channels is None else table


def without_constant(table: Table) -> Table:
    """Return the table without channels that never change; DataError when none is left."""
    return table.without(constant_channels(table), "constant")


@dataclass
class _Rows:
    """All rows of a log, in file order."""

    samples: NDArray[np.float32]
    labels: NDArray[np.bool_]
    stamps: NDArray[Any] | None
    files: NDArray[np.int64]
    groups: NDArray[np.int64] | None
    infinite: int

    def taken(self, order: NDArray[np.int64]) -> None:
        """Put the rows in another order."""
        self.samples, self.labels = self.samples[order], self.labels[order]
        self.files = self.files[order]
        self.stamps = None if self.stamps is None else self.stamps[order]
        self.groups = None if self.groups is None else self.groups[order]


def _collect(log: Log) -> _Rows:
    samples, blocks, infinite = [], [], 0
    for block in log.blocks():
        with np.errstate(over="ignore"):
            single = block.values.T.astype(np.float32)
        lost = ~np.isfinite(single)
        infinite += int((lost & np.isfinite(block.values.T)).sum())
        single[lost] = np.nan
        samples.append(np.ascontiguousarray(single))
        blocks.append(block)
    files = [np.full(len(block.lines), block.number) for block in blocks]
    ticks = None
    if log.choice is not None:
        ticks = np.concatenate([_stamps(block) for block in blocks])
    groups = None
    if log.options.group is not None:
        known: dict[Any, int] = {}
        groups = np.array([known.setdefault(key, len(known)) for block in blocks
                           for key in _groups(block)], dtype=np.int64)  # fmt: skip
    labels = np.concatenate([block.labelled for block in blocks])
    return _Rows(np.concatenate(samples), labels, ticks, np.concatenate(files), groups, infinite)


def _stamps(block: RowBlock) -> NDArray[Any]:
    assert block.stamps is not None
    return block.stamps


def _groups(block: RowBlock) -> list[Any]:
    assert block.groups is not None
    found: list[Any] = block.groups.tolist()
    return found


def _assemble(log: Log) -> Table:
    rows = _collect(log)
    if log.choice is not None and log.choice.clock.backward:
        # The newest row of a file comes first: each file is turned round by itself.
        rows.taken(np.lexsort((-np.arange(len(rows.files)), rows.files)))
    if rows.groups is not None:
        rows.taken(np.argsort(rows.groups, kind="stable"))
    broken = np.zeros(len(rows.files), dtype=np.bool_)
    broken[1:] = np.diff(rows.files) != 0
    if rows.groups is not None:
        broken[1:] |= np.diff(rows.groups) != 0
    seconds = None
    if log.choice is not None and rows.stamps is not None:
        seconds = clocks.since_1970(rows.stamps, log.choice.clock)
        _check_rates(log, rows.files, seconds)
        broken |= pacing.jumps(seconds, log.pace, rate_given=log.options.rate is not None)
        seconds = pacing.spread(seconds, broken, log.pace)
    reading = log.reading
    notices = [reading.summary(), *(f'left out "{n}": {why}' for n, why in reading.left_out),
               *reading.notes]  # fmt: skip
    if rows.infinite:
        notices.append(f"{rows.infinite:,} values are infinite in float32: their rows are gaps")
    files = [file.name for file in log.files]
    return Table(
        source=files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more",
        names=log.names,
        units=tuple(reading.units.get(name, "") for name in log.names),
        samples=rows.samples,
        labels=rows.labels.astype(np.uint8),
        segments=segment(rows.samples, broken),
        rate_hz=log.pace.rate_hz,
        notices=tuple(notices),
        seconds=seconds,
        reading=reading.as_json(),
        options=log.kept_options().text(),
    )


def _check_rates(log: Log, files: NDArray[np.int64], seconds: NDArray[np.float64]) -> None:
    """Raise DataError when the files have different sampling rates."""
    if log.options.rate is not None or log.pace.per_stamp > 1:
        return
    first = None
    for number, file in enumerate(log.files):
        steps = np.diff(seconds[files == number])
        steps = steps[steps > 0]
        if not len(steps):
            continue
        rate = 1 / float(np.median(steps))
        first = first or (rate, file.name)
        if abs(rate / first[0] - 1) > RATE_TOLERANCE:
            raise DataError(
                f"{file.name}: mixed sampling rates: {rate:g} Hz where {first[1]} has"
                f" {first[0]:g} Hz: bring one of them to the other's rate with read --resample"
            )


def _check_usable(table: Table) -> None:
    if (table.segments != GAP).any():
        return
    columns = zip(table.names, table.samples.T, strict=True)
    fewest = min(columns, key=lambda column: int(np.isfinite(column[1]).sum()))
    values = int(np.isfinite(fewest[1]).sum())
    raise DataError(
        f'{table.source}: no row has a value in every column ("{fewest[0]}" has {values:,}): leave'
        f' columns out (--ignore "{fewest[0]}"), or bring them to one rate (read --resample)'
    )


def _bare(name: str) -> str:
    """Return a name without the unit that `read --write` puts behind it."""
    return _UNIT.sub("", name)


def match(table: Table, channels: Sequence[str]) -> Table:
    """Return the table with exactly a model's channels, in the model's order.

    Raises:
        DataError: Other channels; the message names both lists.
    """
    if set(table.names) != set(channels):
        known = {_bare(name): name for name in channels}
        renamed = tuple(known.get(_bare(name), name) for name in table.names)
        if set(renamed) == set(channels) and len(set(renamed)) == len(table.names):
            return match(replace(table, names=renamed), channels)
        raise DataError(
            f"{table.source}: {table.channels} channels ({', '.join(table.names)}) where the"
            f" model has {len(channels)} ({', '.join(channels)})"
        )
    if table.names == tuple(channels):
        return table
    order = [table.names.index(name) for name in channels]
    return replace(
        table,
        names=tuple(channels),
        units=tuple(table.units[i] for i in order),
        samples=np.ascontiguousarray(table.samples[:, order]),
        notices=(*table.notices, "columns were put in the model's order"),
    )
