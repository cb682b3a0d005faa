"""What the user chose: the goal, and everything else that one generation is asked for."""

from dataclasses import dataclass
from typing import Literal, get_args

from targets.kernels import Isa
from targets.load import Target

Goal = Literal["speed", "size", "balanced"]
GOALS: tuple[Goal, ...] = get_args(Goal)
DEFAULT_BACKEND = "native"


@dataclass(frozen=True)
class KernelChoice:
    """What kernels to choose from, and what for.

    `isa` names the instruction set whose chain of folders is looked through; `optimize` says what
    to prefer where a faster form costs flash.
    """

    isa: Isa = "ref"
    optimize: Goal = "balanced"


@dataclass(frozen=True)
class Request:
    """What one generation is asked for."""

    name: str
    """Stem of files and C names."""
    target: Target
    isa: Isa
    """The target's instruction set, unless another was asked for."""
    goal: Goal = "balanced"
    backend: str = DEFAULT_BACKEND
    streaming: bool = False
    """Compute per sample what moves with the window."""
    standalone: bool = False
    """Add the runtime, so that the folder compiles by itself."""
