"""Armv6-M: an image holds its instructions only, and what is not aligned faults."""

import subprocess

import pytest

from targets import build
from targets.emulate import qemu
from targets.load import load
from tests.emulator import armv6m
from tests.emulator.conftest import build_probe

pytestmark = pytest.mark.emulator


@pytest.fixture(scope="module")
def target():
    return load("mps2-m0plus")


@pytest.fixture(scope="module")
def image(target, tmp_path_factory):
    return build_probe(target, tmp_path_factory.mktemp("probe"))


def test_every_instruction_of_an_image_is_armv6m(image):
    number, foreign = armv6m.foreign(image)
    assert number > 500
    assert foreign == []


def test_the_check_finds_what_a_larger_core_has_besides(tmp_path, target):
    """Each of these assembles for Armv7-M only, or is coded otherwise there."""
    lines = (
        "cbz r0, . + 4",
        "udiv r0, r1, r2",
        "movw r0, #1",
        "ldr r0, [r8]",
        "ldrd r0, r1, [r2]",
        "msr basepri, r0",
        "it eq",
    )
    text = "\n".join(
        (".syntax unified", ".thumb", ".text", "bl . + 4", "dmb", "mrs r0, msp", *lines)
    )
    (tmp_path / "a.s").write_text(text + "\nmoveq r1, r2\n")
    gcc = build.tool(target, "gcc")
    command = [gcc, "-mcpu=cortex-m3", "-mthumb", "-nostdlib", "-Wl,-Ttext=0,-e0", "a.s", "-o", "a"]
    subprocess.run(command, cwd=tmp_path, check=True)
    number, foreign = armv6m.foreign(tmp_path / "a")
    assert number == 3 + len(lines) + 1
    assert len(foreign) == len(lines)


def test_what_is_not_aligned_faults(target, image, connect):
    """The core that stands for a Cortex-M0+ would load it: startup.c sets CCR.UNALIGN_TRP."""
    with qemu.start(target, image) as emulator:
        line = connect(emulator)
        line.line()
        line.send(b"l")
        assert line.line() == ""
        assert line.line().startswith("safe fault: exception=00000003 pc=")
