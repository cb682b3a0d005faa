"""Recurrent loops that stay unrolled, and why: for the manifest, and for who generates."""

from codegen.ir.graph import Graph, Operator
from codegen.passes import fold, reroll, reroll_gru
from codegen.passes.graph import Readers, readers

_MATCHERS: tuple[tuple[str, type[reroll.Matcher]], ...] = (
    ("REROLLED_LSTM", reroll.Matcher),
    ("REROLLED_GRU", reroll_gru.GruMatcher),
)
_CHOSEN = "a loop is possible, but estimated to be worse for the goal: see `choices`"


def find(before: Graph, after: Graph) -> list[tuple[Operator, str]]:
    """Return each UNPACK that feeds matrix products step by step and is still there, and why.

    `before` is the graph as it was imported, `after` what all passes made of it.
    """
    left = {o.index for o in after.operators if o.kind == "UNPACK" and len(o.outputs) > 1}
    if not left:
        return []
    graph = fold.run(before)
    read = readers(graph)
    found = [o for o in graph.operators if o.kind == "UNPACK" and o.index in left]
    return [(o, _reason(graph, read, o)) for o in found if _is_multiplied(read, o)]


def _is_multiplied(read: Readers, unpack: Operator) -> bool:
    return all(
        any(o.kind == "FULLY_CONNECTED" for o in read.get(index, ())) for index in unpack.outputs
    )


def _reason(graph: Graph, read: Readers, unpack: Operator) -> str:
    """Return what the matcher said that came furthest."""
    furthest, reason = -1, ""
    for kind, matcher in _MATCHERS:
        attempt = matcher(graph, read)
        said = reroll.attempt(attempt, unpack, kind)
        if not isinstance(said, str):
            return _CHOSEN
        if len(attempt.matched) > furthest:
            furthest, reason = len(attempt.matched), said
    return reason
