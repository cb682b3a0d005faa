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
