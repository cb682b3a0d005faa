"""A call of a C kernel: what a backend makes of an operator, what memory plan and emitter read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from codegen.ir.graph import Array
from codegen.ir.step import Piece

COUNTER = "samples"
"""Name of the persistent scratch that counts the samples since the last reset: uint32."""
COUNTER_BYTES = 4


@dataclass(frozen=True)
class TensorArg:
    """A pointer to a non-constant tensor (in the arena, or the caller's buffer)."""

    tensor: int


@dataclass(frozen=True)
class ConstantArg:
    """A pointer to one of the call's constant arrays, by its `Constant.suffix`."""

    suffix: str


@dataclass(frozen=True)
class ParamsArg:
    """A pointer to the call's parameter structure."""


@dataclass(frozen=True)
class ScratchArg:
    """A pointer to the call's scratch memory in the arena, by name."""

    name: str


@dataclass(frozen=True)
class ListArg:
    """A pointer to an array of pointers: all inputs of a concatenation, all outputs of a split."""

    items: tuple[TensorArg | ConstantArg, ...]


Argument = TensorArg | ConstantArg | ParamsArg | ScratchArg | ListArg


@dataclass(frozen=True, eq=False)
class Constant:
    """An array in flash. `counts_as_weight`: part of the model's own weight and bias bytes."""

    suffix: str
    data: Array
    counts_as_weight: bool = True
    weight_bytes: int | None = None
    """Number of bytes of `data` that are the model's own; packing may add others. None: all."""

    @property
    def own_bytes(self) -> int:
        """Bytes of the model's own weights and biases."""
        if not self.counts_as_weight:
            return 0
        return self.data.nbytes if self.weight_bytes is None else self.weight_bytes


@dataclass(frozen=True)
class Scratch:
    """Memory that lives only during the call (`persistent=False`) or across calls."""

    name: str
    size_bytes: int
    persistent: bool = False
    alignment: int = 16
    """Power of two up to 16. A smaller one that the content allows makes a smaller arena."""


@dataclass(frozen=True, eq=False)
class KernelCall:
    """One call of a C kernel: `kernel(arguments…)`.

    `params` holds the fields of `params_type` in order; values are int, float (emitted as hex
    float), str (a C identifier, emitted as it is), or a nested mapping.
    """

    kernel: str
    header: str
    source: str
    """Stem of the file under `sdk/src/kernel/<isa>/`, e.g. `fully_connected`."""
    arguments: tuple[Argument, ...]
    params_type: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    constants: tuple[Constant, ...] = ()
    scratch: tuple[Scratch, ...] = ()
    macs: int = 0
    notes: tuple[str, ...] = ()
    """Lines for the manifest: which variant was chosen and why, proved bounds."""
    in_place: tuple[int, ...] = ()
    """Input tensors whose memory the first output may take when no later operator reads them. Only
    for a kernel that reads each byte of such an input before it writes that byte of the output,
    both starting at the same address: element-wise work from the first element to the last, or a
    depthwise kernel that copies a channel before it writes one."""
    pieces: tuple[Piece, ...] = ()
    """Offer to the memory plan: which values are bytes of which others, when the plan puts them so.
    Where the plan accepts, nothing has to be computed, and the call is dropped. Example: SPLIT
    along the outermost axis, where each part is a run of contiguous bytes of the input. Empty when
    bytes must be moved or changed."""
