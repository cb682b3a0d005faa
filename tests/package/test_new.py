"""`host_tools new`: a project of each style builds without a warning and runs in the emulator."""

import re
import sys
import zlib

import numpy as np
import pytest

from host_tools import cli
from host_tools.detection import replay
from host_tools.project import recording
from host_tools.runtimes import host_c
from targets.build import runtime_version
from tests.conftest import ROOT
from tests.package.conftest import active, done, run

MODEL = ROOT / "models" / "forecaster"
END = "the recording ends"
SHOW = ("--show", "--until", END, "--seconds", "60")


@pytest.fixture(scope="module")
def checksum(tmp_path_factory):
    """What the specification in Python says that every board must print."""
    config = replay.load(MODEL)
    host = host_c.compile_model(MODEL, tmp_path_factory.mktemp("host"))
    rows = np.array(
        [
            [np.float32(v.rstrip("f").replace("NAN", "nan")) for v in row]
            for row in recording.rows(MODEL)
        ]
    )
    records = replay.run_chain(config, rows, host.run)
    data = b"".join(
        bytes([record["state"]]) + record["score"].astype("<f4").tobytes() for record in records
    )
    return zlib.crc32(data)


def new(folder, *words):
    """Make a project in `folder`; return it."""
    done(run([sys.executable, "-m", "host_tools", "new", "my-product", *words], folder))
    return folder / "my-product"


def shown(project, *words):
    """Return what the image says in the emulator."""
    return done(run([sys.executable, "-m", "host_tools", "emulate", *words, *SHOW], project))


def check(said, checksum):
    assert f"my-product: model forecaster, SAFE {runtime_version()}\n" in said
    assert re.search(r"^sample \d+: ok, score \d+$", said, re.MULTILINE)
    assert re.search(r"^sample \d+: alarm, score \d+ .*tank_level", said, re.MULTILINE)
    assert f"{END}: 256 samples, checksum {checksum}\n" in said


def take_replay_out(project):
    """Let the sensors be the user's own."""
    header = project / "firmware" / "sensor.h"
    text = header.read_text()
    assert text.count("#define REPLAY\n") == 1
    header.write_text(text.replace("#define REPLAY\n", ""))


@pytest.mark.emulator
def test_make(tmp_path, checksum):
    project = new(tmp_path, "--style", "make")
    built = run(["make", "-s"], project)
    assert (done(built), built.stderr) == ("", "")
    check(shown(project, "--image", "build/my-product.elf"), checksum)
    assert (project / "build/my-product.hex").is_file()
    take_replay_out(project)
    built = run(["make", "-s"], project)
    assert (done(built), built.stderr) == ("", "")


@pytest.mark.slow
@pytest.mark.emulator
def test_cmake_for_another_core(tmp_path, checksum):
    project = new(tmp_path, "--style", "cmake", "--target", "hifive1")
    done(run(["cmake", "-B", "build"], project))
    built = run(["cmake", "--build", "build"], project)
    assert "warning" not in done(built) + built.stderr
    check(shown(project, "--image", "build/my-product.elf"), checksum)
    assert (project / "build/my-product.bin").is_file()


@pytest.mark.slow  # test_install.py builds such a project with the wheel
@pytest.mark.emulator
def test_scons(tmp_path, checksum):
    project = new(tmp_path)
    told = done(run(["scons", "-Q"], project, **active()))
    assert told.endswith("build/stm32f4/forecaster/native/firmware.elf\n")
    check(shown(project), checksum)
    # From a folder below, too: safe.toml says where the project is.
    again = done(run([sys.executable, "-m", "host_tools", "build"], project / "firmware"))
    assert "  CC    " not in again
    assert not (project / "firmware" / "build").exists()
    readme = (project / "README.md").read_text()
    assert "host_tools build\nhost_tools emulate --show" in readme


def test_the_board_of_a_target_of_ones_own(tmp_path):
    text = (ROOT / "targets" / "stm32f4.toml").read_text()
    (tmp_path / "mine.toml").write_text(text.replace('name = "stm32f4"', 'name = "mine"'))
    project = new(tmp_path, "--target", "mine.toml", "--style", "make")
    assert 'target = "mine.toml"' in (project / "safe.toml").read_text()
    assert "mine" in (project / "board" / "linker.ld").read_text()
    assert (project / "mine.toml").is_file()


def test_a_recording_shows_a_labelled_row(tmp_path):
    whole = recording.rows(MODEL, 1 << 20)
    assert len(whole) == 600
    part = recording.rows(MODEL, 4 * 16 * 100)
    labels = np.load(MODEL / "golden.npz")["labels"]
    first = whole.index(part[0])
    assert len(part) == 100
    assert labels[first : first + 100].any()
    samples = np.load(MODEL / "golden.npz")["samples"]
    read = np.array([[np.float32(v.rstrip("f").replace("NAN", "nan")) for v in r] for r in whole])
    assert read.tobytes() == np.where(np.isfinite(samples), samples, np.float32("nan")).tobytes()


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["there"], (32, "there is there already: choose another name")),
        (["1st"], (32, "a project's name has letters, digits, - and _")),
        (["fine", "--target", "host", "--style", "make"], (30, "no linker script: choose --style")),
        (["fine", "--model", "silent"], (20, "gives no alarms: host_tools fit")),
        (["fine", "--target", "stm32f5"], (30, "unknown target 'stm32f5'")),
    ],
)
def test_errors(tmp_path, monkeypatch, capsys, words, answer):
    code, said = answer
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").touch()
    (tmp_path / "silent").mkdir()
    (tmp_path / "silent" / "model_int8.tflite").write_bytes(
        (MODEL / "model_int8.tflite").read_bytes()
    )
    assert cli.main(["new", *words]) == code
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert said in told.err
    assert not (tmp_path / "fine").exists()
