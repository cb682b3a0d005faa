"""`fit`: what it refuses, and that it leaves the network alone."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from host_tools import cli
from host_tools.detection import quiet as detection
from host_tools.detection import trials
from host_tools.formats import detector
from host_tools.runtimes import adapter, tflm
from targets import detection_budget
from targets.errors import ExitCode


@pytest.fixture
def home(root: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(root / "models" / "forecaster", tmp_path / "model"))


@pytest.mark.parametrize("rows", ["-1", "50"])
def test_learn_rows_out_of_range(home: Path, capsys: pytest.CaptureFixture[str], rows: str) -> None:
    assert cli.main(["fit", "--model", str(home), "--learn-rows", rows]) != 0
    assert f"--learn-rows {rows}: must be 0, or 100 to" in capsys.readouterr().err


def test_model_of_a_file_needs_the_file(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (home / "model.toml").read_text().replace('source = "plant"', 'source = "csv"')
    (home / "model.toml").write_text(text)
    assert cli.main(["fit", "--model", str(home)]) != 0
    assert "--csv" in capsys.readouterr().err


def test_an_older_detector_is_fitted_again(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, model = home / detector.FILE, (home / "model_int8.tflite").read_bytes()
    path.write_text(json.dumps({"version": 1, "weights": [1.0] * 16}))
    made = {"level_channels": ["flow"], "residual_channels": [], "drift_channels": []}
    made |= {"held_out_residual_power": 2.5, "quiet_alarm_share": 1.5, "quiet_notice_share": 2.0}
    made |= {"episodes_per_quiet_day": 3.0, "baseline": "training"}
    made |= {"injected_faults": None, "network_adds": None, "notice": 2.0, "median_channels": []}
    counts = {"events": 0, "detected": 0, "false_alarms": 0, "quiet_rows": 9, "false_rows": 0}
    made |= {"detection_validation": counts, "detection_test": counts}
    monkeypatch.setattr(detection, "figures", lambda *_: made)
    monkeypatch.setattr(detection, "DEPLOYMENT_ROWS", 400)
    monkeypatch.setattr(detection, "HELD_ROWS", 400)
    monkeypatch.setattr(trials, "WINDOWS", 1)
    monkeypatch.setattr(trials, "STEPS", (5.0,))
    forecast, known = tflm.forecast, {}

    def remembered(file: Path, windows: np.ndarray) -> np.ndarray:  # three fits on the same rows
        key = hashlib.sha256(windows.tobytes()).digest()
        if key not in known:
            known[key] = forecast(file, windows)
        return known[key]

    monkeypatch.setattr(tflm, "forecast", remembered)
    fit = ["fit", "--model", str(home), "--baseline", "training"]
    assert cli.main([*fit, "--max-quiet-alarms", "1"]) == ExitCode.DETECTOR_REFUSED
    said = capsys.readouterr().err
    assert "in alarm 1.5% of the quiet time" in said
    assert "--baseline learned" in said
    assert json.loads(path.read_text())["version"] == 1
    assert (home / "detector.refused.json").is_file()
    assert "not installed" in (home / "detector.html").read_text()
    about = home / "model.toml"
    before = about.read_text()
    about.write_text(before + "\n[budget]\nquiet_alarm_share = 1.4\n")
    assert cli.main(fit) == ExitCode.BUDGET
    assert "quiet_alarm_share is 1.5%, more than the budget of 1.4%" in capsys.readouterr().err
    assert json.loads(path.read_text())["version"] == 1
    about.write_text(before + "\n[budget]\nquiet_alarm_share = 1.5\n")
    assert cli.main(fit) == 0
    assert detection_budget.check(home) == []
    evaluated = json.loads((home / detection_budget.FILE).read_text())
    assert evaluated["quiet_alarm_share"] == 1.5
    assert evaluated["f1"] is None
    assert not (home / "detector.refused.json").exists()
    found = detector.load(path, adapter.load(home).channels)
    assert found.learn_samples == found.change_samples == 0
    assert np.isfinite(found.residual.factor).all()
    record = json.loads((home / "training.json").read_text())
    assert record["level_channels"] == ["flow"]
    assert record["canonical_sha256"]
    assert (home / "model_int8.tflite").read_bytes() == model
    said = capsys.readouterr().err
    assert "scored by level: flow" in said
    assert "warning: the forecast error is 2.5 times as strong" in said
