"""CMSIS-Pack: its description keeps the rules, every file is there, and two tools read it back.

PACK.xsd itself is not here; docs/packages.md tells against which one the description was checked.
"""

import re
import zipfile
from pathlib import Path

import pytest
from cmsis_pack_manager import Cache
from lxml import etree
from pyocd.target.pack.cmsis_pack import CmsisPack

from tests.unit.host_tools.package.board import BOARD, emulated
from tests.unit.host_tools.package.conftest import NAME, STRICT, agrees, call

RULES = etree.RelaxNG(etree.parse(Path(__file__).with_name("pack.rng")))
CORTEX_M4F = "-mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard -std=gnu11 -Os".split()


@pytest.fixture(scope="module")
def pack(packaged):
    return packaged / f"SAFE.{NAME}.1.2.3.pack"


@pytest.fixture(scope="module")
def description(packaged):
    return etree.parse(packaged / f"SAFE.{NAME}.pdsc")


def listed(description, **attributes):
    """Names of the files of the component that have these attributes."""
    files = description.iterfind(".//component/files/file")
    return [f.get("name") for f in files if all(f.get(k) == v for k, v in attributes.items())]


def test_the_description_keeps_the_rules(description):
    assert RULES.validate(description), RULES.error_log
    conditions = {c.get("id") for c in description.iterfind(".//condition")}
    used = {c.get("condition") for c in description.iterfind(".//component")}
    assert used == conditions


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('date="2026-11-30"', 'date="30.11.2026"'),
        ('version="1.2.3" ', ""),
        ("<license>LICENSE</license>", ""),
        ('category="source"', 'category="sources"'),
    ],
)
def test_a_broken_rule_is_found(description, before, after):
    text = etree.tostring(description).decode()
    assert before in text
    assert not RULES.validate(etree.fromstring(text.replace(before, after, 1)))


def test_every_file_is_in_the_pack_and_every_source_in_the_description(description, pack, packaged):
    with zipfile.ZipFile(pack) as archive:
        assert archive.testzip() is None
        held = set(archive.namelist())
        for name in held:
            assert archive.read(name) == (packaged / name).read_bytes()
    named = [*listed(description), description.findtext("license")]
    assert {name for name in named if not name.endswith("/")} <= held
    code = {name for name in held if name.startswith("src/")}
    assert code == {name for name in named if name.startswith("src/") and name != "src/"}
    assert "src/safe/status.def" in code
    assert sorted(f for f in held if f.endswith(".pdsc")) == [f"SAFE.{NAME}.pdsc"]


def test_two_tools_read_it_back(pack, packaged, tmp_path):
    for name in ("index", "data"):
        (tmp_path / name).mkdir()
    cache = Cache(True, True, json_path=str(tmp_path / "index"), data_path=str(tmp_path / "data"))
    with zipfile.ZipFile(pack) as archive:
        found = cache.find_pdsc(archive)
        assert found == f"SAFE.{NAME}.pdsc"
    cache.add_pack_from_path(str(packaged / found))
    assert (tmp_path / "index" / "aliases.json").is_file()
    read = CmsisPack(str(pack))
    assert read.devices == []
    assert read.pdsc.pack_name == NAME
    assert b"SAFE_STATUS" in read.get_file("src/safe/status.def").read()


def test_what_the_component_lists_agrees_on_a_cortex_m4f(description, pack, tmp_path):
    with zipfile.ZipFile(pack) as archive:
        archive.extractall(tmp_path / "pack")
    sources = [tmp_path / "pack" / n for n in listed(description, category="source")]
    include = [tmp_path / "pack" / n for n in listed(description, category="include")]
    headers = [
        tmp_path / "pack" / n for n in listed(description, category="header", attr="template")
    ]
    call(
        *("arm-none-eabi-gcc", *CORTEX_M4F, "-Wall", "-Wextra", "-Wconversion", "-Werror"),
        *(f"-I{folder}" for folder in {*include, *(header.parent for header in headers)}),
        *(*sources, BOARD / "start.c", "--specs=rdimon.specs", "-T", BOARD / "board.ld"),
        *("-o", "app.elf"),
        cwd=tmp_path,
    )
    assert agrees(emulated(tmp_path / "app.elf"))


def test_clang_takes_the_sources(packaged):
    """Clang compiles the pack: it is the nearest to Arm Compiler 6, which is made of it."""
    listed = call("arm-none-eabi-gcc", "-xc", "-M", "-", input="#include <string.h>\n")
    headers = min(re.findall(r"(\S+)/string\.h", listed), key=len)
    call(
        *("clang", "--target=arm-none-eabi", "-mcpu=cortex-m33", "-mthumb", "-std=gnu11"),
        *("-isystem", headers, *STRICT.split(), f"-I{packaged / 'src'}", "-fsyntax-only"),
        *packaged.glob("src/*.c"),
    )
