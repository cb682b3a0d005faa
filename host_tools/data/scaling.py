"""Fit a scaler to the training rows of a table."""

import math

import numpy as np

from host_tools.data.table import Table, constant_channels
from host_tools.errors import DataError
from host_tools.formats.scaler import CLIP, SCORE_LIMIT, Scaler


def fit(table: Table, clip: float = CLIP, score_limit: float = SCORE_LIMIT) -> Scaler:
    """Return the scaler of a table of training rows; labelled and missing rows do not count.

    Sums are exact (`math.fsum`), so that every machine gets the same scaler.

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
    return Scaler(
        channels=table.names,
        mean=mean.astype(np.float32),
        std=std.astype(np.float32),
        inv_std=(1.0 / std).astype(np.float32),
        clip=np.float32(clip),
        score_limit=np.float32(score_limit),
    )
