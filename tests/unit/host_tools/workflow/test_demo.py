"""The demo end to end on the host target, and what it does when device and host differ."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from host_tools import cli
from host_tools.errors import DifferentError
from host_tools.workflow import count
from host_tools.workflow import report as reports
from targets.errors import ExitCode

ROOT = Path(__file__).resolve().parents[4]


def test_demo_on_the_host_target(tmp_path, capsys):
    code = cli.main(["demo", "--target", "host", "--windows", "16", "--out", str(tmp_path)])
    output = capsys.readouterr().out
    assert code == ExitCode.OK
    assert "IDENTICAL to the last bit" in output
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["exact"] is True
    assert report["windows"] == 16
    assert report["chain_samples"] == 600
    assert report["instructions_per_inference"] is None
    assert report["alarms"] > 0
    assert "<svg" in (tmp_path / "report.html").read_text()
    assert not list(tmp_path.glob(".*"))


def test_a_different_device_ends_with_50_after_the_report(tmp_path, monkeypatch, capsys):
    honest = reports.device_run

    def lying(result, golden):
        run = honest(result, golden)
        run.outputs[3, 2, 1] ^= 1
        return run

    monkeypatch.setattr(reports, "device_run", lying)
    code = cli.main(["demo", "--target", "host", "--windows", "16", "--out", str(tmp_path)])
    assert code == ExitCode.DIFFERENT
    assert "1 output bytes (at most 1 LSB)" in capsys.readouterr().err
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["mismatched_bytes"], report["max_lsb"]) == (1, 1)
    assert "DIFFERENT" in (tmp_path / "report.html").read_text()


def test_chain_difference_is_told(tmp_path):
    summary = SimpleNamespace(
        agrees=False, rounding=None, mismatched_bytes=0, max_lsb=0, chain_mismatches=2
    )
    with pytest.raises(DifferentError, match=r"2 chain records; see .*report\.html"):
        reports.require_agreement(summary, tmp_path / "report.html")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--model", "nosuch"], ExitCode.MODEL_INVALID, "nosuch"),
        (["--target", "nosuch"], ExitCode.TARGET, "nosuch"),
        (["--windows", "100000"], ExitCode.DATA, "ask for fewer"),
        (["--csv", "nosuch.csv"], ExitCode.DATA, "nosuch.csv"),
    ],
)
def test_bad_arguments_have_their_own_exit_code(tmp_path, capsys, arguments, code, message):
    assert cli.main(["demo", "--out", str(tmp_path), *arguments]) == code
    errors = capsys.readouterr().err
    assert message in errors
    assert not (tmp_path / "report.json").exists()


def test_operator_costs_keep_the_manifest_index():
    manifest = {"operators": [{"index": 3, "kind": "K", "name": "n", "macs": 7}]}
    (cost,) = count.operator_costs(manifest, None)
    assert (cost.index, cost.kind, cost.macs, cost.instructions) == (3, "K", 7, None)
    assert replace(cost, instructions=5).instructions == 5


def test_help_of_every_verb_starts():
    done = subprocess.run(
        [sys.executable, "-m", "host_tools", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for verb in ("train", "generate", "bench", "emulate", "count", "demo"):
        assert f"\n    {verb} " in done.stdout


def test_generate_writes_a_folder_that_compiles(tmp_path, capsys):
    out = tmp_path / "gen"
    assert cli.main(["generate", "--target", "host", "--standalone", "--out", str(out)]) == 0
    assert "arena" in capsys.readouterr().out
    sources = [*map(str, out.glob("*.c")), str(out / "example" / "main.c")]
    command = ["cc", "-std=c99", f"-I{out}", *sources, "-o", str(tmp_path / "x")]
    subprocess.run(command, check=True)
    sample = " ".join(["1"] * 16)
    printed = subprocess.run(
        [tmp_path / "x"], input=f"{sample}\n{sample}\n", capture_output=True, text=True, check=True
    ).stdout
    assert len(printed.splitlines()) == 2
