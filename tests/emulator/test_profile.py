"""`host_tools profile`, as a user runs it."""

import json

import pytest

from host_tools.cli import main
from host_tools.perf import budget
from targets import build
from targets.emulate import verilator
from targets.errors import ExitCode
from tests.json_page import differences

pytestmark = pytest.mark.emulator


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_json_and_picture(capsys, tmp_path, suffix):
    picture = tmp_path / f"p.{suffix}"
    arguments = ["profile", "--windows", "2", "--picture", str(picture), "--json"]
    assert main(arguments) == 0
    facts = json.loads(capsys.readouterr().out)
    assert differences("profile", facts) == set()
    assert picture.stat().st_size > 1000
    counted = sum(row["instructions"] for row in facts["operators"])
    assert counted + facts["instructions_outside_operators"] >= facts["instructions"]
    assert 1.0 < facts["cycles_estimated"] / facts["instructions"] < 2.0
    assert "estimate" in facts["cycles_estimate"]
    for row in facts["operators"]:
        assert row["kernel"].startswith("safe_kernel_")
        if row["macs"]:
            assert row["instructions_per_mac"] == pytest.approx(
                row["instructions"] / row["macs"], abs=1e-4
            )


def test_a_core_without_a_table_has_no_estimate_of_cycles(capsys, tmp_path):
    model = build.ROOT / "models/forecaster/model_int8.tflite"
    arguments = ["--target", "mps2-m0plus", "--windows", "1", "--picture", str(tmp_path / "p.svg")]
    assert main(["profile", str(model), *arguments]) == 0
    text = capsys.readouterr().out
    assert "no estimate for this core" in text
    assert "outside of operators" in text


def test_the_estimate_of_riscv_is_near_the_cycles_of_the_rtl(capsys, tmp_path):
    """What a simulated Ibex took is the budget, which the tests of Ibex hold."""
    picture = ["--picture", str(tmp_path / "p.svg")]
    assert main(["profile", "--target", "riscv-virt", "--windows", "1", "--json", *picture]) == 0
    facts = json.loads(capsys.readouterr().out)
    exact = budget.load()["forecaster"]["ibex"]["balanced"]["cycles"]
    assert facts["cycles_estimated"] == pytest.approx(exact, rel=0.02)
    assert facts["cycles_uncertainty_percent"] == 3


@pytest.mark.skipif(not verilator.available(), reason="verilator or pythondata-cpu-ibex is missing")
def test_ibex_has_exact_cycles(capsys, tmp_path):
    picture = tmp_path / "p.svg"
    arguments = ["--target", "ibex", "--windows", "1", "--picture", str(picture)]
    assert main(["profile", *arguments, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    counted = sum(row["cycles"] for row in facts["operators"])
    assert counted + facts["cycles_outside_operators"] == facts["cycles"]
    assert 4_000_000 < facts["cycles"] < 5_000_000
    assert facts["cycles_estimated"] is None
    assert "cycles per MAC" in picture.read_text(encoding="utf-8")


def test_mistakes(capsys, tmp_path):
    assert main(["profile", "nope"]) == ExitCode.MODEL_INVALID
    assert main(["profile", "--target", "host"]) == ExitCode.EMULATOR
    assert main(["profile", "--picture", str(tmp_path / "p.gif"), "--windows", "1"]) != 0
    assert capsys.readouterr().err.count("\n") == 3
