"""A target of the user's own: `stm32f4.toml` with other memories, outside of the project."""

import re

import pytest

from targets import elf, load
from targets.errors import BuildError, TargetError
from targets.make import make

# An STM32F401RE: 512 KiB of flash, 96 KiB of RAM, 84 MHz.
CHANGES = (
    ('name = "stm32f4"', 'name = "f401"'),
    ("size = 0x0010_0000", "size = 0x0008_0000"),
    ("size = 0x0002_0000", "size = 0x0001_8000"),
    ("hz = 168_000_000", "hz = 84_000_000"),
    ("p = 2\n", "p = 4\n"),
    ("apb1_divider = 4", "apb1_divider = 2"),
    ("apb2_divider = 2", "apb2_divider = 1"),
)


def copy_with(folder, *changes):
    text = (load.TARGETS_DIR / "stm32f4.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "f401.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("app", ["bench", pytest.param("detector", marks=pytest.mark.slow)])
def test_a_copy_with_other_memories_builds(tmp_path, app):
    path = copy_with(tmp_path, *CHANGES)
    built = make(str(path), "forecaster", app=app, out=tmp_path / "build")
    assert built.folder == tmp_path / "build/f401/forecaster/native"
    sections = {s.name: s.address for s in elf.read(built.elf).sections}
    assert (sections[".vectors"], sections[".stack"]) == (0x0800_0000, 0x2000_0000)
    script = (built.generated / "linker.ld").read_text(encoding="utf-8")
    assert "SRAM (rwx) : ORIGIN = 0x20000000, LENGTH = 0x00018000" in script
    assert "84000000u" in (built.generated / "safe_target.h").read_text(encoding="utf-8")
    assert built.manifest()["target"] == "f401"


def test_memory_that_is_too_small_fails_in_the_linker(tmp_path):
    path = copy_with(tmp_path, CHANGES[0], ("size = 0x0010_0000", "size = 0x0000_4000"))
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"\[store\](.|\n)*?\n\n", "", text), encoding="utf-8")
    with pytest.raises(BuildError, match=r"`FLASH. overflowed by [0-9]+ bytes"):
        make(str(path), "forecaster", out=tmp_path / "build")


def test_a_store_that_takes_all_of_flash_is_a_clear_error(tmp_path):
    path = copy_with(tmp_path, CHANGES[0], ("size = 0x0010_0000", "size = 0x0004_0000"))
    with pytest.raises(TargetError, match=r"f401\.toml\.store: two slots leave nothing of FLASH"):
        load.load(str(path))


def test_a_chip_without_a_driver_is_a_clear_error(tmp_path):
    path = copy_with(tmp_path, CHANGES[0], ('driver = "stm32f4"\n', ""))
    with pytest.raises((BuildError, TargetError), match="no driver"):
        make(str(path), "forecaster", out=tmp_path / "build")
