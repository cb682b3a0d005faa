"""The bound of small linked images whose every push is written down here."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from targets import build
from targets.load import Target, load
from targets.stack import bound

BASIC_FRAME = 4 * len("r0 r1 r2 r3 r12 lr pc xpsr".split())
FPU_FRAME = BASIC_FRAME + 4 * (16 + len("fpscr reserved".split()))
ALIGNMENT = 4
"""A Cortex-M's exception: what it pushes, and one word more where the stack is not aligned to 8."""

CORTEX_M = """
    .syntax unified
    .thumb
    .section .vectors, "a"
    .word 0x20001000, safe_reset, {handlers}, safe_fault_entry
    .text
    .macro start name
    .global \\name
    .type \\name, %function
    .thumb_func
    \\name:
    .endm
    start safe_reset
        sub sp, #40
        bl work
    1:  b 1b
    .size safe_reset, . - safe_reset
    start work
        push {{r4, r5, r6, lr}}
        pop {{r4, r5, r6, pc}}
    .size work, . - work
    start safe_isr_uart
        push {{r4, lr}}
        pop {{r4, pc}}
    .size safe_isr_uart, . - safe_isr_uart
    start safe_isr_systick
        push {{r4, r5, r6, r7, r8, lr}}
        pop {{r4, r5, r6, r7, r8, pc}}
    .size safe_isr_systick, . - safe_isr_systick
    start safe_fault_entry
        b safe_fault_report
    .size safe_fault_entry, . - safe_fault_entry
    start safe_fault_report
        sub sp, #200
    2:  b 2b
    .size safe_fault_report, . - safe_fault_report
"""
PROGRAM, DEEPEST_HANDLER, REPORT = 40 + 16, 24, 200

RISCV = """
    .macro start name
    .global \\name
    .type \\name, %function
    \\name:
    .endm
    .option norelax
    start safe_reset
        add sp, sp, -48
    1:  j 1b
    .size safe_reset, . - safe_reset
    start safe_isr_vectors
        j safe_isr_trap
    .size safe_isr_vectors, . - safe_isr_vectors
    start safe_isr_trap
        add sp, sp, -80
        add sp, sp, 80
        mret
    .size safe_isr_trap, . - safe_isr_trap
    start safe_fault_report
        ret
    .size safe_fault_report, . - safe_fault_report
    .data
    .word safe_isr_vectors, safe_isr_trap, safe_reset
"""


def linked(target: Target, text: str, folder: Path) -> Path:
    source, image = folder / "image.s", folder / "image.elf"
    source.write_text(text, encoding="utf-8")
    options = [*target.cpu.flags, "-nostdlib", "-Wl,-Ttext=0x8000,--section-start=.vectors=0x400"]
    command = [build.tool(target, "gcc"), *options, "-Wl,-e,safe_reset", str(source)]
    subprocess.run([*command, "-o", str(image)], check=True)
    return image


def prove(target: Target, text: str, folder: Path) -> bound.Bound:
    return bound.prove(linked(target, text, folder), [], target, build.tool(target, "objdump"))


def arm(
    folder: Path, *, has_fpu: bool = True, handlers: str = "safe_isr_systick, 0, safe_isr_uart"
) -> bound.Bound:
    target = load("stm32f4")
    if not has_fpu:
        soft = tuple(f for f in target.cpu.flags if not f.startswith(("-mfpu", "-mfloat-abi")))
        target = replace(target, cpu=replace(target.cpu, flags=soft))
    return prove(target, CORTEX_M.format(handlers=handlers), folder)


@pytest.mark.parametrize(("has_fpu", "frame"), [(True, FPU_FRAME), (False, BASIC_FRAME)])
def test_program_exception_and_the_deepest_handler_add_up(
    tmp_path: Path, has_fpu: bool, frame: int
) -> None:
    found = arm(tmp_path, has_fpu=has_fpu)
    assert (FPU_FRAME, BASIC_FRAME) == (104, 32)
    assert found.program.bytes == PROGRAM
    assert found.exception_frame == frame + ALIGNMENT
    assert found.interrupt is not None
    assert str(found.interrupt) == "safe_isr_systick 24"
    assert found.total == PROGRAM + frame + ALIGNMENT + DEEPEST_HANDLER
    assert found.facts()["bound_bytes"] == found.total
    assert found.facts()["exception_frame_bytes"] == frame + ALIGNMENT
    assert found.fault.bytes == REPORT
    assert found.frames["work"] == 16


def test_an_image_without_handlers_takes_what_its_program_takes(tmp_path: Path) -> None:
    found = arm(tmp_path, handlers="0")
    assert found.interrupt is None
    assert found.total == PROGRAM
    assert "interrupt" not in found.facts()


def test_a_trap_of_riscv_pushes_nothing_by_itself(tmp_path: Path) -> None:
    found = prove(load("riscv-virt"), RISCV, tmp_path)
    assert found.exception_frame == 0
    assert found.total == 48 + 80


def test_a_stored_address_that_no_rule_names_is_an_error(tmp_path: Path) -> None:
    target = load("stm32f4")
    image = linked(target, CORTEX_M.format(handlers="0") + "\n    .word work + 1\n", tmp_path)
    facts = bound.attempt(image, [], target, build.tool(target, "objdump"))
    assert facts["bound_bytes"] is None
    assert "the address of work is stored, and no pointer of" in facts["reason"]


def test_an_architecture_without_rules_says_so(tmp_path: Path) -> None:
    facts = bound.attempt(tmp_path / "none.elf", [], load("host"), "objdump")
    assert facts == {"bound_bytes": None, "reason": "not for host"}


def test_frames_of_the_compiler_count_where_they_are_larger_than_none(tmp_path: Path) -> None:
    """`work` takes 16 bytes by its instructions; the compiler says 24."""
    target = load("stm32f4")
    image = linked(target, CORTEX_M.format(handlers="0"), tmp_path)
    usage = tmp_path / "image.su"
    usage.write_text("image.c:1:2:work\t24\tstatic\nimage.c:5:2:safe_reset\t0\tstatic\n")
    found = bound.prove(image, [usage], target, build.tool(target, "objdump"))
    assert found.frames["work"] == 24
    assert found.program.bytes == 40 + 24
