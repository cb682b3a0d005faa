"""The study on synthetic runs: what it reads, and what it leaves."""

from pathlib import Path

import numpy as np
import pytest

from host_tools.data import runs
from host_tools.errors import DataError
from host_tools.evaluation import detection_study as study
from tests.unit.host_tools.detection.plant import plant


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
    parts, heads = study.training_segments(found, study.RULE)
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
        study.training_segments(runs.load(tmp_path, 401), study.RULE)


@pytest.mark.train
@pytest.mark.slow
def test_study_finds_a_step_in_every_run(tmp_path):
    for seed in range(6):
        values = plant(700, seed)
        values[550:600, 1] += 0.5
        _write(tmp_path / "valve", f"{seed}.csv", values, [0] * 550 + [1] * 50 + [0] * 100)
    architecture = Path(__file__).parents[4] / "models/forecaster/architecture.py"
    found = study.study(runs.load(tmp_path, 401), architecture, tmp_path / "out", print, epochs=1)
    assert found.figures[study.INT8].f1 > found.figures["persistence"].f1
    assert found.figures[study.INT8].missed == 0
    assert found.differing == {"host": 0}
    assert found.streamed == {"host": 6 * 700}
    assert found.figures["SAFE on host"] == found.figures[study.INT8]
    for name in ("model_int8.tflite", "scaler.json", "detector.json", "model.toml"):
        assert (tmp_path / "out" / "model" / name).is_file()
