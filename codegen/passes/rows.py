"""Search for the operators that work row by row along the window, for the pass `streaming`.

A streamed value is `length` rows, outermost in memory. When the window moves on by one sample, row
t becomes row t − 1, but not at the borders: a row that saw padding must be computed anew. The
operator itself says what it does with rows (`OperatorSpec.rows`).
"""

from codegen.ir.graph import ABSENT, Graph, Operator, Tensor
from codegen.ir.rows import Known, RowRule
from codegen.operators.base import OperatorSpec
from codegen.operators.registry import operators


def time_axis(tensor: Tensor) -> int | None:
    """Return the axis of the window in a model input, or None.

    [1, T, C] and [1, T, W, C]: axis 1; [1, 1, T, C]: axis 2; [T, C]: axis 0.
    """
    rank = len(tensor.shape)
    if rank == 2:
        return 0
    if rank not in (3, 4) or tensor.shape[0] != 1:
        return None
    return 2 if rank == 4 and tensor.shape[1] == 1 else 1


def rule(graph: Graph, operator: Operator, known: Known) -> RowRule | str:
    """Return how the operator makes rows, or why it needs the whole window."""
    if len(operator.outputs) != 1 or not _others_are_constant(graph, operator, known):
        return "it is not made of rows of the window alone"
    answer = operators()[operator.kind].rows(graph, operator, known)
    if isinstance(answer, RowRule) and answer.rows.inside < 1:
        return (
            f"each of its {answer.rows.length} rows sees the padding at an end of the window: "
            "use a longer window or padding VALID"
        )
    return answer


def _others_are_constant(graph: Graph, operator: Operator, known: Known) -> bool:
    return all(i in known or graph.tensor(i).is_constant for i in operator.inputs if i != ABSENT)


def supported() -> list[str]:
    """Return the kinds that may be streamed, sorted: those that say something of rows."""
    return [
        kind
        for kind, spec in operators().items()
        if type(spec).rows is not OperatorSpec.rows and not spec.internal
    ]
