"""What an operator gives to the generator: checks, integer reference, and a kernel call.

One file per operator holds all of it. `codegen.operators.registry` finds the files by a
sorted scan: each defines `OPERATOR = <subclass of OperatorSpec>()`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, get_args

from codegen.ir.graph import Array, Graph, Operator
from codegen.ir.step import Piece


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
    """The model's own bytes among those of `data`, where packing adds some; default: all."""

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
    """Input tensors whose memory the first output may take, when nobody reads them later.

    Only for a kernel that reads each byte of such an input before it writes that byte of the
    output, both starting at the same address: element-wise work, first element to last, or a
    depthwise kernel that copies a channel before it writes one.
    """
    pieces: tuple[Piece, ...] = ()
    """How the operator's values are bytes of each other, where its layout is so: an offer.

    Where the memory plan can put the values so, nothing is to be done, and the call is dropped.
    Example: SPLIT along the outermost axis, each part some contiguous bytes of the input. Empty
    when bytes must be moved or changed.
    """


Isa = Literal["ref", "dsp", "rv32"]
ISAS: tuple[Isa, ...] = get_args(Isa)
Optimize = Literal["speed", "size", "balanced"]
OPTIMIZE: tuple[Optimize, ...] = get_args(Optimize)


@dataclass(frozen=True)
class KernelChoice:
    """What kernels to choose from, and what for.

    `isa` names the folder under `sdk/src/kernel/` that shadows `ref`; `optimize` says what to
    prefer where a faster form costs flash.
    """

    isa: Isa = "ref"
    optimize: Optimize = "balanced"


class OperatorSpec:
    """One TFLite operator. Subclasses are stateless; `OPERATOR` is the single instance."""

    kind: ClassVar[str]
    is_static: ClassVar[bool] = False
    """Whether the results follow from the inputs' shapes alone, and so are known."""
    internal: ClassVar[bool] = False
    """Whether only passes make it: no file holds such an operator, and no message offers it."""

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Return the operator's attributes; they become `Operator.options`.

        `builtin_options` is the typed table of the `tflite` package that the file names, e.g.
        an initialised `tflite.Conv2DOptions`; None when the operator has none. A table of
        another type makes attribute reads fail: the importer turns any error here into a
        `ModelInvalidError`. Unless overridden the operator has no attributes: its tensors say
        all, or only passes make it.
        """
        del builtin_options
        return {}

    def absorb(self, graph: Graph, operator: Operator, consumer: Operator) -> Operator | None:
        """Return a replacement of `operator` that does the work of `consumer`, too, or None.

        Called when the one output of `operator` is read by `consumer` only. The replacement
        keeps `operator.index` and has `consumer.outputs`; `check`, `lower` and `reference`
        must understand it. Example: an LSTM of which a STRIDED_SLICE keeps the last step only
        writes that step (options `last_step`), and its sequence needs no memory.
        """
        del graph, operator, consumer
        return None

    def check(self, graph: Graph, operator: Operator) -> None:
        """Raise `ModelUnsupportedError` or `ModelInvalidError` unless it can be generated."""
        raise NotImplementedError

    def lower(self, graph: Graph, operator: Operator, choice: KernelChoice) -> KernelCall | None:
        """Return the kernel call for `choice`; None for a pure view (reshape).

        `targets.kernels.variant(choice.isa, source)` says which kernel file will be compiled:
        the instruction set's own, or the reference's where it has none.
        """
        raise NotImplementedError

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Compute the operator exactly in integers.

        Every non-constant array has shape `(N, *tensor.shape)`: N independent inferences, each
        from a reset state. Constants have the tensor's own shape; an absent input is None.
        """
        raise NotImplementedError
