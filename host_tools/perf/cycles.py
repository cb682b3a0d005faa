"""Estimated clock cycles of a profile, by the instruction timings of the Cortex-M4.

Arm 100166 (Cortex-M4 Technical Reference Manual, r0p1), sections 3.3.1 to 3.3.3 (instructions,
overlapping loads and stores) and 7.2.3 (FPU). It is an estimate: no wait states of flash, no
contention; a refill of the pipeline (P, 1 to 3 cycles) is taken as 2 and a division (2 to 12) as 7.
There is no official table for the Cortex-M33; its figure is the Cortex-M4's, and less certain. For
RISC-V the core is an Ibex (`host_tools.perf.ibex`). Cortex-M0+ and Cortex-M55 have none.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from host_tools.perf import ibex
from host_tools.perf.ibex import Cost
from host_tools.perf.listing import TimedInstruction
from targets import build
from targets.command import run
from targets.emulate.count import Executed
from targets.errors import BuildError
from targets.load import Target

REFILL = 2
_SECONDS = 60
DIVIDE = 7
_IBEX = ("rv32imac", "rv32imac_zba_zbb", "rv32imc")
CORES = {"cortex-m4": 10, "cortex-m33": 15} | dict.fromkeys(_IBEX, 3)
"""Cores that have an estimate, with its uncertainty in percent."""
_LINE = re.compile(r"^\s*([0-9a-f]+):\t[0-9a-f ]+\t(\S+)(?:\t([^;@<\n]*))?", re.MULTILINE)
_CONDITION = r"(?:eq|ne|cs|hs|cc|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le|al)?"
_SINGLE = re.compile(rf"(ldr|str)(b|h|sb|sh|ex|a)?{_CONDITION}")
_VECTOR_SINGLE = re.compile(rf"v(ldr|str){_CONDITION}")
_DOUBLE = re.compile(rf"(ldrd|strd){_CONDITION}")
_MULTIPLE = re.compile(rf"(ldm|stm|push|pop|vldm|vstm|vpush|vpop)(ia|db|ib|da|fd|ea)?{_CONDITION}")
_DIVISION = re.compile(rf"[su]div{_CONDITION}")
_FPU = {"vdiv": 14, "vsqrt": 14, "vmla": 3, "vmls": 3, "vfma": 3, "vfms": 3, "vnmla": 3}
_TABLE_BRANCH = {"tbb", "tbh"}


@dataclass(frozen=True)
class Estimator:
    """How the cycles of a core are estimated."""

    label: str
    """Source of its timings, and what they leave out; begins with the word estimate."""
    uncertainty_percent: int
    """Bound of the relative error, either way, as far as it is known."""


def estimator(target: Target) -> Estimator | None:
    """Return how the cycles of the target's core are estimated, None where they are not."""
    if (percent := CORES.get(target.cpu.name)) is None:
        return None
    if target.cpu.name in _IBEX:
        label = "estimate: an Ibex core (maxperf), memory that answers in the next cycle"
        return Estimator(f"{label}; ±{percent}%", percent)
    guessed = "" if target.cpu.name == "cortex-m4" else f", a guess for {target.cpu.name}"
    label = f"estimate: Cortex-M4 TRM timings{guessed}, no wait states; ±{percent}%"
    return Estimator(label, percent)


def _mnemonic(text: str) -> str:
    """Return a mnemonic without width suffix and element type: `ldr.w` and `vmov.f32` lose it."""
    return text.partition(".")[0]


def _is_single(mnemonic: str) -> bool:
    return _SINGLE.fullmatch(mnemonic) is not None or _VECTOR_SINGLE.fullmatch(mnemonic) is not None


def parse_listing(text: str) -> dict[int, TimedInstruction]:
    """Read the output of `objdump -d`, by address."""
    found: dict[int, TimedInstruction] = {}
    before = ""
    for match in _LINE.finditer(text):
        mnemonic = _mnemonic(match[2])
        address = int(match[1], 16)
        found[address] = TimedInstruction(
            address, mnemonic, (match[3] or "").strip(), _is_single(before)
        )
        before = mnemonic
    return found


def listing(target: Target, elf: Path) -> dict[int, TimedInstruction]:
    """Disassemble `elf` with the target's objdump; BuildError when that fails."""
    command = [build.tool(target, "objdump"), "-d", "-w", str(elf)]
    result = run(command, _SECONDS, timeout=BuildError)
    if result.returncode != 0:
        raise BuildError(f"objdump: {(result.stderr.strip().splitlines() or ['failed'])[0]}")
    return parse_listing(result.stdout)


def _registers(operands: str) -> int:
    """Return how many registers the braces of a multiple access name; ranges count in full."""
    inside = operands[operands.find("{") + 1 : operands.find("}")]
    total = 0
    for part in inside.split(","):
        first, _, last = part.strip().partition("-")
        total += 1
        if last and first[1:].isdigit() and last[1:].isdigit():
            total += int(last[1:]) - int(first[1:])
        elif last:
            total += _named(last) - _named(first)
    return total


def _named(register: str) -> int:
    names = {"sl": 10, "fp": 11, "ip": 12, "sp": 13, "lr": 14, "pc": 15}
    return names[register] if register in names else int(register[1:])


def issue_cycles(instruction: TimedInstruction) -> int:
    """Return the cycles of an instruction that is not a taken branch."""
    name, operands = instruction.mnemonic, instruction.operands
    if _is_single(name):
        load = name.startswith(("ldr", "vldr"))
        return 2 if load and not instruction.neighbour_is_access else 1
    if _DOUBLE.fullmatch(name):
        return 3
    if _MULTIPLE.fullmatch(name):
        return 1 + _registers(operands)
    if _DIVISION.fullmatch(name):
        return DIVIDE
    if name in _TABLE_BRANCH:
        return 2
    return _FPU.get(name, 1)


def estimate(
    executed: Iterable[Executed], listed: Mapping[int, TimedInstruction], *, riscv: bool = False
) -> dict[int, float]:
    """Return the estimated cycles by marker (see Executed), over all counted calls."""
    if riscv:
        known = ibex.costs(listed)
    else:
        known = {k: Cost(issue_cycles(one), REFILL) for k, one in listed.items()}
    cycles: dict[int, float] = {}
    for row in executed:
        cost = known.get(row.address, Cost(1, REFILL))
        total = row.executed * cost.issue + row.taken * cost.taken
        cycles[row.marker] = cycles.get(row.marker, 0.0) + total
    return cycles
