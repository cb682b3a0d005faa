"""Everything that the emitters print: what any backend tells, and what SAFE's own kernels add."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from codegen.ir.call import Constant, KernelCall
from codegen.ir.graph import Graph, Operator, Tensor
from codegen.ir.stream import Stream
from codegen.memory.plan import Plan
from codegen.options import Goal
from targets.places import SDK


@cache
def runtime_version(macro: str) -> str:
    """Return the value of a macro of safe/version.h, e.g. SAFE_VERSION, without quotes."""
    header = (SDK / "include" / "safe" / "version.h").read_text(encoding="utf-8")
    found = re.search(rf'^#define {macro} "?([^"\n]+?)"?$', header, re.MULTILINE)
    if found is None:
        raise AssertionError(f"safe/version.h does not define {macro}")
    return found[1]


def _key(constant: Constant) -> object:
    """Return what must be equal for two constants to be one array."""
    data = constant.data
    return data.dtype.str, data.shape, data.tobytes(), constant.counts_as_weight


@dataclass(frozen=True)
class Edge:
    """An input or output of the model."""

    tensor: Tensor
    arena_start: int | None
    """First byte in the arena. None where a foreign runtime chooses the place when it starts."""


@dataclass(frozen=True)
class Block:
    """A piece of the arena, in use from operator `first` to operator `last`."""

    label: str
    start: int
    size_bytes: int
    first: int
    last: int


@dataclass(frozen=True)
class Arena:
    """The memory that a model works in, aligned to `SAFE_ARENA_ALIGNMENT`."""

    size_bytes: int
    method: str
    """Method by which the arena's size was found; for SAFE's own kernels the planner's."""
    lower_bound_bytes: int | None = None
    """Size that no plan can go below. None where nothing was planned."""
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True)
class OperatorRow:
    """Row of the manifest for one operator; a view has neither symbol nor kernel."""

    index: int
    kind: str
    name: str
    symbol: str | None
    kernel: str | None
    macs: int
    scratch_bytes: int
    variant: str | None
    source: str | None
    estimated_instructions: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Estimate:
    """Cost of some operators: instructions, and bytes of calls and constants (each once)."""

    instructions: int
    flash_bytes: int


@dataclass(frozen=True)
class Decision:
    """Two forms of the same computation, and whether the new one was taken."""

    operator: Operator
    """The operator of the new form."""
    taken: bool
    replaced: int
    """Number of operators that the new form stands for."""
    new: Estimate
    old: Estimate


@dataclass(frozen=True)
class Unrolled:
    """A recurrent loop of the file that stays unrolled: index of its UNPACK, steps, and why."""

    index: int
    steps: int
    reason: str


@dataclass(frozen=True, eq=False, kw_only=True)
class Program:
    """Result of a backend for a model: all that budget, detector, manifest and report read."""

    name: str
    sha256: str
    target: str
    isa: str
    goal: Goal
    backend: str
    """Name of the backend that made it."""
    code: int
    """The backend's number in HELLO."""
    inputs: tuple[Edge, ...]
    """Inputs of the model as in the file. With streaming, an input is the whole window, and its
    place in the arena is the place of the newest sample."""
    outputs: tuple[Edge, ...]
    arena: Arena
    weight_bytes: int
    """Bytes of the model's own weights and biases."""
    constant_bytes: int
    """Bytes that generation adds: multipliers, shifts, tables, and what packing fills in."""
    operators: tuple[OperatorRow, ...] = ()
    sources: tuple[Path, ...] = ()
    """Kernel files that the program calls."""
    decisions: tuple[Decision, ...] = ()
    """Decisions between two forms of the graph, for the manifest."""
    unrolled: tuple[Unrolled, ...] = ()
    """Recurrent loops that stay step by step."""
    runtime: str = ""
    """Name and version of the foreign runtime that computes it; empty: none, or not told."""
    stream: Stream | None = None
    """Description of a streamed program: which operators run per sample. None without streaming."""
    keeps_state: bool = False
    """Whether a call goes on from the one before: the model has resource variables."""

    @property
    def has_network(self) -> bool:
        """Return whether there is a model to run; a detector may do without."""
        return len(self.inputs) > 0

    @property
    def prefix(self) -> str:
        """Return the stem of every C name and file of the model."""
        return f"safe_{self.name}"

    @property
    def macro_prefix(self) -> str:
        """Return the stem of every macro of the model."""
        return self.prefix.upper()

    def symbol(self, operator: Operator) -> str:
        """Return the C function of an operator, by which a profiler finds it."""
        return symbol(self.name, operator)

    @property
    def banner(self) -> list[str]:
        """Return the lines at the head of every generated file: no date, path or host."""
        return [
            f"Generated by SAFE {runtime_version('SAFE_VERSION')}: model {self.name}, "
            f"target {self.target} ({self.isa}), backend {self.backend}.",
            f"{'Model' if self.has_network else 'No network; constants'} SHA-256: {self.sha256}",
        ]


Calls = Sequence[tuple[Operator, KernelCall | None]]
"""Each operator with its call, in execution order; None is a view."""


@dataclass(frozen=True, eq=False, kw_only=True)
class KernelProgram(Program):
    """A program of calls of SAFE's own kernels, in an arena that is planned."""

    graph: Graph
    calls: Calls
    plan: Plan
    source_operator_count: int
    """Operators in the file, before passes: the n of `op 3/n`."""

    def constant_name(self, operator: Operator, constant: Constant) -> str:
        """Return the C array of a constant; equal constants of several operators share one."""
        owner, first = self._unique.get(_key(constant), (operator, constant))
        return f"{self.prefix}_op{owner.index}_{first.suffix}"

    def constants(self) -> list[tuple[Operator, Constant]]:
        """Return the different constants of all calls, in execution order."""
        return list(self._unique.values())

    @cached_property
    def _unique(self) -> dict[object, tuple[Operator, Constant]]:
        return _different(self.calls)


def symbol(name: str, operator: Operator) -> str:
    """Return the C function of an operator of model `name`."""
    kind = re.sub(r"[^a-z0-9_]", "_", operator.kind.lower())
    return f"safe_{name}_op{operator.index}_{kind}"


def _different(calls: Calls) -> dict[object, tuple[Operator, Constant]]:
    found: dict[object, tuple[Operator, Constant]] = {}
    for operator, call in calls:
        for constant in () if call is None else call.constants:
            found.setdefault(_key(constant), (operator, constant))
    return found


def flash_bytes(calls: Calls) -> tuple[int, int]:
    """Return the bytes of weights and biases, and of all other constants; equal ones count once."""
    constants = [constant for _, constant in _different(calls).values()]
    own = sum(constant.own_bytes for constant in constants)
    return own, sum(constant.data.nbytes for constant in constants) - own
