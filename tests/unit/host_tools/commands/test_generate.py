"""`host_tools generate` and `python -m codegen`: one implementation, one set of options."""

import argparse
import json
import shutil

import pytest

from codegen import command
from host_tools import cli
from host_tools.commands import generate
from targets import build
from targets.errors import ExitCode

MODEL = build.ROOT / "models" / "forecaster"


def options(parser: argparse.ArgumentParser) -> dict[str, object]:
    return {
        action.option_strings[0]: (action.choices, action.type, type(action))
        for action in parser._actions
        if action.option_strings
    }


def test_both_offer_the_same():
    verb = argparse.ArgumentParser()
    generate.add_arguments(verb)
    own = {"--name", "--scaler", "--detector", "--description", "--out"}
    both = {k: v for k, v in options(command.build_parser()).items() if k not in own}
    assert both == {k: v for k, v in options(verb).items() if k not in {"--model", "--out"}}


def test_both_give_the_same_bytes(tmp_path, capsys):
    more = ["--target", "stm32f4", "--optimize", "size", "--json"]
    assert cli.main(["generate", "--out", str(tmp_path / "a"), *more]) == 0
    first = json.loads(capsys.readouterr().out)
    arguments = [str(MODEL / "model_int8.tflite"), "--name", "forecaster"]
    arguments += ["--scaler", str(MODEL / "scaler.json")]
    arguments += ["--detector", str(MODEL / "detector.json")]
    arguments += ["--description", str(MODEL / "model.toml")]
    assert command.main([*arguments, "--out", str(tmp_path / "b"), *more]) == 0
    assert json.loads(capsys.readouterr().out) == first
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


@pytest.mark.parametrize("key", ["ram_bytes", "flash_bytes"])
def test_the_budget_of_the_model_holds(tmp_path, capsys, key):
    folder = tmp_path / "model"
    shutil.copytree(MODEL, folder)
    (folder / "model.toml").write_text(f'name = "forecaster"\n[budget]\n{key} = 1000\n')
    out = tmp_path / "out"
    code = cli.main(["generate", "--model", str(folder), "--out", str(out)])
    assert code == ExitCode.BUDGET
    message = capsys.readouterr().err
    assert "more than the budget of 1000" in message
    assert message.count("\n") == 1
    assert not out.exists()


def test_plan_and_summary(tmp_path, capsys):
    out = tmp_path / "out"
    assert cli.main(["generate", "--out", str(out), "--plan"]) == 0
    printed = capsys.readouterr().out
    assert "safe_forecaster: 6 operators" in printed
    assert (out / "memory_plan.txt").read_text() in printed


def test_an_unknown_backend(tmp_path, capsys):
    out = tmp_path / "out"
    assert cli.main(["generate", "--out", str(out), "--backend", "nonsense"]) == ExitCode.USAGE
    assert "unknown backend 'nonsense'; known are native" in capsys.readouterr().err
