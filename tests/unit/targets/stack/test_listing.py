"""Instructions that take from the stack or lead elsewhere, as objdump prints them."""

from pathlib import Path

import pytest

from targets.errors import BuildError
from targets.stack import cortex_m, listing, riscv32
from targets.stack.listing import Effect, Instruction, ListedFunction


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
        ("stmdb.w", "sp!, {r4, lr}", 8),
        ("stmdb", "r4!, {r4, lr}", 0),
        ("vstmdb", "sp!, {d8, d9}", 16),
        ("push", "{r4, r5-r7}", 16),
        ("subs", "r0, #4", 0),
        ("subw", "sp, sp, #1028", 1028),
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


def test_thumb_branches_that_compare_and_tables() -> None:
    assert arm("cbz", "r0, 8010 <f+0x10>", 0x8010) == Effect(is_jump=True)
    assert arm("cbnz", "r0, 8010 <f+0x10>", 0x8010) == Effect(is_jump=True)
    assert arm("le", "lr, 8010 <f+0x10>", 0x8010) == Effect(is_jump=True)
    for name in ("tbb", "tbh", "udf"):
        assert arm(name, "[pc, r0]") == Effect(ends=True)
    assert arm("mov", "pc, r3") == Effect(ends=True)  # Armv6-M has no other


@pytest.mark.parametrize(
    ("name", "operands", "by_pointer"),
    [
        ("ldr.w", "pc, [sp], #4", False),
        ("ldr.w", "pc, [pc, r1, lsl #2]", False),
        ("ldr.w", "pc, [sp, #8]", True),
        ("ldr.w", "pc, [r3], #4", True),
    ],
)
def test_thumb_loads_of_the_program_counter(name: str, operands: str, by_pointer: bool) -> None:
    assert arm(name, operands) == Effect(is_jump=True, by_pointer=by_pointer, ends=True)


@pytest.mark.parametrize(
    ("name", "operands"),
    [("pop", "{r4, r5}"), ("ldr", "r0, [pc, #4]"), ("mov", "r0, pc"), ("nop", ""), ("b", "lr")],
)
def test_thumb_that_leads_on(name: str, operands: str) -> None:
    assert arm(name, operands).is_jump == (name == "b")
    assert not arm(name, operands).by_pointer
    assert arm(name, operands).ends == (name == "b")


def test_a_condition_may_leave_out_what_leads_elsewhere() -> None:
    assert arm("ldrne.w", "pc, [r3]") == Effect(is_jump=True, by_pointer=True)
    assert arm("popeq", "{r4, pc}") == Effect()
    assert arm("ldmiaeq.w", "sp!, {r4, pc}") == Effect()


RISCV_BRANCHES = "beq bne blt bge bltu bgeu bgt ble bgtu bleu beqz bnez blez bgez bltz bgtz"


def test_riscv_leads_elsewhere() -> None:
    for name in RISCV_BRANCHES.split():
        assert riscv(name, "a0,a1,2000 <f>", 0x2000) == Effect(is_jump=True), name
    for name in ("ret", "mret", "ebreak"):
        assert riscv(name) == Effect(ends=True)
    assert riscv("j", "2000 <f>", 0x2000) == Effect(is_jump=True, ends=True)
    assert riscv("jr", "-30(t1) # 2000 <f>", 0x2000) == Effect(is_jump=True, ends=True)
    assert riscv("jalr", "-30(ra) # 2000 <f>", 0x2000) == Effect(is_call=True)
    assert riscv("jr", "ra") == Effect(is_jump=True, ends=True)


@pytest.mark.parametrize(
    ("name", "operands", "expected"),
    [
        ("addi", "sp,sp,-16", Effect(pushed=16)),
        ("add", "sp,sp,-2000 # x", Effect(pushed=2000)),
        ("addi", "sp,sp,16", Effect()),
        ("addi", "sp,sp,8", Effect()),
        ("addi", "sp,sp,-8", Effect(pushed=8)),
        ("add", "sp,sp,a5", Effect(is_dynamic=True)),
        ("add", "sp,sp,t0", Effect(is_dynamic=True)),
        ("add", "a0,sp,-16", Effect()),
        ("sub", "sp,sp,s11", Effect(is_dynamic=True)),
        ("sub", "a0,sp,a1", Effect()),
        ("lw", "sp,sp,4", Effect()),
    ],
)
def test_riscv_takes(name: str, operands: str, expected: Effect) -> None:
    assert riscv(name, operands) == expected


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
    assert third == ListedFunction("third", 0x210, last=0x210)


def parsed(text: str) -> dict[str, ListedFunction]:
    return {f.name: f for f in listing.parse(text, cortex_m.semantics).values()}


def test_what_stays_inside_is_no_jump() -> None:
    """Its own first instruction is inside, the next function's is not."""
    found = parsed("""
00000100 <loop>:
 100:\tbeq.n\t100 <loop>
 102:\tbl\t104 <loop+0x4>
 104:\tb.n\t10a <loop+0xa>
 106:\tbl\t100 <loop>
 10a:\tb.n\t10c <next>

0000010c <next>:
 10c:\tbx\tlr
""")
    assert (found["loop"].jumps, found["loop"].calls) == ({0x10C}, {0x100})
    assert not found["loop"].falls_through


def test_the_last_function_has_no_end() -> None:
    found = parsed("""
90000000 <last>:
90000000:\tcbz\tr0, 90000004 <last+0x4>
90000002:\tb.n\t8fff0000 <before>
90000004:\tnop
""")
    assert found["last"].jumps == {0x8FFF0000}
    assert not found["last"].falls_through


@pytest.mark.parametrize(
    ("body", "falls_through"),
    [
        ("bx\tlr", False),
        ("bx\tlr\n 104:\tnop\n 106:\tnop.w", False),
        ("bx\tlr\n 104:\t.word\t0x00001234\n 108:\t.short\t0x12", False),
        ("bl\t200 <other>", False),
        ("bl\t200 <other>\n 104:\tnop", False),
        ("bx\tlr\n 104:\tadds\tr0, #1", True),
        ("bxeq\tlr", True),
        (".word\t0x00001234", False),
    ],
)
def test_what_runs_into_the_next_function(body: str, falls_through: bool) -> None:
    text = f"\n00000100 <f>:\n 100:\t{body}\n\n00000200 <other>:\n 200:\tbx\tlr\n"
    found = parsed(text)["f"]
    assert found.falls_through == falls_through
    assert found.jumps == ({0x200} if falls_through else set())


def test_a_sum_is_a_table_and_a_loaded_value_a_pointer() -> None:
    found = parsed("""
00000100 <table>:
 100:\tadd\tr3, pc, r3
 102:\tbx\tr3
00000200 <loaded>:
 200:\tadd\tr3, pc, r3
 202:\tldr\tr3, [r3, #0]
 20a:\tbx\tr3
00000300 <other>:
 300:\tadd\tr2, pc, r2
 302:\tblx\tr3
 304:\tbx\tr3
""")
    assert (found["table"].pointers, found["table"].falls_through) == ([], False)
    assert (found["loaded"].pointers, found["loaded"].calls_pointer) == ([0x20A], False)
    assert (found["other"].pointers, found["other"].calls_pointer) == ([0x302, 0x304], True)


def test_one_step_of_run_time_makes_a_frame_dynamic() -> None:
    found = parsed("""
00000100 <moves>:
 100:\tsub.w\tsp, sp, r3
 104:\tpush\t{r4}
 106:\tpush\t{r5, r6}
 108:\tbx\tlr
""")
    assert (found["moves"].is_dynamic, found["moves"].pushed) == (True, 12)


def test_an_address_that_is_neither_called_nor_jumped_to_is_taken() -> None:
    found = parsed("""
00000100 <f>:
 100:\tldr\tr0, [pc, #4]\t@ (200 <other>)
 102:\tbl\t300 <third>
 104:\tbx\tlr
00000200 <other>:
 200:\tbx\tlr
""")
    assert (found["f"].taken, found["f"].calls) == ({0x200}, {0x300})


def test_the_stem_is_the_name_up_to_the_first_point() -> None:
    assert ListedFunction("f.part.0.cold", 1).stem == "f"
    assert ListedFunction("f", 1).stem == "f"


def test_what_cannot_be_disassembled_is_an_error(tmp_path: Path) -> None:
    for command in ("false", "no-such-objdump"):
        with pytest.raises(BuildError, match=f"cannot be disassembled with {command}"):
            listing.disassemble(command, tmp_path / "image.elf")
