"""Every pass, in the order in which they run; the verifier looks at each one's result."""

from collections.abc import Callable

from codegen.ir.graph import Graph
from codegen.ir.stream import Stream
from codegen.ir.verifier import verify
from codegen.options import Goal
from codegen.passes import (
    absorb,
    activation,
    constant_rows,
    dead,
    dead_channels,
    dense,
    depthwise,
    fold,
    grouped,
    lookup,
    pad,
    phases,
    repeated,
    reroll,
    reroll_gru,
    schedule,
    single_channel,
    streaming,
)
from codegen.passes.graph import check_changed

PASSES: tuple[Callable[..., Graph], ...] = (
    fold.run,
    depthwise.run,
    single_channel.run,
    reroll.run,
    reroll_gru.run,
    pad.run,
    activation.run,
    dead_channels.run,
    constant_rows.run,
    phases.run,
    grouped.run,
    repeated.run,
    lookup.run,
    dense.run,
    absorb.run,
    dead.run,
    schedule.run,
)

_EXPANSIONS = (phases.run, grouped.run, repeated.run)
_OFFERS = (reroll.run, reroll_gru.run, *_EXPANSIONS)
"""Passes that offer another form of the graph, which the backend may decline."""


def run(
    graph: Graph, accepts: reroll.Accepts, *, stream: Goal | None
) -> tuple[Graph, Stream | None]:
    """Return what all passes make of a graph and, with `stream`, what runs per sample.

    `accepts` decides where a pass offers another form of the graph; `stream` says what streaming
    prefers.
    """
    for step in PASSES:
        if stream is not None and step in (dense.run, *_EXPANSIONS):
            continue  # a convolution has rows; a matrix product and a join of all have not
        after = step(graph, accepts) if step in _OFFERS else step(graph)
        graph = _checked(step, graph, after)
    if stream is None:
        return graph, None
    after, found = streaming.run(graph, stream)
    graph = _checked(streaming.run, graph, after)
    # Of a convolution, often one place is left.
    return _checked(dense.run, graph, dense.run(graph)), found


def _checked(step: Callable[..., object], before: Graph, graph: Graph) -> Graph:
    """Return what a pass made of a graph, after the verifier has looked at it."""
    if graph is not before:
        verify(graph, step.__module__)
        check_changed(before, graph)
    return graph
