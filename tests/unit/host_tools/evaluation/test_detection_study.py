"""The study on synthetic runs: what it reads, and what it leaves."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from host_tools.data import runs, scaling, window
from host_tools.errors import DataError
from host_tools.evaluation import detection_study as study
from host_tools.evaluation import regimes
from host_tools.evaluation.runs_training import training_parts
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
    found = runs.load(tmp_path, 401)
    assert [run.name for run in found.labelled] == ["valve/2", "valve/10"]
    assert [run.name for run in found.quiet] == ["anomaly-free/x"]
    parts = training_parts(found, 400)
    assert (len(parts.train), len(parts.validation)) == (2 * 400, 400)
    assert len(set(parts.train.segments.tolist())) == 2
    assert parts.train.names == ("a", "b", "c", "d")


def test_labelled_rows_among_the_first_never_train(tmp_path):
    for number in range(1, 5):
        labels = np.zeros(450, int)
        labels[440:] = 1
        labels[100:250] = number == 2
        _write(tmp_path / "valve", f"{number}.csv", plant(450, number), labels)
    found = runs.load(tmp_path, 401)
    parts = training_parts(found, 400)
    assert int(parts.train.labels.sum()) + int(parts.validation.labels.sum()) == 150
    for part in (parts.train, parts.validation):
        starts = window.starts(part, 40, quiet_only=True)
        assert len(starts)
        assert not any(part.labels[i : i + 40].any() for i in starts)
    wild = runs.load(tmp_path, 401)
    second = next(run for run in wild.labelled if run.name == "valve/2")
    second.values[100:250] += 1e3
    for one, other in zip(training_parts(wild, 400).train.samples.T, parts.train.samples.T,
                          strict=True):  # fmt: skip
        assert (one != other).sum() == 150
    fits = [scaling.fit(one.train) for one in (parts, training_parts(wild, 400))]
    assert fits[0].mean.tobytes() == fits[1].mean.tobytes()
    assert fits[0].std.tobytes() == fits[1].std.tobytes()


def test_half_seconds_without_a_fraction_are_half_seconds(tmp_path):
    for number in (1, 2, 3):
        rows = ["timestamp,temp,press,anomaly"]
        for i in range(450):
            at = datetime(2024, 3, 20) + timedelta(seconds=i / 2)
            rows.append(f"{at},{20 + (i * number) % 7},{4 + (i * number) % 5},{int(i > 430)}")
        (tmp_path / f"{number}.csv").write_text("\n".join(rows) + "\n")
    found = runs.load(tmp_path, 401)
    assert len(found.labelled) == 3
    assert set(np.diff(found.labelled[0].seconds)) == {0.5}
    assert training_parts(found, 400).train.rate_hz == 2.0


def test_runs_of_a_day_are_joined_without_what_overlaps():
    def run(name, start, rows):
        values = np.full((rows, 2), start, float)
        return runs.Recording(name, values, np.zeros(rows, int), np.arange(rows) * 1.0, start)

    day = 86400.0 * 20_000
    found = runs.Runs((run("b/2", day + 8, 10), run("b/1", day, 10), run("b/3", day + 90000, 5)),
                      (), ("x", "y"))  # fmt: skip
    first, second = found.days()
    assert (first.name, second.name) == ("2024-10-04/stream", "2024-10-05/stream")
    assert first.seconds.tolist() == [*range(10), *range(10, 18)]
    assert len(second.values) == 5


def test_constant_channels_are_left_out_and_named():
    values = np.random.default_rng(0).normal(size=(50, 3))
    values[:20, 1] = 7
    run = runs.Recording("a/1", values, np.zeros(50, int), np.arange(50.0), 0.0)
    found, dropped = runs.Runs((run,), (), ("x", "y", "z")).varying(20)
    assert (found.channels, dropped) == (("x", "z"), ["y"])
    assert found.labelled[0].values.shape == (50, 2)


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
        training_parts(runs.load(tmp_path, 401), 400)


def test_regimes_are_compared_on_the_same_rows(tmp_path):
    """Two loads in all runs."""
    for seed in range(6):
        values = plant(700, seed)
        values[np.arange(700) // 50 % 2 == 1, 2] += 3
        values[550:600, 1] += 0.5
        _write(tmp_path / "valve", f"{seed}.csv", values, [0] * 550 + [1] * 50 + [0] * 100)
    found = runs.load(tmp_path, 401)
    one, two = regimes.compare(found, found.labelled, 400, 2).items()
    assert (one[0], two[0]) == ("training baseline, 1 regime", "training baseline, 2 regimes")
    assert np.isfinite([one[1].auc_pr, two[1].auc_pr]).all()
    assert two[1].auc_pr != one[1].auc_pr


@pytest.mark.train
@pytest.mark.slow
def test_study_finds_a_step_in_every_run(tmp_path):
    for seed in range(6):
        values = plant(700, seed)
        values[550:600, 1] += 0.5
        _write(tmp_path / "valve", f"{seed}.csv", values, [0] * 550 + [1] * 50 + [0] * 100)
    architecture = Path(__file__).parents[4] / "models/forecaster/architecture.py"
    options = study.Options(epochs=1, regimes=2)
    found = study.study(runs.load(tmp_path, 401), architecture, tmp_path / "out", print, options)
    assert found.figures[study.INT8].f1 > found.figures["persistence"].f1
    assert found.figures[study.INT8].missed == 0
    assert found.differing == {"host": 0}
    assert "training baseline, 2 regimes" in found.figures
    assert found.streamed == {"host": 6 * 700}
    assert found.figures["SAFE on host"] == found.figures[study.INT8]
    model = tmp_path / "out" / "model"
    again = study.study(
        runs.load(tmp_path, 401), architecture, tmp_path / "b", print, study.Options(model=model)
    )
    assert again.figures[study.INT8] == found.figures[study.INT8]
    assert again.train_windows == 0
    fields = found.fields()["methods"][study.INT8]
    assert {"f1", "quiet_alarm_share", "episodes_per_quiet_day", "far_before", "far_after",
            "no_verdict_share"} <= set(fields)  # fmt: skip
    for name in ("model_int8.tflite", "scaler.json", "detector.json", "model.toml"):
        assert (tmp_path / "out" / "model" / name).is_file()
