"""What a sweep or an evaluation is about: a model directory, its data, its trained network."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from host_tools.data import csv, plant, scaling, window
from host_tools.data.table import Table
from host_tools.errors import DataError
from host_tools.formats import description, scaler
from host_tools.formats.description import Description
from host_tools.formats.scaler import Scaler
from host_tools.quantize import selection
from host_tools.quantize.sweep import Study

NETWORK = Path("exports", "model.keras")
POOL_WINDOWS = 16_000


@dataclass(frozen=True, eq=False)
class Subject:
    """A model directory with the data it was trained on.

    Attributes:
        home: The directory.
        description: Its `model.toml`.
        table: Samples with the model's channels.
        scale: Its `scaler.json`; fitted to the training rows when there is none.
    """

    home: Path
    description: Description
    table: Table
    scale: Scaler


def subject(model: str, files: Path | None, delimiter: str | None) -> Subject:
    """Read a model directory and its data: a CSV file, or the synthetic plant of its seed.

    Raises:
        DataError: No such model, other channels, or a model of a CSV file without the file.
    """
    home = description.resolve(model)
    about = description.load(home)
    if files is not None:
        table = csv.read(files, delimiter=delimiter, channels=about.channels or None)
    elif about.source == "plant":
        table = plant.table(about.seed)
    else:
        raise DataError(f"{home}: trained on a CSV file: give it with --csv")
    known = home / "scaler.json"
    scale = scaler.load(known) if known.exists() else scaling.fit(window.split(table).train)
    if scale.channels != table.names:
        table = csv.match(table, scale.channels)
    return Subject(home, replace(about, channels=table.names, units=table.units), table, scale)


def network_of(home: Path, given: Path | None) -> Path:
    """Return the trained network: what the user gave, else the directory's own export.

    Raises:
        DataError: Neither exists.
    """
    found = given or home / NETWORK
    if not found.exists():
        raise DataError(
            f"{found}: no such network: give it with --from, or train with `host_tools train"
            f" --out {home}`, which writes {NETWORK}"
        )
    return found


def cut(about: Subject, part: Table, most: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return quiet standardized windows and what followed, spread evenly over time.

    Returns:
        float32 [N, window, channels] and float32 [N, horizon, channels], not clipped.
    """
    size = about.description
    first = window.starts(part, size.window + size.horizon, quiet_only=True, most=most)
    return window.cut(about.scale.standardize(part.samples), first, size.window, size.horizon)


def study(about: Subject, network: Path, count: int) -> Study:
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
    return Study(network, pool, score, windows, truth, config)


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder's files in order of their names."""
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    total = hashlib.sha256()
    for file in files:
        total.update(file.read_bytes())
    return total.hexdigest()
