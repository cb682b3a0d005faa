"""The demo on the emulated STM32F405: the figures of the report, and its bars."""

import json

import pytest

from host_tools import cli


@pytest.mark.emulator
def test_demo_on_the_emulated_board(tmp_path, capsys):
    code = cli.main(["demo", "--windows", "24", "--out", str(tmp_path)])
    assert code == 0, capsys.readouterr().err
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["mismatched_bytes"] == 0
    assert report["chain_mismatches"] == 0
    assert report["chain_samples"] == 600
    assert report["rmse_vs_float"] <= 0.03
    assert set(report["windows_by_kind"]) == {"in-distribution", "saturated", "random"}
    assert min(report["windows_by_kind"].values()) > 0
    names = {(pair["left"], pair["right"]) for pair in report["comparisons"]}
    assert ("device", "TFLM") in names
    assert ("device", "host C") in names
    assert ("device", "reference") in names
    counted = [row["instructions"] for row in report["operators"] if row["instructions"]]
    assert 0 < sum(counted) <= report["instructions_per_inference"]
    assert 0 < report["arena_bytes"] < report["static_ram_bytes"]
    assert 0 < report["model_bytes"] < report["flash_bytes"]
    assert 0 < report["stack_bytes"] < 8192


@pytest.mark.slow
@pytest.mark.emulator
def test_demo_sample_by_sample(tmp_path, capsys):
    code = cli.main(["demo", "--streaming", "--windows", "3", "--out", str(tmp_path)])
    assert code == 0, capsys.readouterr().err
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["exact"]
    assert "CONV_STREAM" in {row["kind"] for row in report["operators"]}
