"""Options of one generation: the goal, and everything else that the user chose."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from targets.kernels import Isa
from targets.load import Target

Goal = Literal["speed", "size", "balanced"]
GOALS: tuple[Goal, ...] = get_args(Goal)
DEFAULT_BACKEND = "native"


@dataclass(frozen=True)
class KernelChoice:
    """Instruction set whose kernels are chosen from, and the goal of the choice.

    `isa` names the instruction set whose chain of folders is looked through; `optimize` says what
    to prefer where a faster form costs flash.
    """

    isa: Isa = "ref"
    optimize: Goal = "balanced"


@dataclass(frozen=True)
class Request:
    """Request for one generation."""

    name: str
    """Stem of the generated files and C names."""
    target: Target
    isa: Isa
    """Instruction set: the target's, unless another was asked for."""
    goal: Goal = "balanced"
    backend: str = DEFAULT_BACKEND
    streaming: bool = False
    """Whether what moves with the window is computed per sample."""
    standalone: bool = False
    """Whether the runtime is added, so that the folder compiles by itself."""
    model: Path | None = None
    """Path of the model file, which a foreign runtime reads itself."""
    arena_bytes: int | None = None
    """Size of the arena of a runtime that measures it; None: not given."""
    source: Path | None = None
    """Folder of files that a vendor's tool has generated already; None: the tool is run."""
