"""The soft board's registers against SVD files: address, name, bits that exist, value after reset.

Both were written by people from the same manuals, independently. Where they differ the bit is named
here; every one was looked up in ST's CMSIS device headers.
"""

import re
from dataclasses import replace

import pytest

from targets.build import ROOT
from targets.emulate.board import chips
from targets.emulate.board.chip import Surroundings
from targets.load import Device, load
from tests.unit.targets.board import svd

FILES = svd.files()
PARTS = {
    "STM32F401x": "STM32F401",
    "STM32F401xE": "STM32F401",
    "STM32F40x": "STM32F407",
    "STM32F411xx": "STM32F411",
    "STM32F41x": "STM32F417",
    "STM32F46_79x": "STM32F479",
}
"""What a file describes whose name is not a part's."""
# Bits that exist but that some file leaves out.
MISSING = {
    "FLASH_ACR": 0x8,
    "PWR_CR": 0x00306C00,
    "PWR_CSR": 0xC0,
    "RCC_AHB1ENR": 0x00900600,
    "RCC_AHB1RSTR": 0x00800600,
    "RCC_APB1RSTR": 0x08000000,
    "RCC_APB2ENR": 0x0050A0C0,
    "RCC_APB2RSTR": 0x04502000,
    "RCC_BDCR": 0x8,
    "RCC_CR": 0x30000000,
    "RCC_PLLCFGR": 0x70000000,
}
# Bits that a file has although the part has not: what a sibling of the part can do.
WRONG = {
    ("STM32F405", "RCC_AHB1ENR"): 0x1E000000,
    ("STM32F405", "RCC_AHB1RSTR"): 0x02000000,
    ("STM32F405", "RCC_AHB2ENR"): 0x1,
    ("STM32F413", "RCC_AHB2ENR"): 0x10,
    ("STM32F427", "RCC_AHB2ENR"): 0x30,
    ("STM32F427", "RCC_APB2ENR"): 0x04000000,
    ("STM32F429", "RCC_AHB2ENR"): 0x30,
    ("STM32F446", "RCC_CFGR"): 0x00800000,
    ("STM32F469", "RCC_AHB2ENR"): 0x30,
}
# Registers whose fields the files do not divide: one of 32 bits.
WHOLE = {"ADC1_SMPR1": 0xF8000000, "ADC1_SMPR2": 0xC0000000}
# After reset: port A has pins of the debugger, VOS a scale; the files have TXE and TC too high.
RESETS = {"GPIOA_OSPEEDR", "PWR_CR", "PWR_CSR", "USART1_SR", "USART2_SR"}


class Wire:
    is_held_up = False
    has_received = False


def part_of(stem):
    return PARTS.get(stem, stem.rstrip("x"))


def chip(part):
    target = load("stm32u5" if part.startswith("STM32U5") else "stm32f4")
    around = Surroundings(Wire(), print, print)
    return chips.build(replace(target, device=Device(part)), around)


def differences(part, peripherals, registers, bases):
    """Return what differs and is not explained above, and how many registers were compared."""
    found, compared = [], 0
    for peripheral in peripherals:
        if peripheral.name.startswith("GPIO") and peripheral.name not in bases:
            continue  # ports of the largest package, left out of some files
        for register in peripheral.registers:
            name = f"{peripheral.name}_{register.name}"
            known = registers.get(peripheral.base + register.offset)
            if known is None or (known.peripheral, known.name) != (peripheral.name, register.name):
                found.append(f"{name}: the file has {known} there")
                continue
            compared += 1
            beyond = register.bits & ~known.bits & ~MISSING.get(name, 0)
            lacking = (
                known.bits & ~register.bits & ~WRONG.get((part, name), 0) & ~WHOLE.get(name, 0)
            )
            if beyond or lacking:
                found.append(f"{name}: ours only {beyond:#010x}, the file's only {lacking:#010x}")
            if known.reset != register.reset and name not in RESETS:
                found.append(f"{name}: {register.reset:#x} after reset, file {known.reset:#x}")
    return found, compared


STEMS = sorted(s for s in FILES if re.match("STM32(F4|U5)", s))


def test_there_is_something_to_compare_with():
    assert {"STM32F41x", "STM32F429x", "STM32F439x"} <= set(STEMS), "pyOCD (extra flash) is missing"


@pytest.mark.parametrize("stem", STEMS)
def test_registers_agree(stem):
    part = part_of(stem)
    found, compared = differences(part, chip(part).peripherals, *svd.read(FILES[stem]))
    assert found == []
    assert compared > 60


@pytest.mark.parametrize(
    ("peripheral", "name"), [("RCC", "APB1ENR"), ("USART2", "CR1"), ("PWR", "CSR")]
)
def test_one_bit_is_noticed(peripheral, name):
    peripherals = chip("STM32F429").peripherals
    (mine,) = (p for p in peripherals if p.name == peripheral)
    mine.registers = tuple(
        replace(r, bits=r.bits ^ 0x2) if r.name == name else r for r in mine.registers
    )
    found, _ = differences("STM32F429", peripherals, *svd.read(FILES["STM32F429x"]))
    assert len(found) == 1
    assert f"{peripheral}_{name}" in found[0]


DEFINE = re.compile(r"^#define (\w+) SAFE_REGISTER\((0x\w+?)u\)", re.MULTILINE)
# Names of the FE310-G002's manual where the file has others.
FE310 = {"iof_enable": "iof_en", "iof_select": "iof_sel", "sckdiv": "div", "wdogcmp0": "wdogcmp"}


if "e310x" in FILES:

    def test_driver_of_the_fe310_agrees():
        registers, _ = svd.read(FILES["e310x"])
        text = (ROOT / "targets/driver/fe310/fe310.h").read_text(encoding="utf-8")
        defined = DEFINE.findall(text)
        assert len(defined) > 10
        for macro, address in defined:
            name = macro.partition("_")[2].lower()
            assert registers[int(address, 16)].name == FE310.get(name, name), macro
        uart = [registers[0x1001_3000 + 4 * i].name for i in range(7)]
        assert uart == ["txdata", "rxdata", "txctrl", "rxctrl", "ie", "ip", "div"]
        used = {
            "pllcfg": 0x8007_0000,
            "hfxosccfg": 0xC000_0000,
            "plloutdiv": 0x100,
            "pmucause": 0x300,
        }
        for register in registers.values():
            assert used.get(register.name, 0) & ~register.bits == 0


@pytest.mark.parametrize("family", ["stm32f4", "stm32u5"])
def test_driver_and_soft_board_agree(family):
    """The addresses of the driver's header, which one reads from the other side, are declared."""
    declared = {
        p.base + r.offset: f"{p.name}_{r.name}"
        for p in chip(load(family).device.part).peripherals
        for r in p.registers
    }
    text = (ROOT / f"targets/driver/{family}/{family}.h").read_text(encoding="utf-8")
    defined = DEFINE.findall(text)
    assert len(defined) > 10
    assert [m for m, a in defined if declared.get(int(a, 16)) != m] == []
