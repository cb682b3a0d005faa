"""Wheel and sdist hold all that the verbs need, and an installed SAFE works in an empty folder."""

import json
import subprocess
import tarfile
import zipfile

import pytest

from targets.build import runtime_version
from tests.conftest import ROOT
from tests.package.conftest import active, build, done, run

ROOMS = ("LICENSE", "SConstruct", "codegen", "host_tools", "models", "sdk", "site_scons", "targets")
IMAGE = "build/stm32f4/forecaster/native"


def contents(path):
    """Return every file of the wheel but its metadata, by name."""
    with zipfile.ZipFile(path) as archive:
        return {n: archive.read(n) for n in archive.namelist() if ".dist-info/" not in n}


def tree(folder):
    """Return every file below `folder` but what Python compiled."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in found if "__pycache__" not in path.parts}


def test_the_wheel_holds_every_file_of_the_rooms(wheel):
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(
        [*command, "safe_edge", *ROOMS], cwd=ROOT, capture_output=True, check=True
    ).stdout
    names = {n for n in listed.decode().split("\0") if n and (ROOT / n).is_file()}
    wanted = {n if n.startswith("safe_edge/") else f"safe_edge/{n}" for n in names}
    assert set(contents(wheel)) == wanted
    assert wheel.name == f"safe_edge-{runtime_version()}-py3-none-any.whl"


def test_the_sdist_builds_the_same_wheel(wheel, tmp_path):
    sdist = build("sdist", ROOT, tmp_path / "sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    source = tmp_path / sdist.name.removesuffix(".tar.gz")
    again = build("wheel", source, tmp_path / "wheel")
    assert contents(again) == contents(wheel)
    assert again.read_bytes() == wheel.read_bytes()


def test_verbs_work_in_an_empty_folder(installed, tmp_path):
    before = tree(installed.package)
    assert "6 operators" in installed(tmp_path, "generate", "--standalone", "--out", "gen")
    program = tmp_path / "forecaster"
    sources = [*sorted((tmp_path / "gen").glob("*.c")), tmp_path / "gen/example/main.c"]
    done(run(["cc", "-std=c99", "-I", "gen", *sources, "-o", program], tmp_path))
    done(run([program], tmp_path))
    installed(tmp_path, "package", "--format", "make", "--out", "library")
    agreed = done(run(["make", "-C", "library/examples/make", "run"], tmp_path))
    assert "records compared, 0 differ" in agreed
    installed(tmp_path, "plant", "--out", "data.csv", "--rows", "200")
    assert "200 rows" in installed(tmp_path, "read", "--csv", "data.csv")
    assert tree(installed.package) == before


@pytest.mark.slow  # test_install.py builds and runs one, too
@pytest.mark.emulator
def test_image_and_emulator_of_an_installed_package(installed, tmp_path):
    before = tree(installed.package)
    options = ["--target", "stm32f4", "--emulate", "--windows", "1", "--samples", "5", "--json"]
    record = json.loads(installed(tmp_path, "bench", *options))
    assert (record["exact"], record["windows"]) == (True, 1)
    counted = installed(tmp_path, "count")
    assert "instructions per inference" in counted
    assert {path.name for path in tmp_path.iterdir()} == {"build"}
    assert tree(installed.package) == before
    # The image is that of the clone, where `scons` is a command once the environment is active.
    words = ["scons", "-Q", "target=stm32f4", f"out={tmp_path / 'clone'}"]
    done(run(words, ROOT, **active()))
    for name in ("bench.bin", "bench.hex", "size.json", "gen/safe_forecaster_weights.c"):
        own, clone = tmp_path / IMAGE / name, tmp_path / IMAGE.replace("build", "clone", 1) / name
        assert own.read_bytes() == clone.read_bytes(), name


def test_a_folder_of_the_user_never_takes_the_place_of_a_room(installed, tmp_path):
    for room in ("models", "targets", "codegen"):
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").write_text("raise RuntimeError\n")
    assert "6 operators" in installed(tmp_path, "generate")
    script = "import sys; sys.argv = ['host_tools', 'targets', 'list']; import safe_edge.__main__"
    assert "stm32u5" in done(run([installed.python, "-P", "-c", script], tmp_path))


def test_what_only_a_clone_has_is_said(installed, tmp_path):
    process = installed.run(tmp_path, "perf", "--update")
    assert (process.returncode, process.stderr.count("\n")) == (32, 1)
    assert "only a clone has" in process.stderr
