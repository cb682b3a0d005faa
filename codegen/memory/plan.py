"""What the planner produces and the checker judges: steps, storage requests, placements."""

from collections.abc import Mapping
from dataclasses import dataclass

from codegen.ir.graph import DType, Tensor

ARENA_ALIGNMENT = 16
"""SAFE_ARENA_ALIGNMENT of safe/model.h."""

TENSOR_ALIGNMENT = 4
"""Kernels may load whole words from any tensor; eight bytes only where the element has them."""


@dataclass(frozen=True)
class ScratchRequest:
    """Memory for one operator: for its call only, or for the arena's whole life."""

    operator_index: int
    name: str
    size_bytes: int
    alignment: int
    persistent: bool

    @property
    def label(self) -> str:
        """Return the name of this scratch in the plan, e.g. `op3.gates`."""
        return f"op{self.operator_index}.{self.name}"


@dataclass(frozen=True)
class Step:
    """One operator as memory traffic; constants and absent inputs are left out.

    A view reads one tensor and writes one, and both are the same bytes: nothing is copied.
    """

    operator_index: int
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    scratch: tuple[ScratchRequest, ...] = ()
    is_view: bool = False


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
    """Where everything lies. `tensors` has every tensor, views included."""

    arena_bytes: int
    blocks: tuple[tuple[Block, int], ...]
    """Each block with its first byte, in the order of the arena."""
    tensors: Mapping[int, int]
    """First byte of each tensor by its index."""
    scratch: Mapping[str, int]
    """First byte of each scratch by its label."""
    lower_bound_bytes: int
    """No plan can be smaller: the largest sum of blocks taken at one step."""
    method: str


def tensor_alignment(tensor: Tensor) -> int:
    """Return the alignment of a tensor's first byte."""
    return max(TENSOR_ALIGNMENT, DType(tensor.dtype).itemsize)
