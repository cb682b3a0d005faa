"""An unrolled GRU becomes a loop with the same bytes, or stays as it is."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from codegen import reference
from codegen.backends.native.backend import compile_model
from codegen.backends.native.lower import call_of
from codegen.frontend import tflite
from codegen.ir.graph import DType, Graph, Operator, Quantization, Tensor
from codegen.ir.verifier import verify
from codegen.operators.recurrent import gru as _gru
from codegen.operators.recurrent import gru_fit as _gru_fit
from codegen.operators.recurrent import rerolled_gru
from codegen.operators.recurrent.rerolled_fit import UnfitError
from codegen.options import GOALS, KernelChoice
from codegen.passes import dead, fold, reroll, reroll_gru
from codegen.passes.graph import readers
from targets.kernels import ISAS
from tests.operators import kernels, oracle
from tests.unit.codegen.passes.test_reroll import checked, windows

NAMES = ("small_gru", "small_gru_all", "small_gru_split")


DEPTH = 6


def drawn(units, steps, zero, *, every):
    """Return a graph of one loop: random weights and scales, zero points up to `zero`."""
    rng = np.random.default_rng([units, steps, zero])
    rows = 3 * units

    def scales(low, high, count=1):
        return tuple(float(v) for v in np.float32(rng.uniform(low, high, count)))

    def scaled(low, high):
        return Quantization(scales(low, high), (int(rng.integers(-zero - 1, zero + 1)),))

    def step(first):
        term = scaled(0.01, 0.03)
        new = scaled(0.005, 0.008)
        return _gru.GruScales(
            input=scaled(0.012, 0.05),
            terms=tuple(scaled(0.01, 0.03) for _ in range(3)) if first else (term,) * 3,
            update=scaled(0.02, 0.05),
            reset=scaled(0.02, 0.05),
            reset_product=scaled(0.01, 0.02),
            value=scaled(0.02, 0.05),
            open=Quantization(scales(0.0039216, 0.005), (-128,)),
            kept=new if first else scaled(0.005, 0.008),
            new=new,
            hidden=new if first else scaled(0.006, 0.009),
        )

    table = tuple(step(t == 0) for t in range(steps))

    def weights(depth):
        own = Quantization(scales(0.001, 0.006, rows), (0,) * rows, 0)
        return own, rng.integers(-127, 128, (rows, depth)).astype(np.int8)

    def bias():
        return None, rng.integers(-4000, 4000, rows).astype(np.int32)

    one = Quantization(scales(1 / 255, 1 / 255), (-128,)), np.array(127, np.int8)
    terms = [(q, rng.integers(-128, 128, units).astype(np.int8)) for q in table[0].terms]
    constants = [weights(DEPTH), weights(units), bias(), one, *terms]
    constants += [bias() for _ in range(steps - 1)]
    tensors = {
        n: Tensor(n, f"{n}", data.shape, DType(str(data.dtype)), q, data)
        for n, (q, data) in enumerate(constants, start=1)
    }
    last = len(constants) + 1
    written = steps if every else 1
    tensors[0] = Tensor(0, "x", (steps, 1, DEPTH), DType.INT8, scaled(0.03, 0.031))
    tensors[last] = Tensor(last, "y", (1, written, units), DType.INT8, table[-1].hidden)
    options = MappingProxyType({"steps": table, "all_steps": every})
    operator = Operator(0, "REROLLED_GRU", tuple(range(last)), (last,), options)
    return Graph("m", MappingProxyType(tensors), (operator,), (0,), (last,))


@pytest.mark.parametrize("zero", [0, 20, 127])
@pytest.mark.parametrize(("units", "steps"), [(1, 30), (17, 5), (32, 8), (80, 3)])
def test_every_kernel_gives_the_bytes_of_the_recurrence(units, steps, zero):
    graph = drawn(units, steps, zero, every=units < 32)
    (operator,) = graph.operators
    x = windows(graph, 60)
    expected = reference.run(graph, [x])[0]
    assert np.unique(expected).size > 20
    for isa in ISAS:
        choice = KernelChoice(isa)
        call = call_of(graph, operator, choice)
        few = isa == "dsp" and units == 1  # three rows
        assert call.source == "rerolled_gru" + ("" if isa in ("ref", "v6m") or few else f"_{isa}")
        for library in (kernels.library("gcc-O3"), checked()):
            np.testing.assert_array_equal(library.run(graph, [x], choice)[0], expected)


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


def test_why_a_reset_before_the_product_stays_unrolled_is_told(models):
    _, graph, _ = loaded(models, "small_gru")
    unpack = next(o for o in graph.operators if o.kind == "UNPACK")
    products = [o for o in graph.operators if o.kind == "FULLY_CONNECTED"]
    recurrent = next(o for o in products if o.inputs[1] != products[0].inputs[1])
    weights = graph.tensor(recurrent.inputs[1])
    rows = weights.shape[1] * 2
    changed = {weights.index: replace(weights, shape=(rows, weights.shape[1]))}
    for product in products:
        if product.inputs[1] == weights.index:
            terms = graph.tensor(product.outputs[0])
            changed[terms.index] = replace(terms, shape=(1, rows))
    graph = replace(graph, tensors={**graph.tensors, **changed})
    way = reroll.ways(readers(graph), unpack)[0]
    matcher = reroll_gru.GruMatcher(graph, readers(graph), way)
    found = reroll.attempt(matcher, unpack, "REROLLED_GRU")
    assert found == "step 2: the reset comes before the product (reset_after=False): no loop"


def test_an_lstm_is_no_gru(models):
    graph = tflite.load((models / "small_unrolled.tflite").read_bytes(), "m")
    assert reroll_gru.run(graph) is graph
    _, gru, _ = loaded(models, "small_gru")
    assert reroll.run(gru) is gru


@pytest.mark.parametrize("optimize", GOALS)
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
