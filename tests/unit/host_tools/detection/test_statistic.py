"""Synthetic checks: no benchmark data, no TensorFlow."""

from pathlib import Path

import numpy as np
import pytest

from host_tools.data import runs
from host_tools.detection import metrics, study
from host_tools.detection import statistic_chain as chain
from host_tools.detection import statistic_fit as fit
from host_tools.detection.statistic import from_json, to_json
from host_tools.errors import DataError


def plant(rows: int, seed: int) -> np.ndarray:
    """Four noisy channels, the last a random walk."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, 4)) * [1.0, 0.1, 5.0, 1.0] + [10.0, 0.0, -3.0, 50.0]
    values[:, 3] += np.cumsum(rng.normal(size=rows))
    return values


def flat(windows: np.ndarray) -> np.ndarray:
    """A forecaster that always says: the baseline."""
    return np.zeros((len(windows), 10, windows.shape[2]), np.float32)


@pytest.fixture(scope="module")
def detector():
    segments = [plant(400, s) for s in range(8)]
    return fit.fit_statistic(segments, segments, flat)


def run(detector, values):
    chained = chain.Chain(detector, chain.FloatForecaster(detector))
    results = []
    for row in values.astype(np.float32):
        result, window = chained.score(row)
        if window is not None:
            chained.forecaster.accept(flat(window[None])[0])
        results.append(result)
    return results


def test_drifting_channel_is_out_and_json_keeps_the_bits(detector):
    assert detector.statistic.scored == (0, 1, 2)
    assert to_json(from_json(to_json(detector))) == to_json(detector)


def test_verdicts_begin_after_the_learned_rows_and_a_step_alarms(detector):
    values = plant(900, 99)
    values[600:, 1] += 0.3
    states = [int(r.state) for r in run(detector, values)]
    assert set(states[:400]) == {0}
    assert states[400] != 0
    assert np.mean(np.array(states[400:600]) == 2) < 0.1
    assert all(s == 2 for s in states[640:])


def test_other_level_and_spread_is_learned(detector):
    states = [int(r.state) for r in run(detector, plant(900, 7) * 3.0 + 20.0)]
    assert np.mean(np.array(states[400:]) == 2) < 0.15


def test_a_gap_keeps_the_baseline(detector):
    values = plant(900, 5)
    values[500] = np.nan
    states = [int(r.state) for r in run(detector, values)]
    assert set(states[500:510]) == {0}
    assert states[510] != 0


def test_prefix_decides_alone(detector):
    values = plant(700, 3)
    long, short = run(detector, values), run(detector, values[:500])
    assert [r.score for r in long[:500]] == [r.score for r in short]


def test_auc_pr_is_average_precision():
    import sklearn.metrics as sklearn

    rng = np.random.default_rng(0)
    for _ in range(20):
        labels, scores = rng.integers(0, 2, 200), rng.integers(0, 30, 200) / 7.0
        assert metrics.auc_pr(labels, scores) == pytest.approx(
            sklearn.average_precision_score(labels, scores)
        )


def test_perfect_score_has_full_volume_and_random_does_not():
    labels = np.zeros(500, int)
    labels[200:300] = 1
    assert metrics.vus_pr(labels, metrics._soft_labels(labels, 50)) > 0.95
    assert metrics.vus_pr(labels, np.random.default_rng(1).random(500)) < 0.45


def test_benchmark_rates():
    run_ = metrics.Run(
        "x", np.array([0, 0, 1, 1]), np.array([0, 1, 1, 0], bool), np.arange(4.0), np.arange(4.0)
    )
    assert metrics.rates([run_]) == (0.5, 50.0, 50.0)


def _write(folder, name, values, labels):
    folder.mkdir(parents=True, exist_ok=True)
    rows = [f"{i},{','.join(f'{v:.6f}' for v in row)},{label}" for i, (row, label) in
            enumerate(zip(values, labels, strict=True))]  # fmt: skip
    text = "time,a,b,c,d,anomaly\n" + "\n".join(rows) + "\n"
    (folder / name).write_text(text)


def test_runs_are_read_in_order_and_quiet_ones_apart(tmp_path):
    for name in ("10.csv", "2.csv"):
        _write(tmp_path / "valve", name, plant(450, 1), [0] * 440 + [1] * 10)
    _write(tmp_path / "anomaly-free", "x.csv", plant(450, 2), [0] * 450)
    found = runs.load(tmp_path, study.LEAST_ROWS)
    assert [run.name for run in found.labelled] == ["valve/2", "valve/10"]
    assert [run.name for run in found.quiet] == ["anomaly-free/x"]
    parts, heads = study.training_segments(found, fit.Rule())
    assert (len(parts), len(heads)) == (3, 2)
    assert all(part.shape == (400, 4) for part in parts)


def test_a_missing_folder_and_runs_without_labels_are_data_errors(tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        runs.load(tmp_path / "none", 401)
    _write(tmp_path / "valve", "1.csv", plant(450, 1), [0] * 450)
    with pytest.raises(DataError, match="labelled faults"):
        runs.load(tmp_path, 401)


def test_a_hole_in_the_training_rows_is_named(tmp_path):
    values = plant(450, 1)
    values[17, 2] = np.nan
    _write(tmp_path / "valve", "1.csv", values, [0] * 440 + [1] * 10)
    with pytest.raises(DataError, match=r"valve/1: the first 400 rows"):
        study.training_segments(runs.load(tmp_path, 401), fit.Rule())


@pytest.mark.train
@pytest.mark.slow
def test_study_finds_a_step_in_every_run(tmp_path):
    for seed in range(6):
        values = plant(700, seed)
        values[550:600, 1] += 0.5
        _write(tmp_path / "valve", f"{seed}.csv", values, [0] * 550 + [1] * 50 + [0] * 100)
    architecture = Path(__file__).parents[4] / "models/forecaster/architecture.py"
    found = study.study(runs.load(tmp_path, 401), architecture, print, epochs=1)
    assert found.figures[study.INT8].f1 > found.figures["persistence"].f1
    assert found.figures[study.INT8].missed == 0
