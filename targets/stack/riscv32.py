"""RV32IMAC instructions: stack and flow of control. Source: RISC-V unprivileged ISA 20191213."""

import re

from targets.stack.listing import Effect, Instruction

_ADJUST = re.compile(r"^sp,sp,-(\d+)")
_BRANCHES = ("beq", "bne", "blt", "bge", "bltu", "bgeu", "bgt", "ble", "bgtu", "bleu")
_ZERO_BRANCHES = ("beqz", "bnez", "blez", "bgez", "bltz", "bgtz")
_RETURNS = ("ret", "mret", "ebreak")


def semantics(one: Instruction) -> Effect:
    """Return what one instruction does."""
    operands = one.operands.split("#")[0].strip()
    if one.name in ("add", "addi", "sub") and operands.startswith("sp,sp,"):
        found = _ADJUST.match(operands)
        is_number = operands[-1].isdigit() and not operands[6].isalpha()
        return Effect(pushed=int(found[1]) if found else 0, is_dynamic=not is_number)
    if one.name == "jal":
        return Effect(is_call=True)
    if one.name == "j":
        return Effect(is_jump=True, ends=True)
    if one.name == "jalr":
        return Effect(is_call=True, by_pointer=one.target is None)
    if one.name == "jr":
        return Effect(is_jump=True, by_pointer=one.target is None and operands != "ra", ends=True)
    if one.name in _RETURNS:
        return Effect(ends=True)
    if one.name in (*_BRANCHES, *_ZERO_BRANCHES):
        return Effect(is_jump=True)
    return Effect()
