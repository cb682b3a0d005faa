"""Cycles that an Ibex core takes for each instruction of a RISC-V listing.

Ibex reference guide, "Pipeline details", configuration maxperf: single-cycle multiplier, branch
target ALU, and a write-back stage, of which that page says nothing: an instruction behind a load
waits one cycle if it reads what was loaded, else nobody waits. Memory answers in the next cycle. A
jump costs one cycle more where its target is four bytes long and lies across two words.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from host_tools.perf.listing import TimedInstruction

_LOADS = ("lb", "lbu", "lh", "lhu", "lw")
_HIGH = ("mulh", "mulhu", "mulhsu")
_DIVISIONS = ("div", "divu", "rem", "remu")
_HIGH_CYCLES, _DIVISION_CYCLES, _LOAD_USE = 2, 38, 1
_WORD = 4
_TARGET = re.compile(r"([0-9a-f]{4,})$")
_REGISTER = re.compile(r"\b(?:zero|ra|sp|gp|tp|[ast]\d{1,2})\b")
_STORES_AND_BRANCHES = re.compile(r"s[bhw]|b\w+|j\w*")


@dataclass(frozen=True)
class Cost:
    """Cycles of an instruction, and those that it takes more where something else follows it."""

    issue: int
    taken: int


def _operands(instruction: TimedInstruction) -> str:
    """Return the operands without objdump's comment."""
    return instruction.operands.partition("#")[0].strip()


def _reads(instruction: TimedInstruction) -> set[str]:
    """Return the registers that an instruction reads: all but the first one, which is written."""
    found = _REGISTER.findall(_operands(instruction))
    if _STORES_AND_BRANCHES.fullmatch(instruction.mnemonic) is None:
        found = found[1:]
    return set(found)


def _issue(instruction: TimedInstruction, following: TimedInstruction | None) -> int:
    if instruction.mnemonic in _HIGH:
        return _HIGH_CYCLES
    if instruction.mnemonic in _DIVISIONS:
        return _DIVISION_CYCLES
    if instruction.mnemonic in _LOADS and following is not None:
        loaded = _REGISTER.findall(_operands(instruction))[:1]
        return 1 + _LOAD_USE * int(set(loaded) <= _reads(following))
    return 1


def costs(listed: Mapping[int, TimedInstruction]) -> dict[int, Cost]:
    """Return the cost of each instruction by its address."""
    ordered = sorted(listed)
    behind = dict(pairwise(ordered))
    found = {}
    for address in ordered:
        own = listed[address]
        target = _TARGET.search(_operands(own))
        place = int(target[1], 16) if target else 0
        across = place % _WORD == 2 and behind.get(place, place) - place == _WORD
        found[address] = Cost(_issue(own, listed.get(behind.get(address, 0))), 1 + int(across))
    return found
