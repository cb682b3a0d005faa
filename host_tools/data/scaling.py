"""Fit a scaler to the training rows of a table."""

import math

import numpy as np
from numpy.typing import NDArray

from host_tools.data.table import Table, constant_channels
from host_tools.errors import DataError
from host_tools.formats.scaler import CLIP, SCORE_LIMIT, Scaler

FAR = 1e6
"""Limit of samples in spreads of a deployment: another one may lie hundreds of them away."""


def fit(
    table: Table, clip: float = CLIP, score_limit: float = SCORE_LIMIT, centre_rows: int = 0
) -> Scaler:
    """Return the scaler of a table of training rows; labelled and missing rows do not count.

    Sums are exact (`math.fsum`), so that every machine gets the same scaler. With `centre_rows`
    the unit is the typical standard deviation within so many rows instead of that of all rows,
    and samples are limited only by FAR.

    Raises:
        DataError: Too few rows, or a channel is constant in them.
    """
    rows = table.samples[(table.segments >= 0) & (table.labels == 0)].astype(np.float64)
    if len(rows) < 2:
        raise DataError(f"{table.source}: no usable row in the training part")
    mean = np.array([math.fsum(column) / len(rows) for column in rows.T.tolist()])
    squares = [math.fsum(((c - m) ** 2).tolist()) for c, m in zip(rows.T, mean, strict=True)]
    std = np.sqrt(np.array(squares) / len(rows))
    if flat := constant_channels(table):
        raise DataError(f'{table.source}: column "{flat[0]}" is constant: leave it out')
    if centre_rows:
        std = _within(table, centre_rows, std)
        score_limit = FAR
    return Scaler(
        channels=table.names,
        mean=mean.astype(np.float32),
        std=std.astype(np.float32),
        inv_std=(1.0 / std).astype(np.float32),
        clip=np.float32(clip),
        score_limit=np.float32(score_limit),
        centre_rows=centre_rows,
    )


def _within(table: Table, rows: int, overall: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median standard deviation within `rows` rows; of a channel that mostly rests, the overall."""
    usable = (table.segments >= 0) & (table.labels == 0)
    numbers = np.where(usable, table.segments, -1)
    edges = np.flatnonzero(np.diff(numbers)) + 1
    found = []
    for first, last in zip([0, *edges], [*edges, len(numbers)], strict=True):
        if numbers[first] >= 0:
            found += [
                table.samples[i : i + rows].astype(np.float64).std(axis=0)
                for i in range(first, last - rows + 1, rows)
            ]
    if not found:
        return overall
    typical = np.median(found, axis=0)
    return np.asarray(np.where(typical > 0, typical, overall), np.float64)
