"""Limits of the detector in `[budget]`: falling short ends a build, not knowing is told."""

import json

import pytest

from host_tools.errors import DataError
from host_tools.formats import description, detector_evaluation
from targets import detection_budget
from targets.errors import BudgetError, BuildError, ExitCode

BASE = 'name = "m"\nwindow = 30\nhorizon = 10\nrate_hz = 1.0\nseed = 1\nsource = "csv"\n'


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "detector.json").write_text("{}")
    return tmp_path


def limit(folder, text):
    (folder / "model.toml").write_text(f"{BASE}\n[budget]\n{text}\n")


def evaluated(folder, **figures):
    figures = {"quiet_alarm_share": None} | figures
    detector_evaluation.write(folder, "{}", "the test", **figures)


@pytest.mark.parametrize(
    ("text", "figures", "words"),
    [
        ("quiet_alarm_share = 5", {"quiet_alarm_share": 5.0}, None),
        ("quiet_alarm_share = 5", {"quiet_alarm_share": 5.1}, "5.1%, more than the budget of 5%"),
        ("f1 = 0.85", {"f1": 0.85}, None),
        ("f1 = 0.85", {"f1": 0.849}, "f1 is 0.849, less than the budget of 0.85"),
        ("missed = 0", {"missed": 0}, None),
        ("missed = 0", {"missed": 1}, "missed is 1, more than the budget of 0"),
        ("f1 = 0.9\nmissed = 0", {"f1": 0.8, "missed": 2}, "f1 is 0.8.*; missed is 2"),
    ],
)
def test_a_figure_at_its_limit_is_good(folder, text, figures, words):
    limit(folder, text)
    evaluated(folder, **figures)
    if words is None:
        assert detection_budget.check(folder) == []
        return
    with pytest.raises(BudgetError, match=words) as told:
        detection_budget.check(folder)
    assert "last evaluation: the test" in str(told.value)
    assert told.value.exit_code == ExitCode.BUDGET


def test_what_is_not_known_is_told(folder):
    assert detection_budget.check(folder) == []
    limit(folder, "flash_bytes = 1000")
    assert detection_budget.check(folder) == []
    limit(folder, "f1 = 0.8\nquiet_alarm_share = 5")
    (line,) = detection_budget.check(folder)
    assert "the detector was not evaluated: run `host_tools evaluate --detection" in line
    evaluated(folder, quiet_alarm_share=1.0)
    (line,) = detection_budget.check(folder)
    assert "budget of f1: the test does not tell" in line
    evaluated(folder, quiet_alarm_share=9.0, f1=0.1)
    (folder / "detector.json").write_text("{} ")
    (line,) = detection_budget.check(folder)
    assert "the last evaluation (the test) is of another detector.json" in line


@pytest.mark.parametrize("text", ["f1 = 1.5", "missed = -1", 'f1 = "good"', "missed = true"])
def test_a_limit_out_of_range_is_refused(folder, text):
    limit(folder, text)
    with pytest.raises(BuildError, match=r"budget\.(f1|missed) is .*, expected 0 to"):
        detection_budget.check(folder)
    with pytest.raises(DataError, match=r"budget\.(f1|missed) is"):
        description.load(folder)


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 2}', '{"version": 1, "f1": "x"}'])
def test_a_damaged_record_is_refused(folder, text):
    limit(folder, "f1 = 0.8")
    (folder / detection_budget.FILE).write_text(text)
    with pytest.raises(BuildError, match="host_tools evaluate"):
        detection_budget.check(folder)


def test_a_description_keeps_its_limits(folder):
    limit(folder, "flash_bytes = 1000\nf1 = 0.8\nmissed = 0")
    found = description.load(folder)
    assert (found.budget, found.detection) == ({"flash_bytes": 1000}, {"f1": 0.8, "missed": 0.0})
    (folder / "model.toml").write_text(found.text())
    assert description.load(folder) == found


def test_the_record_is_plain(folder):
    evaluated(folder, f1=0.5, missed=3, quiet_alarm_share=2.0)
    content = json.loads((folder / detection_budget.FILE).read_text())
    assert content["version"] == detection_budget.VERSION
    assert (content["f1"], content["missed"], content["quiet_alarm_share"]) == (0.5, 3, 2.0)
