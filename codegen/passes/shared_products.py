"""Choice of the convolutions that compute a sample's products once for all rows that it is in.

The pass `streaming` computes rows at the borders of the window anew with the outputs, from samples
whose products were computed before. CONV_STREAM keeps the sums instead, and keeps the rows of the
leading border until their window comes: that costs memory and saves the borders' products. It keeps
the whole output, so that only operators that need the whole window may read it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from codegen.ir.graph import DType, Graph, Operator
from codegen.ir.rows import RowRule, Rows
from codegen.operators.linear import conv_stream
from codegen.operators.registry import operators
from codegen.options import Goal
from codegen.passes.graph import Readers, readers


@dataclass(frozen=True)
class Shared:
    """End of a convolution's rows: index of the last view of its output, and the views up to it."""

    value: int
    views: tuple[Operator, ...]


def find(
    graph: Graph, known: Mapping[int, Rows], rules: Mapping[Operator, RowRule], optimize: Goal
) -> dict[Operator, Shared]:
    """Return the convolutions that CONV_STREAM is to stand for.

    `size`: none, as their memory grows; `speed`: all that can be; `balanced`: those that save a
    product with every byte of memory that they take.
    """
    read = readers(graph)
    found = {}
    for operator, rule in rules.items():
        if optimize == "size" or not _is_possible(graph, operator, rule, known):
            continue
        shared = _end(graph, operator, rules, read)
        if shared is None:
            continue
        if optimize == "speed" or _bytes(graph, operator, rule) <= _saved(graph, operator, rule):
            found[operator] = shared
    return found


def _is_possible(
    graph: Graph, operator: Operator, rule: RowRule, known: Mapping[int, Rows]
) -> bool:
    """Return whether it is a Conv1D with borders over rows that all move, and exact."""
    if operator.kind != "CONV_2D" or rule.rows.axis != 2:
        return False
    source, weights, output = (graph.tensor(i) for i in (*operator.inputs[:2], operator.outputs[0]))
    rows, seen = rule.rows, known[source.index]
    _, height, taps, depth = weights.shape
    if source.dtype is not DType.INT8 or (height, taps) != (1, rule.taps):
        return False
    if (
        source.shape[:2] != (1, 1)
        or (seen.before, seen.after) != (0, 0)
        or depth != source.shape[3]
    ):
        return False
    border = rows.before + rows.after
    if not 2 <= taps <= conv_stream.MAX_TAPS or not 0 < border < taps:
        return False
    p = conv_stream.taps_of(graph, operator, 0, output.index, rows.before)
    return rule.delay(seen) == 0 and p.fits


def _end(
    graph: Graph, operator: Operator, rules: Mapping[Operator, RowRule], read: Readers
) -> Shared | None:
    """Return where the output is read whole, behind views only, or None: row by row, too."""
    value, views = operator.outputs[0], []
    while value not in graph.outputs:
        streamed = [o for o in read[value] if o in rules]
        if not streamed:
            break
        if len(read[value]) > 1 or not operators()[streamed[0].kind].is_view:
            return None
        views.append(streamed[0])
        value = streamed[0].outputs[0]
    if any(o in rules for o in read.get(value, ())):
        return None
    return Shared(value, tuple(views))


def _saved(graph: Graph, operator: Operator, rule: RowRule) -> int:
    """Return the products that are not made a second time for the rows at the borders."""
    channels, _, taps, depth = graph.tensor(operator.inputs[1]).shape
    before = sum(taps - 1 - row for row in range(rule.rows.before))
    after = sum(taps - 1 - row for row in range(rule.rows.after))
    return (before + after) * channels * depth


def _bytes(graph: Graph, operator: Operator, rule: RowRule) -> int:
    """Return the memory of the sums and the rows that wait, less that of the samples."""
    channels, _, taps, _ = graph.tensor(operator.inputs[1]).shape
    rows, source = rule.rows, graph.tensor(operator.inputs[0])
    lasting = conv_stream.lasting_bytes(channels, taps, rows.before, rows.inside)
    return sum(lasting) - source.size_bytes
