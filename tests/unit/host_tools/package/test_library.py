"""The static library: for each core its own ABI, the same bytes each time, linked and run."""

import json
import re

import pytest

from host_tools.cli import main
from host_tools.package import library, package
from tests.unit.host_tools.package.board import BOARD, emulated
from tests.unit.host_tools.package.conftest import agrees, asked, call

NAME = "safe_forecaster"
ABI = {
    "cortex-m0plus": (r"v6S-M", False),
    "cortex-m4-hard": (r"v7E-M", True),
    "cortex-m33-hard": (r"v8-M.mainline", True),
    "rv32imafc": (r"rv32.*_f", False),
}
BOARDS = {
    "cortex-m0plus": ("microbit", "-Wl,--defsym,board_ram=0x4000"),
    "cortex-m4-hard": ("mps2-an386", ""),
    "cortex-m33-hard": (
        "mps2-an505",
        "-Wl,--defsym,board_code=0x10000000,--defsym,board_data=0x38000000",
    ),
}
"""Machine and places of its memory. A micro:bit has a Cortex-M0, where a word from an odd address
is a fault, and 16 KiB of RAM."""
OUTSIDE = re.compile(
    r"__aeabi_\w+|__gnu_\w+|mem(?:cpy|set|move|cmp)|str\w+|__(?:u?div|mul|lsh|ash)\w+"
)


def written(out, *cores):
    package.write(asked("forecaster", formats=("make",), libraries=cores), out)
    return out


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return written(tmp_path_factory.mktemp("library") / "package", *ABI)


def test_the_bytes_do_not_depend_on_the_place(built, tmp_path):
    other = written(tmp_path / "a longer name of a folder" / "package", "cortex-m4-hard")
    name = f"lib/cortex-m4-hard/lib{NAME}.a"
    assert (built / name).read_bytes() == (other / name).read_bytes()
    assert b"/tmp" not in (other / name).read_bytes()
    listed = json.loads((built / "manifest.json").read_text())["libraries"]
    assert list(listed) == [f"lib/{core}/lib{NAME}.a" for core in ABI]


@pytest.mark.parametrize("core", ABI)
def test_a_library_has_the_abi_of_its_core(built, core):
    archive = built / f"lib/{core}/lib{NAME}.a"
    pattern, hard = ABI[core]
    told = call("readelf", "-A", archive)
    assert re.search(pattern, told)
    assert ("Tag_ABI_VFP_args: VFP registers" in told) == hard


def test_a_library_needs_nothing_but_the_compiler_s_own(built):
    symbols = call("arm-none-eabi-nm", built / f"lib/cortex-m0plus/lib{NAME}.a")
    defined = set(re.findall(r"^[0-9a-f]{8} [TDRBV] (\w+)$", symbols, re.MULTILINE))
    wanted = set(re.findall(r"^ {9}U (\w+)$", symbols, re.MULTILINE))
    assert defined
    assert not [name for name in wanted - defined if not OUTSIDE.fullmatch(name)]


@pytest.mark.parametrize("core", BOARDS)
def test_the_self_test_agrees(built, tmp_path, core):
    machine, places = BOARDS[core]
    example = [*built.glob("examples/selftest/*.c"), built / "examples/program/main.c"]
    call(
        *("arm-none-eabi-gcc", *library.CORES[core].flags, "-Os", f"-I{built / 'src'}"),
        *(f"-I{built / 'examples/selftest'}", *example, BOARD / "start.c"),
        *("--specs=rdimon.specs", "--specs=nano.specs", "-T", BOARD / "board.ld", *places.split()),
        *("-Wl,--gc-sections", f"-L{built / 'lib' / core}", f"-l{NAME}", "-o", "app.elf"),
        cwd=tmp_path,
    )
    assert agrees(emulated(tmp_path / "app.elf", machine), 84)


def test_a_core_that_is_not_known(capsys, tmp_path):
    assert main(["package", "--library", "cortex-m4f", "--out", str(tmp_path / "out")]) == 10
    (line,) = capsys.readouterr().err.splitlines()
    assert "--library 'cortex-m4f'" in line
    assert "cortex-m4-hard" in line


def test_a_compiler_that_is_missing(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    out = tmp_path / "out"
    assert main(["package", "--library", "cortex-m3", "--out", str(out)]) == 31
    (line,) = capsys.readouterr().err.splitlines()
    assert "arm-none-eabi-gcc is not installed" in line
    assert not out.exists()
