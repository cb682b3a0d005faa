"""The linked code as functions: what each calls, jumps to, and takes from the stack.

Read from the toolchain's own disassembler, so that inlining, calls that the linker shortened, the C
library and assembly are seen as they are in the image.
"""

import re
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from targets import processes
from targets.errors import BuildError

_HEADER = re.compile(r"^([0-9a-f]+) <(.+)>:$")
_LINE = re.compile(r"^\s*([0-9a-f]+):\s+(\S+)\s*(.*)$")
_TARGET = re.compile(r"\b([0-9a-f]+) <[^>]+>")
_VENEER = re.compile(r"__(\w.*)_veneer")
_SECONDS = 120
_NO_CODE = (".word", ".short", ".byte", "...")
_FILLING = ("nop", "nop.w", "c.nop", "unimp", "c.unimp")


@dataclass
class ListedFunction:
    """One function of the image, by its address.

    `pushed` is everything that its instructions take from the stack, however they are reached;
    `calls` leaves its frame in place, `jumps` may go elsewhere for good; `pointers` are the places
    that call or jump to an address in a register, and `calls_pointer` whether one is a call.
    """

    name: str
    address: int
    pushed: int = 0
    is_dynamic: bool = False
    calls: set[int] = field(default_factory=set)
    jumps: set[int] = field(default_factory=set)
    pointers: list[int] = field(default_factory=list)
    calls_pointer: bool = False
    taken: set[int] = field(default_factory=set)
    falls_through: bool = False
    last: int = 0
    """Address of its last instruction."""

    @property
    def stem(self) -> str:
        """The name without what the compiler appends to a copy or a part."""
        return self.name.split(".", 1)[0]


@dataclass(frozen=True)
class Instruction:
    """Mnemonic and operands; `target` is the address that the disassembler resolved, if any."""

    address: int
    name: str
    operands: str
    target: int | None


@dataclass(frozen=True)
class Effect:
    """Effect of an instruction on the stack and on the flow of control."""

    pushed: int = 0
    is_dynamic: bool = False
    is_call: bool = False
    is_jump: bool = False
    by_pointer: bool = False
    ends: bool = False
    """Whether execution never continues behind the instruction."""


Semantics = Callable[[Instruction], Effect]


def disassemble(objdump: str, elf: Path) -> str:
    """Return the text of `objdump -d`; BuildError when it fails."""
    command = [objdump, "-d", "--no-show-raw-insn", "-w", str(elf)]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
            preexec_fn=processes.with_parent(),
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise BuildError(f"{elf}: cannot be disassembled with {objdump}: {error}") from error
    return done.stdout


def parse(text: str, semantics: Semantics) -> dict[int, ListedFunction]:
    """Return the functions of a disassembly by address."""
    functions: dict[int, ListedFunction] = {}
    current: ListedFunction | None = None
    bodies: dict[int, list[Instruction]] = {}
    for line in text.splitlines():
        header = _HEADER.match(line)
        if header:
            current = ListedFunction(header[2], int(header[1], 16))
            functions[current.address] = current
            bodies[current.address] = []
            continue
        found = _LINE.match(line)
        if current is None or not found or found[2] in _NO_CODE:
            continue
        operands = found[3]
        target = _TARGET.search(operands)
        address = int(target[1], 16) if target else None
        bodies[current.address].append(Instruction(int(found[1], 16), found[2], operands, address))
    starts = sorted(functions)
    for place, start in enumerate(starts):
        following = starts[place + 1] if place + 1 < len(starts) else None
        _read(functions[start], bodies[start], semantics, following)
    _follow_veneers(functions)
    return functions


def _follow_veneers(functions: dict[int, ListedFunction]) -> None:
    """Let the linker's long branches go where their names say: they load the address."""
    by_name = {function.name: function.address for function in functions.values()}
    for function in functions.values():
        found = _VENEER.fullmatch(function.name)
        if found is not None and found[1] in by_name:
            function.pointers.clear()
            function.jumps = {by_name[found[1]]}
            function.falls_through = False


def _read(
    function: ListedFunction,
    body: Iterable[Instruction],
    semantics: Semantics,
    following: int | None,
) -> None:
    """Add up one body; `following` is the address of the next function."""
    ends = True
    computed: set[str] = set()
    function.last = function.address
    for one in body:
        function.last = one.address
        effect = semantics(one)
        if effect.by_pointer and effect.is_jump and one.operands.strip() in computed:
            # A sum, not a loaded value: a switch jumps by a table of distances.
            effect = Effect(ends=True)
        written = one.operands.split(",", 1)[0]
        (computed.add if one.name == "add" else computed.discard)(written)
        function.pushed += effect.pushed
        function.is_dynamic |= effect.is_dynamic
        if effect.by_pointer:
            function.pointers.append(one.address)
            function.calls_pointer |= effect.is_call
        elif one.target is not None and (effect.is_call or effect.is_jump):
            is_inside = function.address <= one.target < (following or 1 << 32)
            if not is_inside or (effect.is_call and one.target == function.address):
                (function.calls if effect.is_call else function.jumps).add(one.target)
        elif one.target is not None:
            function.taken.add(one.target)
        if one.name not in _FILLING:
            # The compiler puts a call last only when it does not return.
            ends = effect.ends or effect.is_call
    if not ends and following is not None:
        function.jumps.add(following)
        function.falls_through = True
