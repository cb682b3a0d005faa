"""An unrolled GRU becomes a loop with the same bytes, or stays as it is."""

from dataclasses import replace

import numpy as np
import pytest

from codegen import reference
from codegen.frontend import tflite
from codegen.ir.verifier import verify
from codegen.operators import _gru_fit, rerolled_gru
from codegen.operators._rerolled_fit import UnfitError
from codegen.operators.base import ISAS, OPTIMIZE, KernelChoice
from codegen.passes import dead, fold, reroll, reroll_gru
from codegen.pipeline import compile_model
from tests.operators import kernels, oracle
from tests.unit.codegen.passes.test_reroll import windows

NAMES = ("small_gru", "small_gru_all")


def loaded(models, name):
    """Return a model, its graph, and its graph with the loop."""
    content = (models / f"{name}.tflite").read_bytes()
    graph = fold.run(tflite.load(content, "m"))
    after = dead.run(reroll_gru.run(graph))
    verify(after, "reroll_gru")
    return content, graph, after


@pytest.mark.parametrize("name", NAMES)
def test_the_loop_gives_the_bytes_of_the_unrolled_graph(models, name):
    content, before, after = loaded(models, name)
    assert [o.kind for o in after.operators].count("REROLLED_GRU") == 1
    assert len(after.operators) < 9
    x = windows(before)
    expected = oracle.run(content, [x])[0]
    assert np.unique(expected).size > 50
    for found in (
        reference.run(before, [x]),
        reference.run(after, [x]),
        *(kernels.library("gcc-O3").run(after, [x], KernelChoice(isa)) for isa in ISAS),
        kernels.library("clang-O0").run(after, [x[:60]], KernelChoice("dsp")),
    ):
        np.testing.assert_array_equal(found[0], expected[: len(found[0])])


def test_one_flipped_bit_of_any_constant_is_seen(models):
    _, _, graph = loaded(models, "small_gru_all")
    operator = next(o for o in graph.operators if o.kind == "REROLLED_GRU")
    x = windows(graph, 120)
    expected = reference.run(graph, [x])[0]
    for place in operator.inputs[1:]:
        data = graph.tensor(place).data.copy()
        at = np.unravel_index(data.size // 2, data.shape) if data.shape else ()
        data[at] ^= np.array(1 << (6 if data.itemsize == 1 else 12), data.dtype)
        other = replace(graph.tensor(place), data=data)
        changed = replace(graph, tensors={**graph.tensors, place: other})
        try:
            found = kernels.library("gcc-O3").run(changed, [x])[0]
        except UnfitError:
            continue  # no constants for these values: seen, too
        assert not np.array_equal(found, expected), place


@pytest.mark.parametrize("role", [1, 2])
def test_a_step_with_weights_or_bias_of_its_own_stays_unrolled(models, role):
    _, graph, _ = loaded(models, "small_gru")
    products = [o for o in graph.operators if o.kind == "FULLY_CONNECTED"]
    last = [o for o in products if o.inputs[1] == products[0].inputs[1]][-1]
    tensor = graph.tensor(last.inputs[role])
    index = max(graph.tensors) + 1
    own = replace(tensor, index=index, data=tensor.data + np.array(1, tensor.data.dtype))
    inputs = tuple(index if n == role else i for n, i in enumerate(last.inputs))
    changed = replace(
        graph,
        tensors={**graph.tensors, index: own},
        operators=tuple(replace(o, inputs=inputs) if o is last else o for o in graph.operators),
    )
    assert reroll_gru.run(changed) is changed


def test_an_lstm_is_no_gru(models):
    graph = tflite.load((models / "small_unrolled.tflite").read_bytes(), "m")
    assert reroll_gru.run(graph) is graph
    _, gru, _ = loaded(models, "small_gru")
    assert reroll.run(gru) is gru


@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_the_choice_is_told(models, optimize):
    _, graph, _ = loaded(models, "small_gru")
    program = compile_model(graph, target="host", isa="dsp", optimize=optimize)
    (decision,) = program.decisions
    assert decision.operator.kind == "REROLLED_GRU"
    assert decision.taken == any(o.kind == "REROLLED_GRU" for o, _ in program.calls)


def test_scales_that_the_kernel_cannot_take_leave_it_unrolled(models):
    _, _, graph = loaded(models, "small_gru")
    operator = next(o for o in graph.operators if o.kind == "REROLLED_GRU")
    cell = rerolled_gru.cell(graph, operator)
    with pytest.raises(UnfitError, match="step 1"):
        _gru_fit.fit(replace(cell, recurrent_scales=(30.0,) * 15))
