"""Words of an image that may be addresses: of what is stored on the target, at aligned places."""

import subprocess
from pathlib import Path

import pytest

from targets import build
from targets.load import load
from targets.stack import words
from targets.stack.words import Words

SECTIONS = """
    .section .vectors, "a"
    .word 0x20000100, 0x8001, 0x8003
    .section .rodata, "a"
    .byte 1, 2, 3
    .section .odd, "a"
    .short 0x1111
    .word 0x22222222, 0x33333333
    .byte 0x44, 0x55, 0x66
    .text
    .word 0x77777777
    .section .extra, ""
    .word 0x88888888
    .bss
    .space 8
"""


@pytest.fixture
def image(tmp_path: Path) -> Path:
    source, found = tmp_path / "image.s", tmp_path / "image.elf"
    source.write_text(SECTIONS)
    target = load("stm32f4")
    places = ".odd=0x1002,--section-start=.rodata=0x2000,--section-start=.vectors=0x400"
    options = [*target.cpu.flags, "-nostdlib", f"-Wl,-e,0,-Ttext=0x8000,--section-start={places}"]
    command = [build.tool(target, "gcc"), *options, str(source), "-o", str(found)]
    subprocess.run(command, check=True)
    return found


def test_stored_words_are_aligned_and_whole(image: Path) -> None:
    found = words.read(image)
    assert found.stored == {0x22222222, 0x33333333, 0x77777777}
    assert found.vectors == (0x20000100, 0x8001, 0x8003)
    assert found.is_thumb


def test_an_address_of_thumb_code_is_odd() -> None:
    stored = frozenset({0x101, 0x200, 0x303})
    assert Words(stored, (), is_thumb=True).addresses() == {0x100, 0x302}
    assert Words(stored, (), is_thumb=False).addresses() == stored
