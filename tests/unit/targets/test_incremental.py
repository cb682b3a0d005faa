"""Exact incremental builds: after each edit the steps that must run, all of them and no other."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from targets import build, database
from targets.load import load

ROOMS = ("codegen", "targets", "sdk", "site_scons")
TARGET = "stm32f4"
IMAGE = {
    "LINK bench.elf",
    "COPY bench.bin",
    "COPY bench.hex",
    "SIZE size.json",
}
GENERATED = {"GEN gen", "GEN gen/linker.ld"}


def run(root, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "SCons", "-Q", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env=dict(os.environ, PYTHONPATH=str(root)),
    )


def steps(root, *arguments, target=TARGET):
    """Build, and return what was done: a step and its file, relative to the image's folder."""
    result = run(root, f"target={target}", *arguments)
    assert result.returncode == 0, result.stderr
    lines = re.findall(r"^  ([A-Z]+) +(\S+)$", result.stdout, re.MULTILINE)
    pattern = re.compile(rf"build/{target}/forecaster/[^/]+/(obj/)?")
    return {f"{word} {pattern.sub('', path)}" for word, path in lines}


def folder(root, name="native", target=TARGET):
    return root / "build" / target / "forecaster" / name


def digests(path):
    """Of the images, the map, the report and all that was generated."""
    files = [*path.glob("bench.*"), path / "size.json", *path.glob("gen/*")]
    return {f.relative_to(path): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of what the build reads, built once for both targets."""
    root = tmp_path_factory.mktemp("tree")
    for room in ROOMS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(build.ROOT / room, root / room, ignore=ignored)
    shutil.copytree(build.ROOT / "models/forecaster", root / "models/forecaster")
    shutil.copy(build.ROOT / "SConstruct", root)
    assert steps(root) > IMAGE | GENERATED
    assert "LINK bench.elf" in steps(root, target="host")
    return root


@pytest.fixture
def edited(tree):
    """Change files for one test: `edited(path, new)`; afterwards they and the image are as before.

    A changed file keeps its time of change, to the nanosecond: contents alone may tell.
    """
    originals = {}
    before = digests(folder(tree))

    def write(path, content):
        times = path.stat()
        path.write_bytes(content)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    def edit(name, old, new):
        path = tree / name
        content = path.read_bytes()
        originals.setdefault(path, content)
        assert content.count(old.encode()) >= 1
        write(path, content.replace(old.encode(), new.encode(), 1))

    yield edit
    for path, content in originals.items():
        write(path, content)
    steps(tree)
    assert digests(folder(tree)) == before


@pytest.mark.parametrize("target", [TARGET, "host"])
def test_no_change_does_nothing(tree, target):
    assert steps(tree, target=target) == set()


def test_a_touched_file_does_nothing(tree):
    for path in [p for p in tree.rglob("*") if p.is_file() and "build" not in p.parts]:
        os.utime(path)
    assert steps(tree) == set()


def test_two_edits_within_a_second(tree, edited):
    edited("sdk/src/crc32.c", "0x1DB71064", "0x1DB71065")
    assert steps(tree) == {"CC sdk/src/crc32.o", *IMAGE}
    edited("sdk/src/crc32.c", "0x1DB71065", "0x1DB71066")
    assert steps(tree) == {"CC sdk/src/crc32.o", *IMAGE}


def test_a_comment_in_c_compiles_one_file_and_links_nothing(tree, edited):
    end = (tree / "sdk/src/crc32.c").read_text().splitlines()[-1]
    text = (tree / "sdk/src/crc32.c").read_text()
    edited("sdk/src/crc32.c", text, text + "/* an edit */\n")
    assert end == "}"
    assert steps(tree) == {"CC sdk/src/crc32.o"}


def includers(tree, header):
    """Return what includes `header`, asked of the compiler itself."""
    entries = json.loads((folder(tree) / database.NAME).read_text())
    found = set()
    for entry in entries:
        command = entry["command"].split()
        command[command.index("-o") : command.index("-o") + 3] = ["-MM"]
        rule = subprocess.run(command, cwd=tree, check=True, capture_output=True, text=True).stdout
        if header in rule.split():
            found.add("CC " + entry["output"].split("/obj/")[1])
    return found


def test_a_header_compiles_those_that_include_it(tree, edited):
    header = "sdk/include/safe/frame.h"
    expected = includers(tree, header)
    assert 3 < len(expected) < 30
    text = (tree / header).read_text()
    edited(header, text, text + "/* an edit */\n")
    assert steps(tree) == expected


def test_a_template_whose_text_changes(tree, edited):
    edited(
        "codegen/templates/model.c.j2", "#include <stddef.h>", "/* an edit */\n#include <stddef.h>"
    )
    # The lines of the debug information move; the manifest holds digests of the files.
    assert steps(tree) == {"CC gen/safe_forecaster.o", *GENERATED, *IMAGE}


def test_a_template_whose_text_stays(tree, edited):
    edited("codegen/templates/model.c.j2", "{% include", "{# an edit #}{% include")
    assert steps(tree) == GENERATED


def test_the_generators_code(tree, edited):
    text = (tree / "codegen/emit/linker.py").read_text()
    edited("codegen/emit/linker.py", text, text + "\n# an edit\n")
    assert steps(tree) == GENERATED


def test_the_model(tree, edited):
    text = (tree / "models/forecaster/detector.json").read_text()
    notice = re.search(r'"notice": [0-9.]+', text)
    edited("models/forecaster/detector.json", notice[0], notice[0][:-1] + "7")
    # The header has the threshold, too.
    names = ("safe_app_model", "safe_forecaster_detector", "safe_forecaster_detector_static")
    assert steps(tree) == {*(f"CC gen/{name}.o" for name in names), "GEN gen", *IMAGE}


def test_a_budget(tree, edited):
    last = (tree / "models/forecaster/model.toml").read_text().splitlines()[-1]
    edited("models/forecaster/model.toml", last, f"{last}\n[budget]\nflash_bytes = 100_000")
    assert steps(tree) == {"GEN gen", "SIZE size.json"}
    edited("models/forecaster/model.toml", "100_000", "56_000")
    result = run(tree, f"target={TARGET}")
    assert result.returncode == 2
    assert "more than the budget of 56000 in" in result.stderr
    assert not (folder(tree) / "size.json").exists()


def test_a_targets_description(tree, edited):
    edited("targets/stm32f4.toml", "baud = 115200", "baud = 57600")
    expected = includers(tree, str(folder(tree).relative_to(tree) / "gen/safe_target.h"))
    assert expected
    assert steps(tree) == {"GEN gen/linker.ld", *expected, *IMAGE}
    edited("targets/stm32f4.toml", "baud = 57600", "baud = 57600  # an edit")
    assert steps(tree) == {"GEN gen/linker.ld"}
    assert steps(tree, target="host") == set()


def test_the_report_alone(tree, edited):
    text = (tree / "targets/size.py").read_text()
    edited("targets/size.py", text, text + "\n# an edit\n")
    assert steps(tree) == {"SIZE size.json"}


@pytest.mark.slow
def test_options_with_a_folder_of_their_own_leave_the_image_alone(tree):
    everything = {f"CC {p.relative_to(folder(tree) / 'obj')}" for p in folder(tree).rglob("*.o")}
    for choice, name in (("opt=s", "native-Os"), ("toolchain=clang", "native-clang")):
        assert steps(tree, choice) == everything | GENERATED | IMAGE | {f"DB {database.NAME}"}
        assert steps(tree, choice) == set()
        assert digests(folder(tree, name)).keys() == digests(folder(tree)).keys()
        assert steps(tree) == set()


def test_options_of_the_generator_build_what_changes_and_back(tree):
    before = digests(folder(tree))
    generated = {f"CC {p.relative_to(folder(tree) / 'obj')}" for p in folder(tree).rglob("gen/*.o")}
    for change in ({"streaming=1"}, set()):
        assert steps(tree, *change) == {*generated, "GEN gen", *IMAGE}
        assert steps(tree, *change) == set()
    assert digests(folder(tree)) == before
    database_step = f"DB {database.NAME}"
    # The kernels are compiled for the goal, whatever the generator chooses.
    everything = {f"CC {p.relative_to(folder(tree) / 'obj')}" for p in folder(tree).rglob("*.o")}
    assert steps(tree, "optimize=size") == {*everything, *IMAGE, "GEN gen", database_step}
    assert steps(tree) == {*everything, *IMAGE, "GEN gen", database_step}

    assert digests(folder(tree)) == before


@pytest.mark.parametrize("target", [TARGET, pytest.param("host", marks=pytest.mark.slow)])
def test_a_clean_rebuild_elsewhere_is_identical(tree, tmp_path, target):
    before = digests(folder(tree, target=target))
    other = tmp_path / "a longer name of a folder"
    shutil.copytree(tree, other, ignore=shutil.ignore_patterns("build", "__pycache__"))
    steps(other, target=target)
    assert digests(folder(other, target=target)) == before
    for path in folder(other, target=target).glob("bench.*"):
        assert str(tmp_path).encode() not in path.read_bytes()


@pytest.mark.slow
def test_another_output_folder_gives_the_same_image(tree, tmp_path):
    assert run(tree, f"target={TARGET}", f"out={tmp_path}").returncode == 0
    # The map names the objects, and debug information numbers the files in another order.
    named = {Path("bench.map"), Path("bench.elf")}
    before, after = digests(folder(tree)), digests(tmp_path / TARGET / "forecaster/native")
    assert {k: v for k, v in after.items() if k not in named} == {
        k: v for k, v in before.items() if k not in named
    }


def test_the_database_at_the_root_serves_every_image(tree):
    steps(tree, target="host")
    steps(tree)
    entries = json.loads((tree / database.NAME).read_text())
    by_file = {entry["file"]: entry for entry in entries}
    assert len(by_file) == len(entries)
    assert "targets/driver/stm32f4/uart.c" in by_file
    assert f"build/{TARGET}/" in by_file["sdk/src/crc32.c"]["output"]
    assert by_file["targets/arch/host/port.c"]["command"].startswith("gcc ")
    written = (tree / database.NAME).stat().st_mtime_ns
    steps(tree)
    assert (tree / database.NAME).stat().st_mtime_ns == written
    steps(tree, target="host")
    entries = json.loads((tree / database.NAME).read_text())
    assert {e["output"].split("/")[1] for e in entries if e["file"].startswith("sdk/")} > {"host"}


def test_every_entry_of_the_database_compiles(tree):
    entry = json.loads((folder(tree) / database.NAME).read_text())[0]
    assert load(TARGET).cpu.flags[0] in entry["command"]
    subprocess.run([*entry["command"].split(), "-fsyntax-only"], cwd=entry["directory"], check=True)


def test_clean_leaves_only_the_signatures(tree, tmp_path):
    other = tmp_path / "clean"
    shutil.copytree(tree, other)
    assert run(other, f"target={TARGET}", "-c").returncode == 0
    left = {p.name for p in folder(other).rglob("*") if p.is_file()}
    assert left == {"sconsign.dblite"}
    assert (folder(other, target="host") / "bench.elf").is_file()
