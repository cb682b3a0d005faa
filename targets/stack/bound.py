"""The bound of an image's stack: program, hardware's frame, interrupt handler."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from targets import elf as elf_file
from targets.errors import BudgetError, BuildError
from targets.load import Target
from targets.stack import cortex_m, listing, riscv32, usage, words
from targets.stack.graph import RESET, CallChain, CallGraph
from targets.stack.listing import ListedFunction, Semantics

_FAULTS = ("safe_fault_entry", "safe_isr_unexpected")
_FAULT_REPORT = "safe_fault_report"
FAULT_RESERVE = 512
"""Number of bytes that fault.c of cortex_m leaves to the report; where fewer are left it starts the
stack anew."""
_CORE_FRAME, _FPU_FRAME, _ALIGNMENT = 32, 104, 4
"""Number of bytes that a Cortex-M pushes at an exception, without and with floating point, and the
alignment: DDI 0403E B1.5.6 and B1.5.7, DDI 0553 B3.19."""


@dataclass(frozen=True)
class Arch:
    """Differences between the cores."""

    semantics: Semantics
    has_exception_frame: bool


_ARCHS = {
    "cortex_m": Arch(cortex_m.semantics, has_exception_frame=True),
    # A trap pushes nothing: the handler's own frame holds what it saves.
    "riscv32": Arch(riscv32.semantics, has_exception_frame=False),
}


@dataclass(frozen=True)
class Bound:
    """The deepest that the stack of an image gets.

    All handlers have the priority of reset, so that none interrupts another (DDI 0403E B1.5.4), and
    a trap of RISC-V masks traps (privileged architecture 3.1.6.1): one handler at a time lies on
    the program. A fault's report ends in a reset, and has room of its own.
    """

    program: CallChain
    exception_frame: int
    interrupt: CallChain | None
    fault: CallChain
    reserved: int
    frames: dict[str, int]

    @property
    def total(self) -> int:
        """Bytes below the stack's end that may be written, faults apart."""
        above = self.interrupt.bytes + self.exception_frame if self.interrupt else 0
        return self.program.bytes + above

    def facts(self) -> dict[str, Any]:
        """Return the report as a JSON object."""
        chains = {"program": self.program, "interrupt": self.interrupt, "fault": self.fault}
        return {
            "bound_bytes": self.total,
            "reserved_bytes": self.reserved,
            "exception_frame_bytes": self.exception_frame,
            **{
                name: {"bytes": chain.bytes, "chain": [link._asdict() for link in chain.links]}
                for name, chain in chains.items()
                if chain
            },
            "frames": dict(sorted(self.frames.items())),
        }


def _handlers(graph: CallGraph, table: words.Words) -> tuple[set[int], set[int]]:
    """Return the functions that an interrupt or exception enters, and what else is no callee."""
    if table.vectors:
        return {word & ~1 for word in table.vectors[2:] if word}, set()
    vectors = graph.named("safe_isr_vectors")
    return set(vectors.jumps), {vectors.address}


def _exception_frame(target: Target, arch: Arch) -> int:
    if not arch.has_exception_frame:
        return 0
    has_fpu = any(flag.startswith("-mfpu=") for flag in target.cpu.flags)
    return (_FPU_FRAME if has_fpu else _CORE_FRAME) + _ALIGNMENT


def _deepest(graph: CallGraph, starts: Iterable[ListedFunction]) -> CallChain | None:
    return max((graph.deepest(start) for start in starts), key=lambda c: c.bytes, default=None)


def prove(image: Path, stack_usage: Iterable[Path], target: Target, objdump: str) -> Bound:
    """Return the bound of a linked image; BuildError where none can be proved.

    `stack_usage` are the `.su` files of its objects.
    """
    arch = _ARCHS[target.target.arch]
    functions = listing.parse(listing.disassemble(objdump, image), arch.semantics)
    files = {s.address: s.file for s in elf_file.read(image).functions() if s.file}
    stored = words.read(image)
    graph = CallGraph(functions, files, usage.read(stack_usage), stored)
    entered, apart = _handlers(graph, stored)
    unnamed = graph.unnamed(entered | apart | {graph.named(RESET).address})
    if unnamed:
        raise BuildError(
            f"{image}: the address of {unnamed[0]} is stored, and no pointer of "
            "targets/stack/pointers.toml names it"
        )
    handlers = [graph.functions[a] for a in sorted(entered)]
    return Bound(
        program=graph.deepest(graph.named(RESET)),
        exception_frame=_exception_frame(target, arch),
        interrupt=_deepest(graph, (f for f in handlers if f.stem not in _FAULTS)),
        fault=graph.deepest(graph.named(_FAULT_REPORT)),
        reserved=target.stack.size_bytes,
        frames={f.name: graph.frame(f) for f in graph.functions.values()},
    )


def of_calls(
    image: Path, stack_usage: Iterable[Path], target: Target, objdump: str, names: Iterable[str]
) -> int:
    """Return the bytes of stack that calls of functions of a linked image take at most.

    The image is no program: others call it. Raises BuildError where that cannot be proved.
    """
    arch = _ARCHS[target.target.arch]
    functions = listing.parse(listing.disassemble(objdump, image), arch.semantics)
    files = {s.address: s.file for s in elf_file.read(image).functions() if s.file}
    graph = CallGraph(functions, files, usage.read(stack_usage), words.read(image))
    return max(graph.deepest(graph.named(name)).bytes for name in names)


def attempt(
    image: Path, stack_usage: Iterable[Path], target: Target, objdump: str
) -> dict[str, Any]:
    """Return the facts for the size report, or None as the bound and why it could not be proved."""
    if target.target.arch not in _ARCHS:
        return {"bound_bytes": None, "reason": f"not for {target.target.arch}"}
    try:
        return prove(image, stack_usage, target, objdump).facts()
    except BuildError as error:
        return {"bound_bytes": None, "reason": str(error)}


def summary(facts: Mapping[str, Any]) -> str:
    """Return the facts in one line."""
    if facts["bound_bytes"] is None:
        return f"stack bound not proved: {facts['reason']}"
    handler = facts.get("interrupt", {"bytes": 0})["bytes"]
    return (
        f"stack {facts['bound_bytes']:,} bytes at most, proved: program "
        f"{facts['program']['bytes']:,}, exception {facts['exception_frame_bytes']:,}, "
        f"interrupt {handler:,}"
    )


def check(facts: Mapping[str, Any], name: str, more: int = 0) -> None:
    """Raise BudgetError where a proved bound is larger than what target `name` reserves.

    `more` is what code of elsewhere may take above it.
    """
    if facts["bound_bytes"] is None:
        return
    needs = {
        "the stack": (facts["bound_bytes"] + more, facts["reserved_bytes"], facts["program"]),
        "a fault's report": (facts["fault"]["bytes"], FAULT_RESERVE, facts["fault"]),
    }
    for what, (most, room, chain) in needs.items():
        if most > room:
            links = " > ".join(f"{c['function']} {c['frame_bytes']}" for c in chain["chain"])
            raise BudgetError(
                f"{what} can take {most} bytes, {most - room} more than its {room} on {name}: "
                f"{links}; raise size_bytes of [stack] in {name}.toml"
            )
