"""Passes keep the function of the graph and say no where they must."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np

from codegen import reference
from codegen.ir.graph import Operator
from codegen.ir.verifier import verify
from codegen.passes import absorb, dead


def kinds(graph):
    return [o.kind for o in graph.operators]


def windows(graph, count=40):
    shape = graph.tensor(graph.inputs[0]).shape
    return np.random.default_rng(5).integers(-128, 128, (count, *shape)).astype(np.int8)


def test_lstm_absorbs_the_last_step(small_graph):
    after = dead.run(absorb.run(small_graph))
    verify(after, "absorb")
    assert "STRIDED_SLICE" not in kinds(after)
    assert [o.index for o in after.operators] == [0, 1, 2, 3, 5, 6]
    x = windows(small_graph)
    expected, found = reference.run(small_graph, [x]), reference.run(after, [x])
    np.testing.assert_array_equal(expected[0], found[0])


def test_the_sequence_is_kept_when_somebody_else_reads_it(small_graph):
    lstm = next(o for o in small_graph.operators if o.kind.endswith("LSTM"))
    watched = replace(small_graph, outputs=(*small_graph.outputs, lstm.outputs[0]))
    assert "STRIDED_SLICE" in kinds(absorb.run(watched))


def test_dead_operators_and_tensors_go(small_graph):
    extra = replace(small_graph.tensor(35), index=90)
    spare = replace(small_graph.tensor(35), index=91)
    grown = replace(
        small_graph,
        tensors=MappingProxyType({**small_graph.tensors, 90: extra, 91: spare}),
        operators=(*small_graph.operators, Operator(7, "RESHAPE", (34, 4), (90,))),
    )
    after = dead.run(grown)
    assert kinds(after) == kinds(small_graph)
    assert {90, 91}.isdisjoint(after.tensors)
    verify(after, "dead")


def test_nothing_dead_changes_nothing(small_graph):
    assert dead.run(small_graph).operators == small_graph.operators
