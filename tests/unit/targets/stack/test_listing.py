"""Instructions that take from the stack or lead elsewhere, as objdump prints them."""

import pytest

from targets.stack import cortex_m, listing, riscv32
from targets.stack.listing import Effect, Function, Instruction


def arm(name: str, operands: str = "", target: int | None = None) -> Effect:
    return cortex_m.semantics(Instruction(0, name, operands, target))


def riscv(name: str, operands: str = "", target: int | None = None) -> Effect:
    return riscv32.semantics(Instruction(0, name, operands, target))


@pytest.mark.parametrize(
    ("name", "operands", "pushed"),
    [
        ("push", "{r4, r5, lr}", 12),
        ("stmdb", "sp!, {r4, r5, r6, r7, r8, r9, sl, fp, lr}", 36),
        ("vpush", "{d8-d9}", 16),
        ("vpush", "{s16}", 4),
        ("sub", "sp, #28", 28),
        ("sub.w", "sp, sp, #1024\t@ 0x400", 1024),
        ("str.w", "r8, [sp, #-24]!", 24),
        ("strd", "r4, r5, [sp, #-16]!", 16),
        ("add", "sp, #28", 0),
        ("pop", "{r4, pc}", 0),
    ],
)
def test_thumb_takes(name: str, operands: str, pushed: int) -> None:
    assert arm(name, operands).pushed == pushed


def test_thumb_leads_elsewhere() -> None:
    assert arm("sub.w", "sp, sp, r3").is_dynamic
    assert arm("bl", "8000 <f>", 0x8000) == Effect(is_call=True)
    assert arm("blne", "8000 <f>", 0x8000) == Effect(is_call=True)
    assert arm("blx", "r3") == Effect(is_call=True, by_pointer=True)
    assert arm("bx", "lr") == Effect(ends=True)
    assert arm("bxeq", "lr") == Effect()
    assert arm("bx", "r3") == Effect(is_jump=True, by_pointer=True, ends=True)
    assert arm("b.w", "8000 <f>", 0x8000) == Effect(is_jump=True, ends=True)
    assert arm("bls.n", "8000 <f>", 0x8000) == Effect(is_jump=True)
    assert arm("ldmia.w", "sp!, {r4, pc}").ends
    assert arm("ldr.w", "pc, [sp], #4").ends
    assert not arm("ldr.w", "pc, [sp], #4").by_pointer
    assert arm("ldr.w", "pc, [r3, #8]").by_pointer


def test_riscv() -> None:
    assert riscv("add", "sp,sp,-32").pushed == 32
    assert riscv("add", "sp,sp,32") == Effect()
    assert riscv("add", "sp,sp,t0").is_dynamic
    assert riscv("sub", "sp,sp,a0").is_dynamic
    assert riscv("jal", "2000 <f>", 0x2000) == Effect(is_call=True)
    assert riscv("jalr", "a5") == Effect(is_call=True, by_pointer=True)
    assert riscv("jr", "a5") == Effect(is_jump=True, by_pointer=True, ends=True)
    assert riscv("jr", "ra").by_pointer is False
    assert riscv("ret").ends


TEXT = """
00000100 <first>:
 100:\tpush\t{r4, lr}
 102:\tbl\t200 <second>
 106:\tb.n\t102 <first+0x2>

00000200 <second>:
 200:\tsub\tsp, #8
 202:\tnop

00000210 <third>:
 210:\tbx\tlr
"""


def test_functions_of_a_listing() -> None:
    found = listing.parse(TEXT, cortex_m.semantics)
    first, second, third = (found[a] for a in (0x100, 0x200, 0x210))
    assert (first.pushed, first.calls, first.jumps) == (8, {0x200}, set())
    assert (second.pushed, second.jumps, second.falls_through) == (8, {0x210}, True)
    assert third == Function("third", 0x210)
