"""Target descriptions: every mistake is one clear line."""

import dataclasses
import os

import pytest

from targets import load
from targets.errors import ExitCode, TargetError

GOOD = """
[target]
name = "probe"
description = "d"
arch = "cortex_m"
[cpu]
name = "cortex-m4"
[[memory]]
name = "FLASH"
kind = "flash"
origin = 0
size = 1024
[clock]
hz = 168
source_hz = 16
pll = {m = 8, n = 168, p = 2, q = 7}
[uart]
name = "USART1"
baud = 9600
rx_ring_bytes = 64
[emulator]
kind = "qemu"
"""


def test_every_shipped_target_loads():
    checks = {"mps2-an386", "mps2-an505", "mps3-an547", "riscv-virt"}
    assert checks | {"host", "stm32f4", "stm32f446", "stm32u5"} <= set(load.available())
    for name in load.available():
        assert load.load(name).name == name


def test_stm32f4():
    target = load.load("stm32f4")
    assert target.region("ram").size == 128 * 1024
    assert target.region("flash").origin == 0x0800_0000
    # The emulator's chip has no CCM: nothing is placed there unless it is asked for.
    assert target.region("ram").origin == 0x2000_0000
    assert [m.kind for m in target.memory if m.origin == 0x1000_0000] == ["data"]
    assert target.clock.hz == 168_000_000
    with pytest.raises(dataclasses.FrozenInstanceError):
        target.clock.hz = 1


def test_good():
    target = load.parse(GOOD, "probe")
    assert target.isa == "ref"
    assert target.stack.size_bytes == 4096
    with pytest.raises(TargetError, match=r"probe.toml: no \[\[memory\]\] of kind 'ram'"):
        target.region("ram")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("baud =", "bauds =", r"probe.toml.uart: unknown key 'bauds'; known are name, baud,"),
        ("[cpu]", "[cpus]", r"probe.toml: unknown key 'cpus'"),
        ("baud = 9600\n", "", r"probe.toml.uart: key 'baud' is missing"),
        ("baud = 9600", 'baud = "9600"', r"probe.toml.uart.baud: must be of type int"),
        ("baud = 9600", "baud = true", r"probe.toml.uart.baud: must be of type int"),
        ("[[memory]]", "[memory]", r"probe.toml.memory: must be an array"),
        ('kind = "flash"', 'kind = "rom"', r"memory 'FLASH': kind must be one of flash, ram, data"),
        ("size = 1024", "size = 0", r"memory 'FLASH': origin or size is out of range"),
        ('"cortex_m"', '"z80"', r"probe.toml.target.arch: 'z80' is not one of"),
        ('kind = "qemu"', 'kind = "renode"', r"probe.toml.emulator.kind: must be one of"),
        ("rx_ring_bytes = 64", "rx_ring_bytes = 63", r"63 is not a power of two"),
        ("n = 168", "n = 169", r"source_hz / m \* n / p = 169, but hz = 168"),
        ("m = 8", "m = 0", r"probe.toml.clock.pll: factors must be positive"),
        ("hz = 168\n", "hz = 0\n", r"probe.toml.clock.hz: must be positive"),
        ('name = "probe"', 'name = "other"', r"target.name is 'other', must equal the file name"),
        ("[target]", "[target", r"probe.toml: not valid TOML"),
        ("[emulator]", "[stack]\nsize_bytes = 12\n[emulator]", r"multiple of 8"),
        ("baud = 9600", 'baud = 9600\nusb = ["0483"]', r"uart.usb: '0483' is not like '0483:374b'"),
        ("[emulator]", '[flash]\nrunners = ["dd"]\n[emulator]', r"'dd' is not one of cubeprog,"),
        ("pll = {m = 8, n = 168, p = 2, q = 7}", "pll = 3", r"probe.toml.clock.pll: must be a tab"),
    ],
)
def test_mistakes(old, new, message):
    assert old in GOOD
    with pytest.raises(TargetError, match=message) as raised:
        load.parse(GOOD.replace(old, new), "probe")
    assert raised.value.exit_code is ExitCode.TARGET
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", ["nope", "../stm32f4", "STM32F4", ""])
def test_unknown_target(name):
    with pytest.raises(TargetError, match=r"unknown target .*; known are .*host, .*stm32f4"):
        load.load(name)


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A folder of descriptions outside of the project, with one named `probe`."""
    folder = tmp_path / "boards"
    folder.mkdir()
    (folder / "probe.toml").write_text(GOOD)
    monkeypatch.setenv(load.SEARCH_VARIABLE, f"{tmp_path / 'nothing'}{os.pathsep}{folder}")
    return folder


def test_a_target_outside_by_path_and_by_name(elsewhere):
    for text in ("probe", str(elsewhere / "probe.toml")):
        assert load.load(text).name == "probe"
        assert not load.is_own(load.find(text))
    assert load.is_own(load.find("stm32f4"))
    assert {"probe", "stm32f4"} <= set(load.available())


def test_a_target_outside_cannot_take_the_place_of_an_own_one(elsewhere):
    path = elsewhere / "stm32f4.toml"
    path.write_text(GOOD.replace('"probe"', '"stm32f4"'))
    with pytest.raises(TargetError, match=r"stm32f4 is a target of SAFE itself: choose another"):
        load.load(str(path))
    assert load.find("stm32f4") == load.TARGETS_DIR / "stm32f4.toml"


@pytest.mark.parametrize(
    ("text", "message"),
    [("no/such.toml", "no target description at no/such.toml"), ("Probe.toml", "a target's name")],
)
def test_wrong_path(elsewhere, monkeypatch, text, message):
    monkeypatch.chdir(elsewhere)
    (elsewhere / "Probe.toml").write_text(GOOD)
    with pytest.raises(TargetError, match=message):
        load.load(text)
