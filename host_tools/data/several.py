"""Several CSV files of the same channels as one table; a file's end is a gap."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from host_tools.data import csv
from host_tools.data.table import GAP, Table
from host_tools.errors import DataError

RATE_TOLERANCE = 0.1


def different_headers(first: str, names: Sequence[str], path: str, found: Sequence[str]) -> str:
    """Return the message for two files whose columns differ."""
    missing = [name for name in names if name not in found]
    extra = [name for name in found if name not in names]
    parts = []
    if missing:
        parts.append(f"lacks {', '.join(missing)}")
    if extra:
        parts.append(f"has {', '.join(extra)} besides")
    what = " and ".join(parts) or "has them in another order"
    return f"{path}: other columns than {first}: {what}: give files of the same log only"


def read(paths: Sequence[Path], *, delimiter: str | None = None, drop_text: bool = False) -> Table:
    """Read files in the given order and join them.

    Args:
        paths: At least one; see `csv.read` for what each may hold.
        delimiter: Of every file; found by itself when None.
        drop_text: See `csv.read`.

    Raises:
        DataError: A file cannot be used, or they have different columns or sampling rates.
    """
    # Constant columns stay until all files are joined: one may be constant in one file only.
    tables = [
        csv.read(path, delimiter=delimiter, drop_text=drop_text, drop_constant=False)
        for path in paths
    ]
    first = tables[0]
    for table in tables[1:]:
        if table.names != first.names:
            raise DataError(different_headers(first.source, first.names, table.source, table.names))
        if abs(table.rate_hz / first.rate_hz - 1) > RATE_TOLERANCE:
            raise DataError(
                f"{table.source}: mixed sampling rates: {table.rate_hz:g} Hz where"
                f" {first.source} has {first.rate_hz:g} Hz: resample one of them"
            )
    joined = replace(
        first,
        source=first.source if len(tables) == 1 else f"{first.source} and {len(tables) - 1} more",
        samples=np.concatenate([table.samples for table in tables]),
        labels=np.concatenate([table.labels for table in tables]),
        segments=_segments(tables),
        notices=_notices(tables),
    )
    return csv.without_constant(joined)


def _segments(tables: Sequence[Table]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    parts, after = [], 0
    for table in tables:
        parts.append(np.where(table.segments == GAP, GAP, table.segments + after))
        after = max(after, int(parts[-1].max()) + 1)
    return np.concatenate(parts).astype(np.int32)


def _notices(tables: Sequence[Table]) -> tuple[str, ...]:
    if len(tables) == 1:
        return tables[0].notices
    return tuple(f"{table.source}: {notice}" for table in tables for notice in table.notices)
