"""Recurrent loops that stay unrolled, and why: for the manifest, and for who generates."""

from itertools import product

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
    left = {o.index: o for o in after.operators if o.kind == "UNPACK" and len(o.outputs) > 1}
    if not left:
        return []
    graph = fold.run(before)
    read = readers(graph)
    found = [o for o in graph.operators if o.kind == "UNPACK" and o.index in left]
    stay = readers(after)
    return [
        (o, _reason(graph, o, _ways(read, o, reroll.ways(stay, left[o.index]))))
        for o in found
        if _is_multiplied(read, o)
    ]


def _ways(read: Readers, unpack: Operator, stay: list[reroll.Way]) -> list[reroll.Way]:
    """Return the ways of the loops that stay: the other one of a layer may be a loop again."""
    every = reroll.ways(read, unpack)
    return [way for way in every if way in stay] or every


def _is_multiplied(read: Readers, unpack: Operator) -> bool:
    return all(
        any(o.kind == "FULLY_CONNECTED" for o in read.get(index, ())) for index in unpack.outputs
    )


def _reason(graph: Graph, unpack: Operator, ways: list[reroll.Way]) -> str:
    """Return what the matcher said that came furthest."""
    furthest, reason = -1, ""
    read = readers(graph)
    for way, (kind, matcher) in product(ways, _MATCHERS):
        attempt = matcher(graph, read, way)
        said = reroll.attempt(attempt, unpack, kind)
        if not isinstance(said, str):
            return _CHOSEN
        if len(attempt.matched) > furthest:
            furthest, reason = len(attempt.matched), said
    return reason
