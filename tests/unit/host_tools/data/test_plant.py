"""The synthetic plant: the same bytes everywhere, and what its documentation says of it."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from host_tools import cli
from host_tools.data import csv, plant
from host_tools.data.table import GAP

DIGEST = "0e975c0bfc23e85553d2d5ea0ba33faa911718e226956c38621a0df2e4996f8f"


def test_bytes_are_the_same_on_every_machine() -> None:
    assert hashlib.sha256(plant.csv_text(1, 3000).encode()).hexdigest() == DIGEST


def test_seeds_differ() -> None:
    assert not np.array_equal(
        plant.simulate(1, 400).samples, plant.simulate(2, 400).samples, equal_nan=True
    )


@pytest.mark.parametrize("seed", [1, 7])
def test_file_and_table_are_equal(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "plant.csv"
    assert cli.main(["plant", "--out", str(path), "--rows", "4000", "--seed", str(seed)]) == 0
    read, made = csv.read(path), plant.table(seed, 4000)
    assert read.names == made.names == plant.NAMES
    assert np.array_equal(read.samples, made.samples, equal_nan=True)
    assert np.array_equal(read.segments, made.segments)
    assert np.array_equal(read.labels, made.labels)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_as_documented(seed: int) -> None:
    log = plant.simulate(seed)
    table = plant.table(seed)
    assert table.channels == len(plant.UNITS) == 16
    assert (table.segments == GAP).any()
    assert (np.diff(log.seconds) > 1).any()
    first, last = (int(plant.ROWS * part) for part in plant.QUIET)
    quiet = (log.seconds >= first) & (log.seconds < last)
    assert not log.labels[quiet].any()
    late = [fault for fault in log.faults if fault.first >= last]
    assert {fault.kind for fault in late} == set(plant.FAULTS)
    assert log.labels.sum() > 0


def test_channels_are_correlated() -> None:
    table = plant.table()
    rows = table.samples[(table.segments != GAP) & (table.labels == 0)]
    links = np.abs(np.corrcoef(rows.T)) - np.eye(16)
    assert (links.max(axis=0) > 0.3).sum() >= 14


def test_a_folder_that_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "plant.csv"
    assert cli.main(["plant", "--out", str(path), "--rows", "50"]) == 32
    assert "cannot be written" in capsys.readouterr().err
