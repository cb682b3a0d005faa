"""The build as a user sees it: messages, exact rebuilds, identical bytes."""

import hashlib
import os
import shutil
import subprocess
import sys

import pytest

from targets import build
from targets.errors import BuildError, ExitCode, OutputError
from targets.make import make

ROOMS = ("codegen", "targets", "sdk", "site_scons")


def scons(*arguments, root=build.ROOT):
    return subprocess.run(
        [sys.executable, "-m", "SCons", "-Q", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("target=nope", "unknown target 'nope'; known are hifive1, host, "),
        ("model=nope", "unknown model 'nope': neither a name under models/"),
        ("backend=nope", "unknown backend 'nope'; known are native"),
        ("app=nope", "unknown app 'nope'; known are bench, detector"),
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


def test_help_lists_everything():
    text = scons("--help").stdout
    for word in ("scons target=stm32f4 model=forecaster", "host", "native", "bench, detector"):
        assert word in text


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


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of what the build reads, so that a test may touch and edit it."""
    root = tmp_path_factory.mktemp("copy")
    for room in ROOMS:
        shutil.copytree(
            build.ROOT / room, root / room, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copytree(build.ROOT / "models/forecaster", root / "models/forecaster")
    shutil.copy(build.ROOT / "SConstruct", root)
    result = scons("target=stm32f4", "model=forecaster", root=root)
    assert result.returncode == 0, result.stderr
    assert "flash " in result.stdout
    return root


def edit(path, text):
    """Write a file as later than before: SCons tells times apart by whole seconds."""
    later = path.stat().st_mtime + 2
    path.write_text(text)
    os.utime(path, (later, later))


def folder(root):
    return root / "build/stm32f4/forecaster/native"


def digests(root):
    names = ("bench.elf", "bench.bin", "bench.hex", "bench.map", "size.json")
    return {n: hashlib.sha256((folder(root) / n).read_bytes()).hexdigest() for n in names}


def worked(result):
    assert result.returncode == 0, result.stderr
    return [line for line in result.stdout.splitlines() if line.startswith("  ")]


def test_nothing_to_do(copy):
    assert worked(scons(root=copy)) == []


def test_touch_rebuilds_nothing(copy):
    for path in [
        *copy.glob("sdk/**/*.[ch]"),
        *copy.glob("codegen/**/*"),
        *copy.glob("models/**/*"),
    ]:
        os.utime(path)
    assert worked(scons(root=copy)) == []


def test_an_edited_generator_runs_again_and_unchanged_text_compiles_nothing(copy):
    path = copy / "codegen/emit/linker.py"
    edit(path, path.read_text() + "\n# an edit\n")
    steps = worked(scons(root=copy))
    assert any("GEN" in step for step in steps)
    assert not any("CC" in step or "LINK" in step for step in steps)


def test_an_edited_description_reaches_the_image(copy):
    path = copy / "targets/stm32f4.toml"
    text = path.read_text()
    before = digests(copy)
    edit(path, text.replace("baud = 115200", "baud = 57600"))
    assert any("uart.o" in step for step in worked(scons(root=copy)))
    assert digests(copy)["bench.bin"] != before["bench.bin"]
    edit(path, text)
    worked(scons(root=copy))
    assert digests(copy) == before


def test_clean_rebuild_elsewhere_is_identical(copy, tmp_path):
    before = digests(copy)
    other = tmp_path / "a longer name of a folder"
    shutil.copytree(copy, other, ignore=shutil.ignore_patterns("build", "__pycache__"))
    worked(scons(root=other))
    assert digests(other) == before
    for name in ("bench.elf", "bench.map"):
        assert str(tmp_path).encode() not in (folder(other) / name).read_bytes()


def test_clean_leaves_only_the_database(copy, tmp_path):
    other = tmp_path / "clean"
    shutil.copytree(copy, other)
    worked(scons("-c", root=other))
    left = {p.name for p in (other / "build").rglob("*") if p.is_file()}
    assert left <= {"sconsign.dblite"}


def test_budget_fails_the_build_with_the_numbers(copy, tmp_path):
    other = tmp_path / "budget"
    shutil.copytree(copy, other)
    path = other / "models/forecaster/model.toml"
    text = path.read_text()
    edit(path, text.split("[budget]")[0] + "\n[budget]\nflash_bytes = 56000\n")
    result = scons(root=other)
    assert result.returncode == 2
    assert "more than the budget of 56000 in" in result.stderr
    assert not (folder(other) / "size.json").exists()


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        make("stm32f4", "forecaster", out=tmp_path / "file")
