"""Build variables: what they change, what they must not, and every target at once."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from targets import build, every, load
from targets.errors import BuildError
from targets.options import BUILDS, LEVELS, Options

DEBUG = Options(debug=True)


def scons(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "SCons", "-Q", *arguments],
        cwd=build.ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def digests(folder):
    """Of the image."""
    names = ("bench.elf", "bench.bin", "bench.hex", "bench.map", "size.json")
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}


def image_folder(out, name):
    return out / "stm32f4" / "forecaster" / name


def test_defaults_are_the_flags_of_every_published_figure():
    assert Options().cflags == build.CFLAGS
    assert Options().ldflags == ()
    assert Options().suffix == ""


def test_each_choice_changes_its_flag_and_the_folder():
    assert "-O3" in Options("3").cflags
    assert "-O2" not in Options("3").cflags
    assert {"-Og", "-g3"} <= set(DEBUG.cflags)
    assert not {"-O2", "-g"} & set(DEBUG.cflags)
    assert "-flto" in Options(lto=True).cflags
    assert {"-flto", "-O2"} <= set(Options(lto=True).ldflags)
    made = [Options(level, lto) for level in LEVELS for lto in (False, True)]
    made += [DEBUG, Options(lto=True, debug=True)]
    assert len({options.suffix for options in made}) == len(made)


def test_debug_has_a_level_of_its_own():
    with pytest.raises(BuildError, match="build=debug means -Og: leave opt=3 out"):
        Options("3", debug=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["opt=9"], f"unknown opt '9'; known are {', '.join(LEVELS)}"),
        (["build=nope"], f"unknown build 'nope'; known are {', '.join(BUILDS)}"),
        (["lto=nope"], "Error converting option: 'lto' Invalid value for boolean variable: 'nope'"),
        (["build=debug", "opt=3"], "build=debug means -Og: leave opt=3 out"),
        (["target=all", "flash"], "target=all builds images only, not flash"),
    ],
)
def test_a_mistake_is_one_line(arguments, message, tmp_path):
    result = scons(*arguments, f"out={tmp_path}")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f"scons: {message}\n"
    assert list(tmp_path.iterdir()) == []


def test_help_lists_them():
    text = scons("--help").stdout
    for word in ("target: all, ", "opt: ", "lto: ", "build: one of: release, debug"):
        assert word in text


@pytest.mark.slow
def test_options_build_beside_the_release_image_and_leave_it_alone(tmp_path):
    def run(*arguments):
        result = scons("target=stm32f4", f"out={tmp_path}", *arguments)
        assert result.returncode == 0, result.stderr
        return [line for line in result.stdout.splitlines() if line.startswith("  ")]

    assert run()
    release = digests(image_folder(tmp_path, "native"))
    for choice, suffix in (("build=debug", "-debug"), ("opt=s", "-Os"), ("lto=1", "-lto")):
        folder = image_folder(tmp_path, f"native{suffix}")
        assert run(choice)
        first = digests(folder)
        assert first["bench.bin"] != release["bench.bin"]
        assert run(choice) == []
        run(choice, "-c")
        assert {p.name for p in folder.rglob("*") if p.is_file()} <= {"sconsign.dblite"}
        assert run(choice)
        assert digests(folder) == first
    assert run() == []
    assert digests(image_folder(tmp_path, "native")) == release


@pytest.fixture
def runs(monkeypatch):
    """The argument lists of the SCons runs that `build_all` starts; riscv-virt's fails."""
    started = []

    def run(command, cwd, check, **_):
        started.append((command[4:], cwd))
        return subprocess.CompletedProcess(command, 2 if "target=riscv-virt" in command else 0)

    monkeypatch.setattr(every.subprocess, "run", run)
    return started


def test_all_builds_each_target_where_scons_was_started(runs, monkeypatch, capsys):
    monkeypatch.setattr(build.shutil, "which", lambda program: program)
    assert every.build_all(["opt=3", "target=all"], Path("/there")) == 2
    assert runs == [
        (["opt=3", "target=all", f"target={name}"], Path("/there")) for name in load.available()
    ]
    told = capsys.readouterr()
    count = len(load.available()) - 1
    assert told.out.endswith(f"scons: {count} built, 0 skipped, 1 failed\n")
    assert told.err == "scons: failed: riscv-virt\n"


def test_a_missing_tool_is_told_and_no_failure(runs, monkeypatch, capsys):
    monkeypatch.setattr(
        build.shutil, "which", lambda program: None if program.startswith("riscv") else program
    )
    assert every.build_all(["target=all"], Path("/there")) == 0
    names = {arguments[-1].removeprefix("target=") for arguments, _ in runs}
    skipped = set(load.available()) - names
    assert {"ibex", "hifive1", "riscv-virt"} <= skipped
    out = capsys.readouterr().out
    for name in skipped:
        assert f"scons: {name}: skipped: riscv64-unknown-elf-gcc is not installed: apt-get" in out
