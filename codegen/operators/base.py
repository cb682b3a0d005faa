"""What an operator gives to the generator: checks, integer reference, and a kernel call.

One file per operator holds all of it. `codegen.operators.registry` finds the files by a
sorted scan: each defines `OPERATOR = <subclass of OperatorSpec>()`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from codegen.ir.call import KernelCall
from codegen.ir.graph import Array, Graph, Operator
from codegen.options import KernelChoice


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
