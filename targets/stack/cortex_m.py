"""Thumb-2 instructions: stack and flow of control. Source: Arm v7-M ARM, DDI 0403E, chapter A7."""

import re

from targets.stack.listing import Effect, Instruction

_LIST = re.compile(r"\{(.*)\}")
_IMMEDIATE = re.compile(r"#(\d+)")
_PRE_DECREMENT = re.compile(r"\[sp, #-(\d+)\]!")
_CONDITIONS = "eq|ne|cs|hs|cc|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le"
_NAME = re.compile(
    rf"^(blx|bl|bx|b|push|vpush|pop|ldmia|ldm|ldr|mov|subw|subs|sub)({_CONDITIONS})?(\.[nw])?$"
)
_WORD, _DOUBLE = 4, 8


def _registers(operands: str) -> int:
    """Return the bytes of a register list."""
    found = _LIST.search(operands)
    total = 0
    for item in found[1].split(",") if found else ():
        first, _, last = item.strip().partition("-")
        count = int(last.lstrip("dsr")) - int(first.lstrip("dsr")) + 1 if last else 1
        total += count * (_DOUBLE if first.startswith("d") else _WORD)
    return total


def _pushed(name: str, operands: str) -> Effect | None:
    """Return the effect of what takes from the stack, or None."""
    if name in ("push", "vpush") or (name in ("stmdb", "vstmdb") and operands.startswith("sp!")):
        return Effect(pushed=_registers(operands))
    found = _PRE_DECREMENT.search(operands)
    if found:
        return Effect(pushed=int(found[1]))
    if name in ("sub", "subw", "subs") and re.match(r"sp\b", operands):
        amount = _IMMEDIATE.search(operands)
        return Effect(pushed=int(amount[1])) if amount else Effect(is_dynamic=True)
    return None


def semantics(one: Instruction) -> Effect:
    """Return what one instruction does."""
    found = _NAME.match(one.name)
    stem = found[1] if found else one.name.split(".")[0]
    always = found is None or found[2] is None  # in an IT block it may be left out
    operands = one.operands.split("@")[0].strip()
    pushed = _pushed(stem, operands)
    if pushed is not None:
        return pushed
    if stem in ("bl", "blx"):
        return Effect(is_call=True, by_pointer=one.target is None)
    if stem == "bx":
        returns = operands == "lr"
        return Effect(is_jump=not returns, by_pointer=not returns, ends=always)
    if stem == "b":
        return Effect(is_jump=True, ends=always)
    if stem in ("cbz", "cbnz", "le", "letp", "wls", "wlstp"):
        return Effect(is_jump=True)
    if stem in ("tbb", "tbh", "udf"):
        return Effect(ends=True)  # a table of places inside the function
    if stem == "mov" and re.match(r"pc\b", operands):
        return Effect(ends=always)  # it does not change to Arm code: the table of a switch
    if stem == "ldr" and re.match(r"pc\b", operands):
        is_pop = operands.endswith("], #4") and "[sp" in operands
        is_table = "[pc," in operands
        return Effect(is_jump=True, by_pointer=not (is_pop or is_table), ends=always)
    if stem in ("pop", "ldm", "ldmia") and re.search(r"\bpc\}", operands):
        return Effect(ends=always)
    return Effect()
