"""A model directory with the data it was trained on, its trained network, and its windows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from host_tools.data import csv, plant, scaling, window
from host_tools.data.reading.options import ReadingOptions
from host_tools.data.reading.options import kept as kept_options
from host_tools.data.table import Table
from host_tools.errors import DataError
from host_tools.formats import description, scaler
from host_tools.formats.description import Description
from host_tools.formats.scaler import Scaler

Floats = NDArray[np.float32]

NETWORK = Path("exports", "model.keras")


@dataclass(frozen=True, eq=False)
class ModelData:
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


def load(model: str, files: Sequence[Path], options: ReadingOptions) -> ModelData:
    """Read a model directory and its data: a log, or the synthetic plant of its seed.

    The log is read as the training read its own (`reading.toml`), where `options` say nothing else.

    Raises:
        DataError: No such model, other channels, or a model of a CSV file without the file.
    """
    home = description.resolve(model)
    about = description.load(home)
    if files:
        said = kept_options(home, options)
        table = csv.read(files, said, channels=about.channels or None)
    elif about.source == "plant":
        table = plant.table(about.seed)
    else:
        raise DataError(f"{home}: trained on a CSV file: give it with --csv")
    known = home / "scaler.json"
    scale = scaler.load(known) if known.exists() else scaling.fit(window.split(table).train)
    if scale.channels != table.names:
        table = csv.match(table, scale.channels)
    return ModelData(home, replace(about, channels=table.names, units=table.units), table, scale)


def network_of(home: Path, given: Path | None) -> Path:
    """Return the trained network: what the user gave, else the directory's own export.

    Raises:
        DataError: Neither exists.
        ModelError: The directory is that of a product without a network.
    """
    if given is None:
        description.require_network(home, "give one with --from, or train one")
    network = given or home / NETWORK
    if not network.exists():
        raise DataError(
            f"{network}: no such network: give it with --from, or train with `host_tools train"
            f" --out {home}`, which writes {NETWORK}"
        )
    return network


def cut(
    about: ModelData, part: Table, most: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return quiet standardized windows and what followed, spread evenly over time.

    Returns:
        float32 [N, window, channels] and float32 [N, horizon, channels], not clipped.
    """
    size = about.description
    first = window.starts(part, size.window + size.horizon, quiet_only=True, most=most)
    return window.cut(
        about.scale.inputs(part.samples, part.segments), first, size.window, size.horizon
    )
