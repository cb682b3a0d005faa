"""What the user chose: the goal, and everything else that one generation is asked for."""

from dataclasses import dataclass
from typing import Literal, get_args

from targets.kernels import Isa

Goal = Literal["speed", "size", "balanced"]
GOALS: tuple[Goal, ...] = get_args(Goal)


@dataclass(frozen=True)
class KernelChoice:
    """What kernels to choose from, and what for.

    `isa` names the instruction set whose chain of folders is looked through; `optimize` says what
    to prefer where a faster form costs flash.
    """

    isa: Isa = "ref"
    optimize: Goal = "balanced"
