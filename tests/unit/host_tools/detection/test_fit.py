"""Weights and threshold from quiet rows; counts of faults and false alarms."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from host_tools.data.scaler import Scaler
from host_tools.detection import chain, fit
from host_tools.errors import DataError, TrainingError

F = np.float32
SCALE = 0.05


def config() -> chain.ChainConfig:
    ones = np.ones(2, dtype=F)
    scale = Scaler(("a", "b"), np.zeros(2, dtype=F), ones, ones, F(8), F(64))
    edges = chain.Edges(4, 3, 2, SCALE, 0, SCALE, 0)
    return chain.configure(edges, scale, ones, F(1), F(1))


def last_value(windows: NDArray[np.int8]) -> NDArray[np.int8]:
    return np.repeat(windows[:, -1:], 3, axis=1)


def noise(rows: int, seed: int) -> NDArray[np.float32]:
    spread = np.array([0.2, 0.8])
    values = np.random.default_rng(seed).normal(0, 1, (rows, 2)) * spread
    return np.asarray(values, dtype=F)


def test_weights_are_inverse_residual_power() -> None:
    found = fit.fit(config(), noise(3000, 0), noise(1000, 1), last_value)
    assert found.weights[0] / found.weights[1] == pytest.approx(16, rel=0.15)
    parts = chain.residuals(config(), noise(3000, 0), last_value)
    assert chain.residual_scores(found.weights, parts.values).mean() == pytest.approx(1, rel=0.01)
    assert found.threshold > 1


def test_weight_of_a_perfect_forecast_is_bounded() -> None:
    rows = noise(3000, 0)
    rows[:, 0] = 0
    found = fit.fit(config(), rows, noise(1000, 1), last_value)
    assert found.weights[0] == pytest.approx(0.5 / fit.MINIMUM_RESIDUAL**2)


def test_validation_may_raise_the_threshold_but_not_lower_it() -> None:
    usual = fit.fit(config(), noise(3000, 0), noise(1000, 1), last_value)
    louder = fit.fit(config(), noise(3000, 0), noise(1000, 1) * F(3), last_value)
    quieter = fit.fit(config(), noise(3000, 0), noise(1000, 1) * F(0), last_value)
    assert louder.threshold > usual.threshold * 3
    assert quieter.threshold == pytest.approx(usual.threshold, rel=0.2)
    assert np.array_equal(louder.weights, usual.weights)


def test_too_few_rows() -> None:
    with pytest.raises(TrainingError, match="only 1 training rows"):
        fit.fit(config(), noise(7, 0), noise(7, 1), last_value)


def test_file_holds_the_same_floats(tmp_path: Path) -> None:
    found = fit.fit(config(), noise(3000, 0), noise(1000, 1), last_value)
    found.save(tmp_path / "detector.json")
    read = json.loads((tmp_path / "detector.json").read_text())
    assert np.array(read["weights"], dtype=F).tobytes() == found.weights.tobytes()
    assert F(read["threshold"]) == found.threshold
    assert F(read["alpha"]) == fit.ALPHA


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("alpha", 1.5, "alpha"),
        ("threshold", 0, "threshold"),
        ("weights", [1.0], "weights"),
        ("weights", [-1.0, 1.0], "negative"),
    ],
)
def test_bad_file(tmp_path: Path, key: str, value: object, said: str) -> None:
    found = fit.fit(config(), noise(3000, 0), noise(1000, 1), last_value)
    config().scaler.save(tmp_path / "scaler.json")
    path = tmp_path / "detector.json"
    found.save(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(DataError, match=said):
        chain.load(tmp_path)


def test_assess_counts_events_and_false_alarms() -> None:
    records = np.zeros(20, dtype=chain.RECORD)
    records["state"][2:] = chain.OK
    records["state"][[4, 5, 9, 12, 13]] = chain.ALARM
    labels = np.zeros(20, dtype=np.uint8)
    labels[[0, 8, 9, 13, 17]] = 1
    found = fit.assess(records, labels)
    assert (found.events, found.detected, found.false_alarms) == (3, 2, 1)
    assert (found.quiet_rows, found.false_rows) == (14, 3)
