"""`evaluate --detection --model DIR` leaves the figures there that a build is held to."""

import json

import numpy as np
import pytest

from host_tools import cli
from host_tools.data import scaling, window
from host_tools.data.table import Table
from host_tools.detection import quiet
from host_tools.detection.rule import Rule
from host_tools.formats import description
from host_tools.formats.description import Description
from host_tools.runtimes import adapter
from targets import detection_budget
from targets.errors import BudgetError
from tests.unit.host_tools.detection.plant import plant
from tests.unit.host_tools.evaluation.test_detection_study import _write

NAMES = ("a", "b", "c", "d")


@pytest.fixture
def home(tmp_path):
    """A product without a network, fitted to quiet rows."""
    rows = np.concatenate([plant(400, seed) for seed in range(20)]).astype(np.float32)
    segments = np.repeat(np.arange(20, dtype=np.int32), 400)
    table = Table("quiet", NAMES, ("",) * 4, rows, np.zeros(len(rows), np.uint8), segments)
    parts, rule = window.split(table), Rule()
    scaler = scaling.fit(parts.train, centre_rows=rule.learn_rows)
    made = quiet.fit(parts, adapter.without_network(scaler), None, rule, on_trial=False)
    folder = tmp_path / "pump"
    folder.mkdir()
    scaler.save(folder / "scaler.json")
    made.config.detector.save(folder / "detector.json")
    about = Description("pump", 30, 10, 1.0, 1, "csv", NAMES, ("",) * 4).without_network()
    (folder / "model.toml").write_text(about.text() + "\n[budget]\nf1 = 0.1\nmissed = 0\n")
    return folder


def test_the_last_evaluation_is_what_a_build_is_held_to(home, tmp_path, capsys):
    for seed in range(3):
        values = plant(700, seed)
        values[550:600, 1] += 0.5
        _write(tmp_path / "runs" / "valve", f"{seed}.csv", values, [0] * 550 + [1] * 50 + [0] * 100)
    words = ["evaluate", "--detection", str(tmp_path / "runs"), "--model", str(home)]
    assert detection_budget.check(home)[0].endswith("run " + detection_budget.EVALUATE)
    assert cli.main([*words, "--out", str(tmp_path / "out")]) == 0
    record = json.loads((home / detection_budget.FILE).read_text())
    told = json.loads((tmp_path / "out" / "detection.json").read_text())["methods"]
    figures = told["SAFE int8 chain"]
    assert [record[key] for key in ("f1", "missed", "quiet_alarm_share")] == [
        figures[key] for key in ("f1", "missed", "quiet_alarm_share")
    ]
    assert record["by"] == "evaluate --detection, 3 recordings, run by run"
    assert detection_budget.check(home) == []
    text = (home / "model.toml").read_text()
    (home / "model.toml").write_text(text.replace("f1 = 0.1", "f1 = 0.999"))
    assert description.load(home).detection == {"f1": 0.999, "missed": 0.0}
    with pytest.raises(BudgetError, match=r"f1 is .* less than the budget of 0\.999"):
        detection_budget.check(home)
    capsys.readouterr()
    build = ["build", "--target", "stm32f4", "--model", str(home), "--out", str(tmp_path / "b")]
    assert cli.main(build) == 23
    assert "last evaluation: evaluate --detection, 3 recordings" in capsys.readouterr().err
    assert not list((tmp_path / "b").rglob("*.elf"))
