"""Training from end to end, small; needs TensorFlow."""

import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codegen import reference
from codegen.frontend import tflite
from host_tools import cli
from host_tools.conversion import worker
from host_tools.data import plant, scaling
from host_tools.detection import replay
from host_tools.errors import ConversionError
from host_tools.formats import description, npz, scaler
from host_tools.training import pipeline, settings

TOML = """name = "small"
window = 8
horizon = 3
rate_hz = 1.0
seed = 5
source = "plant"
[architecture]
conv_filters = 4
conv_kernel = 3
lstm_units = 6
"""


@pytest.fixture(scope="module")
def csv_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "plant.csv"
    lines = plant.csv_text(3, 4200).splitlines()
    # Six of sixteen channels, so that the network must follow the file.
    keep = (0, 1, 4, 8, 9, 12, 13, 17)
    path.write_text(
        "\n".join(";".join(line.split(",")[column] for column in keep) for line in lines) + "\n"
    )
    return path


@pytest.fixture(scope="module")
def home(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    (folder / "model.toml").write_text(TOML)
    shutil.copy(root / "models" / "forecaster" / "architecture.py", folder)
    return folder


def train(home: Path, out: Path, *options: str) -> int:
    fixed = ["train", "--model", str(home), "--out", str(out), "--epochs", "2"]
    fixed += ["--max-quiet-alarms", "100"]
    return cli.main([*fixed, *([] if "--exports" in options else ["--no-exports"]), *options])


@pytest.fixture(scope="module")
def trained(home: Path, csv_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("TensorFlow is not installed (extra `train`)")
    out = tmp_path_factory.mktemp("out") / "model"
    assert train(home, out, "--csv", str(csv_file), "--exports") == 0
    return out


@pytest.mark.train
def test_every_artifact_is_written(trained: Path) -> None:
    expected = sorted([*settings.ARTIFACTS, settings.EXPORTS, "detector.html"])
    assert sorted(path.name for path in trained.iterdir()) == expected
    found = description.load(trained)
    assert found.name == "small"
    assert found.source == "csv"
    assert found.channels == ("pump_speed", "motor_temperature", "flow", "tank_level",
                              "hot_inlet_temperature", "hot_outlet_temperature")  # fmt: skip


@pytest.mark.train
def test_the_network_is_exported(trained: Path) -> None:
    exports = trained / settings.EXPORTS
    assert {path.name for path in exports.iterdir()} == {
        "model.keras", "saved_model", "saved_model_unrolled", "model_float.tflite",
        "export.json", "rep_windows.npz", "training_curve.svg",
    }  # fmt: skip
    found = json.loads((exports / "export.json").read_text())
    assert all(form["max"] < 1e-5 for form in found["forms"].values())
    assert found["window"] == [8, 6]
    assert found["forecast"] == [3, 6]
    assert npz.windows(exports / "rep_windows.npz", (8, 6)).shape == (500, 8, 6)
    assert "</svg>" in (exports / "training_curve.svg").read_text()


@pytest.mark.train
def test_scaler_is_of_the_training_rows(trained: Path, csv_file: Path) -> None:
    from host_tools.data import csv, window

    table = csv.read(csv_file)
    made = scaling.fit(window.split(table).train)
    read = scaler.load(trained / "scaler.json")
    assert np.array_equal(read.mean, made.mean)
    assert np.array_equal(read.inv_std, made.inv_std)


@pytest.mark.train
def test_golden_holds_what_the_contract_says(trained: Path) -> None:
    g = np.load(trained / "golden.npz")
    graph = tflite.load(trained / "model_int8.tflite", "small")
    (outputs,) = reference.run(graph, [g["windows"][:, None]])
    assert np.array_equal(outputs[:, 0], g["outputs"])
    assert g["windows"].shape == (256, 8, 6)
    assert (g["kinds"] == 0).sum() >= 128
    assert g["samples"].shape == (600, 6)
    usual = g["kinds"] == 0
    quantized = replay.load(trained).adapter.quantize(g["float_inputs"][usual])
    assert np.array_equal(quantized, g["windows"][usual])
    assert np.isfinite(g["truth"][usual]).all()
    assert np.isnan(g["truth"][~usual]).all()


@pytest.mark.train
def test_again_from_the_seed(trained: Path, home: Path, csv_file: Path, tmp_path: Path) -> None:
    assert train(home, tmp_path / "again", "--csv", str(csv_file)) == 0
    for name in settings.ARTIFACTS:
        assert (tmp_path / "again" / name).read_bytes() == (trained / name).read_bytes(), name


@pytest.fixture
def without_training(root: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Let `train` end at once with the shipped model's figures, which a test may change."""
    text = (root / "models" / "forecaster" / "training.json").read_text()
    figures: dict[str, Any] = {"injected_faults": None, "network_adds": None, **json.loads(text)}
    done = pipeline.TrainedModel(root, figures, {})
    monkeypatch.setattr(pipeline, "train", lambda *_, **__: done)
    return figures


@pytest.mark.parametrize(("change", "said"), [({}, "agree"), ({"canonical_sha256": "0"}, "differ")])
def test_says_whether_it_agrees(
    without_training: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    change: dict[str, str],
    said: str,
    tmp_path: Path,
) -> None:
    without_training.update(change)
    out = ["--out", str(tmp_path)]
    assert cli.main(["train", "--model", "forecaster", "--no-exports", *out]) == 0
    assert f"canonical tensors {said}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--window", "4000"), "the train part"),
        (("--csv", "absent.csv"), "no such file"),
        (("--clip", "0"), "--clip"),
        (("--epochs", "0"), "--epochs"),
        (("--seed", "-1"), "--seed"),
        (("--name", "Pump 2"), "--name 'Pump 2': must be a lower-case C identifier"),
    ],
)
def test_bad_requests(
    home: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    said: str,
) -> None:
    out = tmp_path / "out"
    assert train(home, out, *options) == 10
    assert said in capsys.readouterr().err
    assert not out.exists() or not list(out.iterdir())


def test_too_few_rows_for_a_training(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "short.csv"
    path.write_text("time,a,b\n" + "".join(f"{s},{s},{s % 7}\n" for s in range(300)))
    assert train(home, tmp_path / "out", "--csv", str(path)) == 10
    assert "windows of 11 rows" in capsys.readouterr().err


@pytest.mark.parametrize("error", [ConversionError("refused"), KeyboardInterrupt()])
def test_a_failed_training_leaves_the_old_model(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def refuse(*_: object) -> None:
        raise error

    out = tmp_path / "model"
    shutil.copytree(home, out)
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    monkeypatch.setattr(worker, "run", refuse)
    assert train(home, out) == (12 if isinstance(error, ConversionError) else 130)
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()} == before
    assert not list(out.glob(".safe-*"))


@pytest.mark.train
def test_record_names_what_it_was_trained_with(trained: Path) -> None:
    figures = json.loads((trained / "training.json").read_text())
    assert figures["seed"] == 5
    assert "tensorflow" in figures["versions"]
    assert figures["rmse_int8_vs_float"] < 0.03
