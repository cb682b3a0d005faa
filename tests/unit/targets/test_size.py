"""Size report: what counts as flash, RAM and model; budgets."""

import subprocess

import pytest

from targets import build, elf, size
from targets.errors import BudgetError, BuildError, ExitCode
from targets.load import load

SOURCE = """
const int safe_probe_op0_weights[100] = {1};
static const int params[5] = {1};
int initial[3] = {1, 2, 3};
int cleared[7];
void _start(void);
void _start(void)
{
    cleared[0] = initial[0] + safe_probe_op0_weights[1] + *(volatile const int *)params;
}
"""
MANIFEST = {"name": "probe", "weight_bytes": 400, "arena_bytes": 16}


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    folder = tmp_path_factory.mktemp("size")
    (folder / "safe_probe.c").write_text(SOURCE)
    gcc = build.tool(load("stm32f4"), "gcc")
    subprocess.run(
        [gcc, "-mcpu=cortex-m4", "-mthumb", "-Os", "-nostdlib", "-o", "x.elf", "safe_probe.c"],
        cwd=folder,
        check=True,
    )
    return folder / "x.elf"


def test_measure(image):
    report = size.measure(elf.read(image), MANIFEST)
    assert report["model_bytes"] == 420  # weights by name, params by file
    assert report["static_ram_bytes"] == 40
    assert report["code_bytes"] == report["sections"][".text"] == report["flash_bytes"] - 420 - 12
    assert report["flash_beyond_weights_bytes"] == report["flash_bytes"] - 400
    assert report["symbols"][0] == {
        "name": "safe_probe_op0_weights",
        "section": ".rodata",
        "bytes": 400,
    }


def test_symbols_have_no_thumb_bit(image):
    start = next(s for s in elf.read(image).functions() if s.name == "_start")
    assert start.address % 2 == 0
    assert start.size > 0


def test_not_an_elf(tmp_path):
    with pytest.raises(BuildError, match="build it first"):
        elf.read(tmp_path / "missing.elf")
    (tmp_path / "text.elf").write_text("text")
    with pytest.raises(BuildError, match="not an ELF file"):
        elf.read(tmp_path / "text.elf")


def test_unreadable_manifest(image, tmp_path):
    with pytest.raises(BuildError, match="not readable as a manifest"):
        size.report(image, tmp_path / "manifest.json", {})


def test_budget(tmp_path):
    toml = tmp_path / "model.toml"
    figures = {"flash_bytes": 1000, "static_ram_bytes": 200}
    size.check_budget(figures, toml)  # no description, no budget
    toml.write_text("[budget]\nflash_bytes = 1000\nram_bytes = 200")
    size.check_budget(figures, toml)
    toml.write_text("[budget]\nram_bytes = 150")
    with pytest.raises(BudgetError, match="ram_bytes is 200, 50 more than the budget of 150"):
        size.check_budget(figures, toml)
    assert BudgetError.exit_code is ExitCode.BUDGET
