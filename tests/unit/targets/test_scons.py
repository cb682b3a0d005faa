"""The build as a user sees it: what it says of mistakes."""

import subprocess
import sys
from inspect import signature

import pytest

from codegen.options import GOALS
from codegen.pipeline import generate
from targets import build
from targets.errors import BuildError, ExitCode, OutputError
from targets.load import available
from targets.make import make

EXAMPLE = "scons target=stm32f4 model=forecaster"


def scons(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "SCons", "-Q", *arguments],
        cwd=build.ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("target=nope", "unknown target 'nope'; known are gd32vf103, hifive1, host, "),
        ("model=nope", "unknown model 'nope': neither a name under models/"),
        ("backend=nope", "unknown backend 'nope'; known are native"),
        ("optimize=nope", "unknown optimize 'nope'; known are balanced, speed, size"),
        (
            "app=nope",
            "unknown app 'nope': neither one of bench, detector, logger, mlperf nor a folder",
        ),
        ("modle=forecaster", "unknown variable 'modle'; known are target, model,"),
    ],
)
def test_a_mistake_is_one_line(argument, message, tmp_path):
    result = scons(argument, f"out={tmp_path}")
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"scons: {message}")
    assert result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("verbose=nope", "Error converting option: 'verbose' Invalid value for boolean variable"),
        ("streaming=2", "Error converting option: 'streaming' Invalid value for boolean variable"),
        ("flash_options='--runner", 'flash_options="\'--runner": no closing quotation'),
        ("out=", "out is empty: name a folder, or leave it out for build"),
        ("out=SConstruct", "SConstruct/stm32f4/forecaster/native: cannot be written: Not a dir"),
        ("target=", "unknown target ''; known are gd32vf103, hifive1, host, "),
        ("opt=", "unknown opt ''; known are 0, 1, 2, 3, s"),
    ],
)
def test_a_value_that_cannot_be_is_one_line(argument, message):
    result = scons(argument)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"scons: {message}")
    assert result.stderr.count("\n") == 1


def test_help_lists_everything():
    text = scons("--help").stdout
    names = (
        "target",
        "model",
        "backend",
        "app",
        "optimize",
        "streaming",
        "toolchain",
        "opt",
        "lto",
    )
    for name in (*names, "build", "out", "flash_options", "verbose"):
        assert f"\n{name}: " in text
    for word in (f"{EXAMPLE}\n", *available(), "native", "bench, detector", "gcc, clang"):
        assert word in text


def test_the_generator_knows_the_goals():
    assert set(build.GOALS) == set(GOALS)
    assert signature(generate).parameters["optimize"].default == build.GOALS[0]


def test_perf_is_a_command_of_its_own(tmp_path):
    result = scons("-n", "perf", f"out={tmp_path}")
    assert result.returncode == 0
    assert f"-m host_tools perf --out {tmp_path}/perf" in result.stdout
    assert "LINK" not in result.stdout


def test_python_gets_the_first_error(tmp_path):
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "model_int8.tflite").write_bytes(b"not a model")
    with pytest.raises(
        BuildError, match=r"scons target=stm32f4 model=.*broken: codegen: .*too short"
    ) as raised:
        make("stm32f4", str(folder), out=tmp_path / "out")
    assert raised.value.exit_code is ExitCode.MODEL_INVALID
    assert not list((tmp_path / "out").rglob("*.elf"))


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        make("stm32f4", "forecaster", out=tmp_path / "file")
