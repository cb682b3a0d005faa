"""Interface of an operator: checks, integer reference, plain call, and traits.

One file per operator holds all of it. `codegen.operators.registry` finds the files by a
sorted scan: each defines `OPERATOR = <subclass of OperatorSpec>()`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.ir.call import KernelCall
from codegen.ir.graph import Array, DType, Graph, Operator
from codegen.ir.rows import Known, RowRule
from codegen.operators.table import Table

ALL_ROWS = "it needs all rows at once"
"""Reason why an operator that joins rows of the window cannot be computed per sample."""


@dataclass(frozen=True)
class Border:
    """Border that an operator puts around a value."""

    value: int
    """Value of every element of the border."""
    widths: tuple[tuple[int, int], ...]
    """Numbers of elements before and after the value, for each axis."""


@dataclass(frozen=True)
class Operands:
    """Positions of an operator's operands: inputs `source` and `bias`, weights' channel `axis`."""

    source: int = 0
    bias: int = 2
    axis: int = 0
    folds: bool = True
    """Whether the kernel sums raw inputs, so that their zero point is part of the bias."""
    by_channel: bool = False
    """Whether an output channel reads one input channel only, that of its number where there are as
    many."""


class OperatorSpec:
    """One TFLite operator. Subclasses are stateless; `OPERATOR` is the single instance.

    The attributes and the methods with a default are traits: passes and the importer ask them
    instead of naming operators, so that a new operator takes part in all that it states.
    """

    kind: ClassVar[str]
    """TFLite name of the operator, e.g. `CONV_2D`. The file has the same name in lower case."""
    internal: ClassVar[bool] = False
    """Whether only passes create it: no file holds such an operator, and no message offers it."""
    is_static: ClassVar[bool] = False
    """Whether the results follow from the inputs' shapes alone, and are known at generation."""
    is_view: ClassVar[bool] = False
    """Whether its output is its first input's bytes under another shape, which needs neither code
    nor a copy."""
    moves: ClassVar[bool] = False
    """Whether each element of its outputs is one of its inputs' elements, and nothing is computed:
    then it is the same for any element type."""
    data_input: ClassVar[int] = 0
    """Position of the input that holds the values. The other inputs say what to do with them."""
    keeps_state: ClassVar[bool] = False
    """Whether it reads what the model's call before has left: calls then go on from each other."""
    updates: ClassVar[tuple[int, ...]] = ()
    """Positions of the inputs, all of them variables, whose new values `reference` returns behind
    the outputs."""
    takes_float: ClassVar[bool] = False
    """Whether it may read or write float32, at the edge of an otherwise integer model."""
    clamps: ClassVar[bool] = False
    """Whether option `fused_activation` limits the int8 result, and does nothing else."""
    takes_padding: ClassVar[bool] = False
    """Whether options `border_h` and `border_w` (before, after) pad its input by the zero point."""
    dtypes: ClassVar[tuple[DType, ...]] = (DType.INT8,)
    """Element types that the input of `data_input` may have; empty: any."""
    operands: ClassVar[Operands | None] = None
    """Place of its operands where it multiplies int8 values by constant int8 weights."""
    prefers_table: ClassVar[bool] = False
    """Whether its `int8_table` is the better form even where no other operator joins it."""

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
        keeps `operator.index` and has `consumer.outputs`; `check`, `call` and `reference`
        must understand it. Example: an LSTM of which a STRIDED_SLICE keeps the last step only
        writes that step (options `last_step`), and its sequence needs no memory.
        """
        del graph, operator, consumer
        return None

    def shape(self, graph: Graph, operator: Operator) -> tuple[int, ...] | None:
        """Return the shape of its one output as its inputs give it; None: as the file says.

        Asked where a converter has left the shapes behind an operator open.
        """
        del graph, operator
        return None

    def int8_table(self, graph: Graph, operator: Operator) -> Table | None:
        """Return its 256 results where it is a function of one int8 value, else None."""
        del graph, operator
        return None

    def by_channel(self, graph: Graph, operator: Operator) -> bool:
        """Return whether each output channel grows with the input's channel of its number alone.

        Channels are the last axis.
        """
        del graph, operator
        return False

    def border(self, graph: Graph, operator: Operator) -> Border | None:
        """Return what it puts around its first input, where it does nothing else, or None."""
        del graph, operator
        return None

    def rows(self, graph: Graph, operator: Operator, known: Known) -> RowRule | str:
        """Return how its rows follow from rows of its inputs, or why it needs all of them at once.

        Asked for streaming: `known` are those inputs of which the rows move with the window; all
        other inputs are constants, and there is one output. See `codegen.ir.rows`.
        """
        del graph, operator, known
        return ALL_ROWS

    def check(self, graph: Graph, operator: Operator) -> None:
        """Raise `ModelUnsupportedError` or `ModelInvalidError` unless it can be generated."""
        raise NotImplementedError

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call of the plain C kernel, `sdk/src/kernel/ref`; None for a view.

        No packing and no choice: the integer specification, spelled in C. A backend may replace the
        call by a tuned form.
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
