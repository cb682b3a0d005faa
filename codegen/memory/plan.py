"""Memory plan that the planner makes and the checker judges: blocks and their places."""

from collections.abc import Mapping
from dataclasses import dataclass

from codegen.ir.graph import DType, Tensor

ARENA_ALIGNMENT = 16
"""Alignment of the arena, SAFE_ARENA_ALIGNMENT of safe/model.h."""

TENSOR_ALIGNMENT = 4
"""Alignment of every tensor: kernels may load whole words from it. Only elements of eight bytes are
aligned to eight."""


@dataclass(frozen=True)
class Block:
    """A piece of the arena and the steps, both ends included, during which it is taken.

    Step −1 is before the first operator (inputs are filled then); the number of steps is after
    the last one (outputs are read then).
    """

    label: str
    size_bytes: int
    alignment: int
    first: int
    last: int


@dataclass(frozen=True)
class Plan:
    """Places of all blocks in the arena. `tensors` has every tensor, views included."""

    arena_bytes: int
    blocks: tuple[tuple[Block, int], ...]
    """Each block with its first byte, in the order of the arena."""
    tensors: Mapping[int, int]
    """First byte of each tensor by its index."""
    scratch: Mapping[str, int]
    """First byte of each scratch by its label."""
    labels: Mapping[int, str]
    """Label of the block of each tensor."""
    lower_bound_bytes: int
    """Size that no plan can go below: the largest sum of the blocks in use during one step."""
    method: str
    views: frozenset[int] = frozenset()
    """Operators whose offer to be a view was taken: they need no code."""


def tensor_alignment(tensor: Tensor) -> int:
    """Return the alignment of a tensor's first byte."""
    return max(TENSOR_ALIGNMENT, DType(tensor.dtype).itemsize)
