"""Adding a target is adding a file: stm32f4.toml with other memories is built and runs."""

import re

from targets import build, elf, emulate, load
from targets.emulate.board import chips
from targets.make import make


def test_a_copy_with_other_memories_is_a_target(tmp_path, monkeypatch):
    text = (build.ROOT / "targets" / "stm32f4.toml").read_text()
    for old, new in (
        ('name = "stm32f4"', 'name = "pump-controller"'),
        ("size = 0x0010_0000", "size = 0x0006_0000"),
        ("origin = 0x2000_0000\nsize = 0x0002_0000", "origin = 0x2000_1000\nsize = 0x0000_8000"),
        ("size_bytes = 8192", "size_bytes = 2048"),
    ):
        assert old in text
        text = text.replace(old, new)
    text = re.sub(r"\[emulator\](.|\n)*?\n\n", '[emulator]\nkind = "board"\n\n', text)
    (tmp_path / "pump-controller.toml").write_text(text)
    monkeypatch.setenv(load.SEARCH_VARIABLE, str(tmp_path))

    built = make("pump-controller", "forecaster", out=tmp_path / "build")

    sections = {section.name: section for section in elf.read(built.elf).sections}
    assert sections[".vectors"].address == 0x0800_0000
    assert (sections[".stack"].address, sections[".stack"].size) == (0x2000_1000, 2048)
    assert max(s.address + s.size for s in sections.values() if s.writable) <= 0x2000_9000
    assert built.size()["target"] == "pump-controller"
    assert emulate.configuration(load.load("pump-controller")).kind == "board"
    assert load.load("pump-controller").target.driver in chips.FAMILIES
