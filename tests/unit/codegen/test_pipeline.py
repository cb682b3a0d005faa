"""The whole generator: deterministic, nothing of this machine inside, and quick to say no."""

import json
import os
import re
import subprocess
import sys

import pytest

from codegen import command, pipeline
from targets.errors import ExitCode

TARGETS = ["host", "stm32f4"]


def read(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("standalone", [False, True])
@pytest.mark.parametrize("target", TARGETS)
def test_same_bytes_each_time(forecaster, tmp_path, target, standalone):
    folders = []
    for place in ("a", "other/b"):
        out = tmp_path / place
        pipeline.generate(
            forecaster / "model_int8.tflite",
            name="forecaster",
            out=out,
            target=target,
            scaler=forecaster / "scaler.json",
            detector=forecaster / "detector.json",
            standalone=standalone,
        )
        folders.append(read(out))
    assert folders[0] == folders[1]
    everything = b"".join(folders[0].values()).decode()
    for word in (str(tmp_path), os.uname().nodename, "/home", "/work", "/tmp"):
        assert word not in everything
    assert not re.search(r"\b20[2-9]\d-\d\d-\d\d\b", everything)


def test_same_bytes_under_another_hash_seed(models, tmp_path, root):
    outputs = []
    for seed in ("1", "2"):
        out = tmp_path / seed
        arguments = [models / "small.tflite", "--name", "small", "--out", out, "--standalone"]
        subprocess.run(
            [sys.executable, "-m", "codegen", *arguments],
            cwd=root,
            env=os.environ | {"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        )
        outputs.append(read(out))
    assert outputs[0] == outputs[1]


def test_manifest(forecaster, tmp_path):
    manifest = pipeline.generate(
        forecaster / "model_int8.tflite", name="forecaster", out=tmp_path, target="stm32f4"
    )
    assert manifest == json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["arena_bytes"] <= 3072
    assert manifest["macs"] == 1_134_080
    assert manifest["weight_bytes"] == 50_688 + 3 * 272 + 320 + 400
    assert manifest["constant_bytes"] <= 4096
    assert [o["index"] for o in manifest["operators"]] == [0, 1, 2, 3, 5, 6]
    assert manifest["inputs"][0]["shape"] == [1, 30, 16]
    assert all(s.startswith("sdk/src/kernel/dsp/") for s in manifest["kernel_sources"])
    assert len(manifest["kernel_sources"]) == 7
    assert set(manifest["files"]) == set(read(tmp_path)) - {"manifest.json"}


def run(capsys, *arguments):
    code = command.main([str(a) for a in arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_command(models, tmp_path, capsys):
    small = models / "small.tflite"
    code, out, err = run(capsys, small, "--name", "small", "--out", tmp_path / "o")
    assert (code, err) == (0, "")
    assert out.startswith("safe_small: 6 operators, 1326 MACs, arena 64 bytes")
    code, out, _ = run(capsys, small, "--name", "small", "--out", tmp_path / "o", "--json")
    assert json.loads(out)["name"] == "small"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["no.tflite", "--name", "m"], ExitCode.MODEL_INVALID),
        (["small_float.tflite", "--name", "m"], ExitCode.MODEL_UNSUPPORTED),
        (["small.tflite", "--name", "M!"], ExitCode.USAGE),
        (["small.tflite", "--name", "m", "--target", "abacus"], ExitCode.TARGET),
        (["small.tflite", "--name", "m", "--isa", "abacus"], ExitCode.TARGET),
    ],
)
def test_command_errors(models, tmp_path, capsys, arguments, code):
    arguments = [models / arguments[0], *arguments[1:]]
    found, out, err = run(capsys, *arguments, "--out", tmp_path / "o")
    assert (found, out) == (int(code), "")
    assert err.startswith("codegen: ")
    assert err.count("\n") == 1
    assert not (tmp_path / "o").exists()
    assert list(tmp_path.iterdir()) == []


def test_command_usage(models, tmp_path, capsys):
    small = str(models / "small.tflite")
    with pytest.raises(SystemExit) as caught:
        command.main([small, "--name", "m", "--out", str(tmp_path), "--scaler", "s.json"])
    assert caught.value.code == 2
    with pytest.raises(SystemExit) as caught:
        command.main(["--help"])
    assert caught.value.code == 0
    assert "--standalone" in capsys.readouterr().out
