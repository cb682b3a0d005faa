"""The second stage of the RP2040: its words, its checksum, and what it does."""

import re
import shutil
import struct
import subprocess

import pytest

from targets.build import ROOT

FOLDER = ROOT / "targets/driver/rp2040"
SSI, VTOR, IMAGE, LOADED_AT = 0x18000000, 0xE000ED08, 0x10000100, 0x20041F00
STACK, ENTRY = 0x20001000, 0x10000201


def checksum(data):
    """What the ROM computes: highest bit first, from all ones, nothing inverted at the end."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x04C11DB7 if value >> 31 else 0)) & 0xFFFFFFFF
    return value


@pytest.fixture(scope="module")
def stage():
    """The 256 bytes that boot2.c says."""
    text = (FOLDER / "boot2.c").read_text(encoding="utf-8")
    table = text[text.index("= {") : text.index("};")]
    last = re.search(r"\[63\] = 0x(\w+)u", table)
    words = [int(word, 16) for word in re.findall(r"0x(\w+)u", table[: last.start()])]
    assert len(words) < 63
    return struct.pack("<64I", *words, *[0] * (63 - len(words)), int(last[1], 16))


def test_the_checksum_is_that_of_the_rom(stage):
    assert checksum(b"123456789") == 0x0376E6E7  # CRC-32/MPEG-2's check value
    assert struct.unpack("<I", stage[252:])[0] == checksum(stage[:252])


def test_the_words_are_those_of_the_source(stage, tmp_path):
    gcc = shutil.which("arm-none-eabi-gcc")
    assert gcc is not None
    made = tmp_path / "boot2.o"
    subprocess.run([gcc, "-c", FOLDER / "boot2.S", "-o", made], check=True)
    binary = tmp_path / "boot2.bin"
    copy = ["arm-none-eabi-objcopy", "-O", "binary", "-j", ".text", made, binary]
    subprocess.run(copy, check=True)
    assert binary.read_bytes().ljust(252, b"\0") == stage[:252]


def test_it_sets_the_flash_up_and_enters_the_image(stage):
    unicorn = pytest.importorskip("unicorn")
    from unicorn import arm_const as arm

    core = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
    for address in (LOADED_AT & ~0xFFF, SSI, IMAGE & ~0xFFF, VTOR & ~0xFFF):
        core.mem_map(address, 0x1000)
    core.mem_write(LOADED_AT, stage)
    core.mem_write(IMAGE, struct.pack("<II", STACK, ENTRY))
    written = []
    core.hook_add(
        unicorn.UC_HOOK_MEM_WRITE,
        lambda _core, _kind, address, _size, value, _data: written.append((address, value)),
    )
    core.emu_start(LOADED_AT | 1, ENTRY & ~1, count=100)
    assert core.reg_read(arm.UC_ARM_REG_PC) == ENTRY & ~1
    assert core.reg_read(arm.UC_ARM_REG_MSP) == STACK
    assert written == [
        (SSI + 0x08, 0),
        (SSI + 0x14, 4),
        (SSI, 0x001F0300),
        (SSI + 0x04, 0),
        (SSI + 0xF4, 0x03000218),
        (SSI + 0x08, 1),
        (VTOR, IMAGE),
    ]
