"""SPLIT_V: cuts a tensor into parts of given sizes along an axis; any element type.

Inputs: the tensor, the constant sizes (-1 for what is left over), the constant axis. Source of
the rules: TFLM's split_v, which takes the sizes from the output tensors.
"""

from collections.abc import Sequence

from codegen.ir.graph import Graph, Operator
from codegen.operators.checks import invalid, require_indices, require_input
from codegen.operators.layout.split import Split


class SplitV(Split):
    """Split of a tensor into parts of given sizes."""

    kind = "SPLIT_V"
    _input_count = 3
    data_input = 0
    _axis = 2

    def _check_sizes(self, graph: Graph, operator: Operator, sizes: Sequence[int]) -> None:
        """Check the sizes input against the output tensors."""
        tensor = require_input(graph, operator, 1, "sizes")
        given = [int(v) for v in require_indices(graph, operator, tensor).reshape(-1)]
        fits = len(given) == len(sizes) and given.count(-1) <= 1
        if not fits or any(g not in (size, -1) for g, size in zip(given, sizes, strict=True)):
            invalid(
                graph,
                operator,
                f"asks for parts of {given} but the outputs have {list(sizes)}; export the model "
                "again",
                tensor.index,
            )


OPERATOR = SplitV()
