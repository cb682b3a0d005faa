"""Linker script and target header: numbers of the description, nothing else."""

import dataclasses
import re

import pytest

from codegen.emit import linker
from targets.errors import TargetError
from targets.load import load


@pytest.fixture
def target():
    return load("stm32f4")


def change(target, table, **values):
    return dataclasses.replace(
        target, **{table: dataclasses.replace(getattr(target, table), **values)}
    )


def test_memories_and_stack(target):
    script = linker.linker_script(target, "1.2.3")
    assert "FLASH (rx) : ORIGIN = 0x08000000, LENGTH = 0x000c0000" in script
    assert "SRAM (rwx) : ORIGIN = 0x20000000, LENGTH = 0x00020000" in script
    assert ". += 8192;" in script
    assert f"SIZEOF(.vectors) == {4 * (16 + 82)}" in script
    # An overflow must leave RAM, so the stack comes before all data.
    assert script.index(".stack") < script.index(".data :") < script.index(".bss")


def test_header_is_whole(target):
    text = linker.target_header(target, "1.2.3")
    macros = dict(re.findall(r"#define (SAFE_TARGET_\w+) (\S+)", text))
    assert macros["SAFE_TARGET_NAME"] == '"stm32f4"'
    assert macros["SAFE_TARGET_CLOCK_HZ"] == "168000000u"
    assert macros["SAFE_TARGET_UART_NUMBER"] == "2"
    assert macros["SAFE_TARGET_RX_RING_BYTES"] == "4096u"
    assert (macros["SAFE_TARGET_CLOCK_SOURCE_HSE"], macros["SAFE_TARGET_CLOCK_SOURCE_HSI"]) == (
        "0",
        "1",
    )


def test_text_is_the_same_each_time_and_names_no_path(target):
    for emit in (linker.linker_script, linker.target_header):
        assert emit(target, "1") == emit(target, "1")
        assert "/work" not in emit(target, "1")
        assert "/home" not in emit(target, "1")


@pytest.mark.parametrize(
    ("table", "values", "emit", "message"),
    [
        ("stack", {"size_bytes": 131072}, linker.linker_script, "does not fit into SRAM"),
        ("clock", {"source": "lse"}, linker.target_header, "'lse' is not one of hse, hsi"),
        ("uart", {"name": "UART"}, linker.target_header, "'UART' does not end in a number"),
    ],
)
def test_mistakes(target, table, values, emit, message):
    with pytest.raises(TargetError, match=message):
        emit(change(target, table, **values), "1")


def test_no_memory(target):
    with pytest.raises(TargetError, match=r"no .*memory.* of kind 'flash'"):
        linker.linker_script(dataclasses.replace(target, memory=()), "1")
