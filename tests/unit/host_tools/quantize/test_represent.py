"""Choosing representative windows: scores, mix, determinism, bad input."""

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from host_tools import cli
from host_tools.data import csv, plant, scaling, table
from host_tools.errors import DataError
from host_tools.formats import npz, scaler
from host_tools.quantize import represent
from host_tools.quantize.represent import RepresentRequest

WINDOW, HORIZON = 8, 3
REQUEST = RepresentRequest(WINDOW, HORIZON, None, 100, 0.5, 1, 8.0)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("represent") / "plant.csv"
    lines = plant.csv_text(6, 2500).splitlines()
    keep = (0, 1, 4, 9, 17)
    rows = [",".join(line.split(",")[column] for column in keep) for line in lines]
    path.write_text("\n".join([rows[0] + ",mode", *(row + ",auto" for row in rows[1:])]) + "\n")
    return path


def run(log: Path, out: Path, *options: str) -> int:
    base = ["represent", "--csv", str(log), "--outdir", str(out), "--window", str(WINDOW),
            "--forecast", str(HORIZON), "--max_total", "100"]  # fmt: skip
    return cli.main([*base, *options])


def test_windows_are_those_of_the_file(log: Path, tmp_path: Path) -> None:
    assert run(log, tmp_path, "--balance", "0.4", "--seed", "7", "--nfeat", "3") == 0
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"rep_windows_balanced.npz", "rep_windows_balanced.json",
                     "rep_windows_balanced.png", "scaler.json"}  # fmt: skip
    windows = npz.windows(tmp_path / "rep_windows_balanced.npz", (WINDOW, 3))
    stored = np.load(tmp_path / "rep_windows_balanced.npz")
    assert windows.shape == (100, WINDOW, 3)
    found = csv.read(log)
    z = scaler.load(tmp_path / "scaler.json").clipped(found.samples)
    first = stored["first"]
    assert (np.diff(first) > 0).all()
    for index in range(100):
        rows = slice(first[index], first[index] + WINDOW + HORIZON)
        assert (found.segments[rows] == found.segments[first[index]]).all()
        assert not found.labels[rows].any()
        np.testing.assert_array_equal(windows[index], z[rows][:WINDOW])
        np.testing.assert_array_equal(stored["truth"][index], z[rows][WINDOW:])
    content = json.loads((tmp_path / "rep_windows_balanced.json").read_text())
    assert content["channels"] == ["pump_speed", "motor_temperature", "tank_level"]
    assert content["tail_chosen"] == stored["tail"].sum() == 40
    assert content["scores_chosen"]["max"] >= content["tail_threshold"]
    assert any('left out "mode": text' in notice for notice in content["notices"])


def test_deterministic_with_the_seed(log: Path, tmp_path: Path) -> None:
    for name, seed in (("one", "3"), ("two", "3"), ("three", "4")):
        assert run(log, tmp_path / name, "--seed", seed) == 0
    one, two, three = (
        (tmp_path / name / "rep_windows_balanced.npz").read_bytes()
        for name in ("one", "two", "three")
    )
    assert one == two
    assert one != three


def test_new_spellings_are_the_old_ones(log: Path, tmp_path: Path) -> None:
    assert run(log, tmp_path / "old") == 0
    options = ["represent", "--csv", str(log), "--out", str(tmp_path / "new"), "--window"]
    options += [str(WINDOW), "--horizon", str(HORIZON), "--max-total", "100"]
    assert cli.main(options) == 0
    old, new = ((tmp_path / n / "rep_windows_balanced.npz").read_bytes() for n in ("old", "new"))
    assert old == new


def test_persistence_score_is_its_definition() -> None:
    z = np.random.default_rng(1).normal(size=(60, 4)).astype(np.float32)
    first = np.arange(60 - WINDOW - HORIZON + 1)
    scores = represent.persistence_scores(z, first, WINDOW, HORIZON)
    for start in first.tolist():
        last, after = z[start + WINDOW - 1], z[start + WINDOW : start + WINDOW + HORIZON]
        expected = np.sqrt(np.mean((after - last) ** 2))
        assert scores[start] == pytest.approx(expected, rel=1e-5)


def test_balance_moves_windows_into_the_tail(log: Path) -> None:
    rows = csv.read(log)
    tails = [
        represent.represent(rows, replace(REQUEST, balance=balance)).tail
        for balance in (0.0, 0.25, 1.0)
    ]
    assert tails == [0, 25, 100]


def test_model_free_scoring_is_fast() -> None:
    z = np.random.default_rng(1).normal(size=(100_000, 16)).astype(np.float32)
    first = np.arange(100_000 - 40 + 1)
    best = float("inf")
    for _ in range(3):
        begin = time.process_time()
        represent.persistence_scores(z, first, 30, 10)
        best = min(best, time.process_time() - begin)
    # Processor time of the fastest of three: a busy machine does not count.
    assert len(first) / best > 50_000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--balance", "1.5"), "balance 1.5: must be 0 … 1"),
        (("--balance", "-0.1"), "must be 0 … 1"),
        (("--max-total", "100000"), "100000 windows asked"),
        (("--max-total", "0"), "at least 1"),
        (("--window", "0"), "at least 1"),
        (("--window", "5000"), "no window of 5003 rows"),
        (("--nfeat", "9"), "9 channels asked (--nfeat), the file has 3"),
        (("--clip", "0"), "must be above 0"),
        (("--seed", "-1"), "--seed -1"),
        (("--savedmodel", "nowhere"), "no such model"),
        (("--scaler", "nowhere.json"), "no such file"),
    ],
)
def test_bad_requests(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture, options: tuple, message: str
) -> None:
    assert run(log, tmp_path / "out", *options) == 10
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert message in error
    assert not (tmp_path / "out").exists()


def test_a_scaler_of_other_channels(log: Path, tmp_path: Path) -> None:
    other = table.Table(
        "x", ("a", "b"), ("", ""), np.eye(2, dtype=np.float32).repeat(3, 0),
        np.zeros(6, np.uint8), np.zeros(6, np.int32),
    )  # fmt: skip
    scaling.fit(other).save(tmp_path / "scaler.json")
    rows = csv.read(log)
    with pytest.raises(DataError, match="where the model has 2"):
        represent.represent(rows, replace(REQUEST, scaler=tmp_path / "scaler.json"))


def test_a_tflite_model_scores_and_another_shape_is_refused(root: Path, tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    folder = root / "models" / "forecaster"
    rows = plant.table(5, 900)
    request = RepresentRequest(30, 10, 16, 50, 0.5, 1, 8.0, folder / "model_float.tflite",
                      folder / "scaler.json")  # fmt: skip
    real = represent.represent(rows, request)
    int8 = represent.represent(rows, replace(request, model=folder / "model_int8.tflite"))
    free = represent.represent(rows, replace(request, model=None))
    assert real.kind == "model"
    assert np.abs(real.scores - int8.scores).max() < 0.1
    assert real.scores.mean() < free.scores.mean()
    with pytest.raises(DataError, match="input is 30 x 16, the data give 20 x 16"):
        represent.represent(rows, replace(request, window=20))
    broken = tmp_path / "broken.tflite"
    broken.write_bytes((folder / "model_float.tflite").read_bytes()[:500])
    with pytest.raises((DataError, represent.ConversionError), match=r"broken\.tflite"):
        represent.represent(rows, replace(request, model=broken))


@pytest.mark.slow
@pytest.mark.train
def test_a_saved_model_scores_in_batches(root: Path, log: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    import keras

    from host_tools.conversion.architecture import load_builder

    build = load_builder(root / "models" / "forecaster" / "architecture.py")
    size = {"conv_filters": 4, "lstm_units": 5}
    model = build(keras, channels=3, window=WINDOW, horizon=HORIZON, **size)
    model.save(tmp_path / "model.keras")
    model.export(str(tmp_path / "saved"), verbose=False)
    rows = csv.read(log)
    saved = represent.represent(rows, replace(REQUEST, model=tmp_path / "saved"))
    by_keras = represent.represent(rows, replace(REQUEST, model=tmp_path / "model.keras"))
    np.testing.assert_allclose(saved.scores, by_keras.scores, rtol=1e-3)
    z = saved.scaler.clipped(rows.samples)
    index = int(saved.all_first[17])
    forecast = np.asarray(model(z[None, index : index + WINDOW]))[0]
    truth = z[index + WINDOW : index + WINDOW + HORIZON]
    expected = np.sqrt(np.mean((forecast - truth) ** 2))
    assert saved.scores[17] == pytest.approx(expected, rel=1e-3)
    with pytest.raises(DataError, match="input is 8 x 3, the data give 9 x 3"):
        represent.represent(rows, replace(REQUEST, window=9, model=tmp_path / "saved"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="not a SavedModel"):
        represent.represent(rows, replace(REQUEST, model=tmp_path / "empty"))


def test_ctrl_c_ends_with_130_and_leaves_nothing(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(represent, "score", interrupt)
    assert run(log, tmp_path / "out") == 130
    assert not (tmp_path / "out").exists()


def test_an_output_that_cannot_be_written(log: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert run(log, tmp_path / "file" / "out") == 32


def test_a_full_disk_leaves_no_half_file(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert run(log, tmp_path) == 32
    assert not list(tmp_path.glob("*.npz")) + list(tmp_path.glob(".*"))
