"""The shipped artifacts: they fit each other, the oracle, and the figures that we state."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from host_tools import cli
from host_tools.conversion import canonical
from host_tools.data import plant
from host_tools.detection import assess, replay
from host_tools.formats import description
from host_tools.formats import detector as detectors
from host_tools.runtimes import adapter
from host_tools.runtimes import tflm as oracle
from targets import detection_budget

LIMITS = {"model_int8.tflite": 70_000, "model_float.tflite": 250_000, "golden.npz": 600_000}


@pytest.fixture(scope="module")
def home(root: Path) -> Path:
    return root / "models" / "forecaster"


def test_description(home: Path) -> None:
    found = description.load(home)
    assert (found.window, found.horizon, found.rate_hz) == (30, 10, 1.0)
    assert found.channels == plant.NAMES
    assert found.units == plant.UNITS
    edges = adapter.read_edges(home / "model_int8.tflite")
    assert (edges.window, edges.horizon, edges.channels) == (30, 10, 16)


@pytest.mark.parametrize("name", sorted(LIMITS))
def test_artifacts_are_small(home: Path, name: str) -> None:
    assert (home / name).stat().st_size <= LIMITS[name]


def test_record_is_of_this_model(home: Path) -> None:
    figures = json.loads((home / "training.json").read_text())
    assert figures["canonical_sha256"] == canonical.canonical_hash(home / "model_int8.tflite")
    assert figures["rmse_int8_vs_float"] <= 0.02
    assert figures["detection_test"]["detected"] >= 6
    assert figures["quiet_alarm_share"] <= 1
    assert figures["detection_validation"]["false_alarms"] <= 1


def test_the_detector_is_that_of_fit(home: Path) -> None:
    """What `host_tools fit --model forecaster` wrote, untouched: the record and its hash agree."""
    record = json.loads((home / detection_budget.FILE).read_text())
    text = (home / "detector.json").read_text()
    assert record["detector_sha256"] == detection_budget.hash_of(text)
    assert detectors.load(home / "detector.json", 16).text() == text
    figures = json.loads((home / "training.json").read_text())
    assert record["quiet_alarm_share"] == figures["quiet_alarm_share"]
    assert figures["network_adds"]["pays"]
    assert figures["injected_faults"]["step_share"] > 0.9


@pytest.mark.slow
def test_fit_makes_the_same_bytes_again(home: Path, tmp_path: Path) -> None:
    assert cli.main(["fit", "--model", str(home), "--out", str(tmp_path)]) == 0
    for name in ("detector.json", "training.json", detection_budget.FILE):
        assert (tmp_path / name).read_bytes() == (home / name).read_bytes(), name


def test_golden_file(home: Path) -> None:
    g = np.load(home / "golden.npz")
    counts = np.bincount(g["kinds"], minlength=3)
    assert counts.sum() >= 256
    assert counts[0] * 2 >= counts.sum()
    assert counts.min() > 0
    saturated = g["windows"][g["kinds"] == 1]
    assert np.isin(saturated, (-128, 127)).mean() > 0.5
    assert g["samples"].shape == (600, 16)
    finite = np.isfinite(g["samples"]).all(axis=1)
    assert 1 <= (~finite).sum() <= 3
    assert not g["labels"][:120].any()
    assert g["labels"].any()


def test_int8_is_near_float(home: Path) -> None:
    g = np.load(home / "golden.npz")
    edges = adapter.read_edges(home / "model_int8.tflite")
    usual = g["kinds"] == 0
    real = (g["outputs"][usual].astype(float) - edges.output_zero_point) * edges.output_scale
    assert np.sqrt(np.mean((real - g["float_outputs"][usual]) ** 2)) <= 0.02


def test_chain_finds_the_fault_and_nothing_before(home: Path) -> None:
    g = np.load(home / "golden.npz")
    model = (home / "model_int8.tflite").read_bytes()
    records = replay.run_chain(
        replay.load(home), g["samples"], lambda windows: oracle.forecast(model, windows)
    )
    found = assess.assess(records, g["labels"])
    assert found.detected == found.events >= 1
    assert found.false_alarms == 0


def test_architecture_needs_no_tensorflow(home: Path) -> None:
    before = set(sys.modules)
    spec = importlib.util.spec_from_file_location("probe", home / "architecture.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert not {name for name in set(sys.modules) - before if "tensorflow" in name}
    assert callable(module.build)
