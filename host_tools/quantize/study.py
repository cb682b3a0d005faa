"""Make the inputs of a sweep from a model directory, its data and its trained network."""

import hashlib
from pathlib import Path

import numpy as np

from host_tools.data import window
from host_tools.data.model_data import ModelData, cut
from host_tools.errors import DataError
from host_tools.quantize import selection
from host_tools.quantize.sweep import SweepInputs

POOL_WINDOWS = 16_000


def study(about: ModelData, network: Path, count: int) -> SweepInputs:
    """Return the study of a sweep: windows to choose from the training part, windows to
    measure on from the validation part, so that choosing the best point takes no test row.

    Raises:
        DataError: A part holds fewer windows than needed.
    """
    parts = window.split(about.table)
    pool, after = cut(about, parts.train, POOL_WINDOWS)
    limit = about.scale.clip
    score = selection.persistence(np.clip(pool, -limit, limit), np.clip(after, -limit, limit))
    windows, truth = cut(about, parts.validation, count)
    if len(windows) < count:
        raise DataError(
            f"{about.table.source}: {count} windows to evaluate asked (--n), the validation part"
            f" has {len(windows)}: ask for fewer, or give more rows"
        )
    if not len(pool):
        raise DataError(f"{about.table.source}: the training part has no window without a gap")
    size = about.description
    config = {
        "name": size.name,
        "network_sha256": _digest(network),
        "data": Path(about.table.source).name,
        "data_sha256": hashlib.sha256(pool.tobytes() + windows.tobytes()).hexdigest(),
        "channels": len(size.channels),
        "window": size.window,
        "horizon": size.horizon,
        "pool_windows": len(pool),
        "evaluation_windows": count,
    }
    return SweepInputs(network, pool, score, windows, truth, config)


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder's files in order of their names."""
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    total = hashlib.sha256()
    for file in files:
        total.update(file.read_bytes())
    return total.hexdigest()
