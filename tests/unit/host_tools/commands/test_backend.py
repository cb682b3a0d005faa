"""Every verb that builds an image takes --backend, and an unknown one ends with one line."""

import argparse
from importlib import import_module
from pathlib import Path

import pytest

from host_tools import cli
from targets import build
from targets.errors import BackendUnknownError, ExitCode
from targets.options import Options

WITHOUT = {"new", "package", "perf"}
"""Verbs of SAFE's own kernels alone: a foreign runtime is not SAFE's to hand on."""
VERBS = sorted(
    path.stem
    for path in (build.ROOT / "host_tools" / "commands").glob("[a-z]*.py")
    if path.stem not in WITHOUT
)


def known(verb: str) -> set[str]:
    parser = argparse.ArgumentParser()
    import_module(f"host_tools.commands.{verb}").add_arguments(parser)
    return {name for action in parser._actions for name in action.option_strings}


@pytest.mark.parametrize("verb", VERBS)
def test_verbs_with_a_target_take_a_backend(verb: str) -> None:
    options = known(verb)
    assert ("--backend" in options) == ("--target" in options)


@pytest.mark.parametrize(
    "command",
    [
        ["size"],
        ["emulate"],
        ["count"],
        ["bench", "--emulate", "--windows", "1"],
        ["demo"],
        ["golden", "--emulate", "--windows", "1"],
        ["generate"],
        ["profile"],
    ],
    ids=lambda command: command[0],
)
def test_an_unknown_one(command: list[str], tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main([*command, "--backend", "nonsense"]) == ExitCode.USAGE
    message = capsys.readouterr().err
    known = ", ".join(build.backends())
    assert message == f"host_tools {command[0]}: unknown backend 'nonsense'; known are {known}\n"


def test_an_image_says_its_backend() -> None:
    assert "backend" not in Options().variables
    with pytest.raises(BackendUnknownError, match=r"'nativ'.*did you mean 'native'"):
        Options(backend="nativ")


def test_profile_names_the_verb_that_tells_operators_of_a_foreign_runtime(capsys) -> None:
    assert cli.main(["profile", "--backend", "tflm"]) == ExitCode.USAGE
    assert "count --backend native,tflm MODEL.tflite" in capsys.readouterr().err
