"""`model.toml`, `scaler.json`, `detector.json`: they read back exactly, and bad ones are named."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from host_tools.data import plant, scaling
from host_tools.data.table import Table
from host_tools.errors import DataError
from host_tools.formats import description, scaler
from host_tools.formats.description import Description
from targets.errors import ModelError

WANTED = Description(
    name="pump",
    window=5,
    horizon=2,
    rate_hz=0.1,
    seed=3,
    source="csv",
    channels=('a "quoted" \\ name', "b\tc"),
    units=("°C", ""),
    architecture={"lstm_units": 4},
    budget={"flash_bytes": 100},
)


def test_description_reads_back(tmp_path: Path) -> None:
    (tmp_path / "model.toml").write_text(WANTED.text())
    assert description.load(tmp_path) == WANTED


def test_resolve_takes_names_and_paths(tmp_path: Path) -> None:
    (tmp_path / "model.toml").write_text(WANTED.text())
    assert description.resolve(tmp_path) == tmp_path
    assert description.load(description.resolve("forecaster")).name == "forecaster"
    with pytest.raises(ModelError, match=r"no such model: give one of .*forecaster"):
        description.resolve("absent")
    with pytest.raises(ModelError, match=r"did you mean 'forecaster'\?"):
        description.resolve("Forcaster")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("window = 5", "window = 0", "window"),
        ("window = 5", "", "window"),
        ("seed = 3", 'seed = "3"', "seed"),
        ("seed = 3", "speed = 3", "speed"),
        ('name = "pump"', 'name = "Pump 1"', "identifier"),
        ("flash_bytes", "flash", "flash"),
        ("lstm_units = 4", "lstm_units = -4", "lstm_units"),
        ("window = 5", "window = ", "not valid TOML"),
    ],
)
def test_bad_description(tmp_path: Path, old: str, new: str, said: str) -> None:
    (tmp_path / "model.toml").write_text(WANTED.text().replace(old, new, 1))
    with pytest.raises(DataError, match=said):
        description.load(tmp_path)


def test_missing_description(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        description.load(tmp_path)


@pytest.fixture(scope="module")
def table() -> Table:
    return plant.table(1, 1500)


def test_scaler_reads_back_exactly(table: Table, tmp_path: Path) -> None:
    made = scaling.fit(table)
    made.save(tmp_path / "scaler.json")
    read = scaler.load(tmp_path / "scaler.json")
    assert read.channels == made.channels
    for name in ("mean", "std", "inv_std", "clip", "score_limit"):
        assert getattr(read, name).tobytes() == getattr(made, name).tobytes()


def test_scaler_standardizes_its_training_rows(table: Table) -> None:
    usable = (table.segments >= 0) & (table.labels == 0)
    z = scaling.fit(table).standardize(table.samples[usable])
    assert z.dtype == np.float32
    assert np.abs(z.mean(axis=0)).max() < 1e-3
    assert np.abs(z.std(axis=0) - 1).max() < 1e-3


def test_scaler_does_not_see_labelled_rows(table: Table) -> None:
    wild = table.samples.copy()
    wild[table.labels != 0] *= 100
    assert np.array_equal(scaling.fit(replace(table, samples=wild)).mean, scaling.fit(table).mean)


def test_scaler_survives_the_largest_floats(table: Table) -> None:
    largest = np.full((1, 16), np.finfo(np.float32).max, dtype=np.float32)
    assert scaling.fit(table).clipped(largest).tolist() == [[8.0] * 16]


def test_constant_channel_has_no_scaler(table: Table) -> None:
    flat = table.samples.copy()
    flat[:, 2] = 1
    with pytest.raises(DataError, match='"pump_vibration" is constant'):
        scaling.fit(replace(table, samples=flat))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("version", 9),
        ("channels", []),
        ("mean", [1.0]),
        ("std", "text"),
        ("inv_std", None),
        ("clip", -1),
        ("score_limit", float("nan")),
    ],
)
def test_bad_scaler(table: Table, tmp_path: Path, key: str, value: object) -> None:
    path = tmp_path / "scaler.json"
    scaling.fit(table).save(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(DataError, match=r"scaler\.json"):
        scaler.load(path)


@pytest.mark.parametrize("text", ["", "{", "[1]"])
def test_damaged_scaler(tmp_path: Path, text: str) -> None:
    path = tmp_path / "scaler.json"
    path.write_text(text)
    with pytest.raises(DataError, match=r"scaler\.json"):
        scaler.load(path)


def test_missing_scaler(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="host_tools train"):
        scaler.load(tmp_path / "scaler.json")
