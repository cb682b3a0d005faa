"""Loops that go backwards over a sequence, alone or beside another, become loops again."""

from dataclasses import replace

import numpy as np
import pytest

from codegen import reference
from codegen.frontend import tflite
from codegen.ir.verifier import verify
from codegen.options import KernelChoice
from codegen.passes import dead, reroll, reroll_gru, unrolled
from tests.operators import kernels
from tests.unit.codegen.passes.test_reroll import Unrolled, kinds, windows

DSP = KernelChoice("dsp")


def lstm(units, seed, *, every=False):
    return tflite.load(Unrolled(units, 5, every=every, seed=seed).build(), "m")


def unpack_of(graph):
    return next(o for o in graph.operators if o.kind == "UNPACK")


def backwards(graph):
    """Return the graph with the steps of its input in the other order."""
    unpack = unpack_of(graph)
    turned = replace(unpack, outputs=unpack.outputs[::-1])
    return replace(graph, operators=tuple(turned if o is unpack else o for o in graph.operators))


def beside(first, second):
    """Return one graph of both, in which the second reads what the first one's UNPACK gives."""
    shift, at = max(first.tensors) + 1, len(first.operators)
    own, other = unpack_of(first), unpack_of(second)
    names = dict(zip(other.outputs, own.outputs, strict=True))
    names |= {other.inputs[0]: own.inputs[0], -1: -1}

    def moved(indices):
        return tuple(names.get(i, i + shift) for i in indices)

    tensors = {
        i + shift: replace(t, index=i + shift, name=f"{t.name}_other")
        for i, t in second.tensors.items()
        if i not in names
    }
    operators = (
        replace(o, index=o.index + at, inputs=moved(o.inputs), outputs=moved(o.outputs))
        for o in second.operators
        if o is not other
    )
    return replace(
        first,
        tensors={**first.tensors, **tensors},
        operators=(*first.operators, *operators),
        outputs=(*first.outputs, *moved(second.outputs)),
    )


def agree(before, after):
    verify(after, "reroll")
    x = windows(before, 60)
    expected = reference.run(before, [x])
    found = reference.run(after, [x]), kernels.library("gcc-O3").run(after, [x], DSP)
    for one, two, three in zip(expected, *found, strict=True):
        assert np.unique(one).size > 20
        np.testing.assert_array_equal(two, one)
        np.testing.assert_array_equal(three, one)


@pytest.mark.parametrize("every", [False, True])
def test_a_loop_that_begins_with_the_last_step(every):
    before = backwards(lstm(5, 0, every=every))
    after = dead.run(reroll.run(before))
    assert kinds(after) == ["REVERSE_V2", "REROLLED_LSTM"]
    agree(before, after)


@pytest.mark.parametrize("turned", [0, 1])
def test_both_loops_of_a_bidirectional_layer(turned):
    pair = [lstm(5, 0, every=True), lstm(3, 1)]
    pair[turned] = backwards(pair[turned])
    # The second graph's steps are those of the first one's UNPACK, in its own order.
    before = beside(*pair)
    after = dead.run(reroll.run(before))
    assert sorted(kinds(after)) == ["REROLLED_LSTM", "REROLLED_LSTM", "REVERSE_V2"]
    agree(before, after)
    assert len({(o.index, o.kind) for o in after.operators}) == len(after.operators)


def test_one_of_both_may_stay():
    """The UNPACK stays for the loop that does; its reason is told."""
    other = Unrolled(3, 5, every=False, seed=1, deviation="activation").build()
    before = beside(lstm(5, 0), backwards(tflite.load(other, "m")))
    after = dead.run(reroll.run(before))
    assert kinds(after).count("REROLLED_LSTM") == 1
    assert kinds(after).count("UNPACK") == 1
    ((_, reason),) = unrolled.find(before, after)
    assert reason.startswith("step 5:")
    agree(before, after)


def test_a_gru_that_begins_with_the_last_step():
    model = kernels.SDK.parent / "tests/unit/codegen/models/small_gru.tflite"
    before = backwards(tflite.load(model.read_bytes(), "m"))
    after = dead.run(reroll_gru.run(before))
    assert "REROLLED_GRU" in kinds(after)
    assert "REVERSE_V2" in kinds(after)
    agree(before, after)
