"""FULLY_CONNECTED by tiles of eight, four and two rows: exact, and chosen by the whole model."""

import numpy as np
import pytest

from codegen import reference
from codegen.backends.native.dsp import fully_connected as dsp
from codegen.backends.native.lower import call_of
from codegen.backends.native.rv32 import fully_connected as rv32
from codegen.backends.native.shared import fully_connected as shared
from codegen.frontend.tflite import load
from codegen.ir.graph import Graph
from codegen.options import Goal, KernelChoice
from targets.kernels import Isa
from tests.operators import kernels
from tests.operators import networks as drawn
from tests.operators.cases import CASES

FORMS = {"dsp": dsp.FORMS, "rv32": rv32.FORMS}
SEEDS = 30


def model(*sizes: int, seed: int = 7) -> Graph:
    """Return dense layers of these sizes, the input's first; no weight of -128."""
    n = drawn.Network(np.random.default_rng(seed))
    x = n.source((1, sizes[0]))
    for units in sizes[1:]:
        x = n.dense(x, units)
    return kernels.symmetric(load(n.case(x, count=1).model, "m"))


def sources(graph: Graph, isa: Isa, goal: Goal) -> list[str]:
    """Return the kernel of every FULLY_CONNECTED."""
    calls = [call_of(graph, o, KernelChoice(isa, goal)) for o in graph.operators]
    return [c.source for c in calls if c is not None and c.source.startswith("fully_connected")]


@pytest.mark.parametrize("form", ["few", "eight"])
@pytest.mark.parametrize("isa", FORMS)
def test_every_form_is_exact(isa: Isa, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "choose", lambda *_: form)
    library = kernels.library("gcc-O3")
    taken: list[str] = []
    for seed in range(SEEDS):
        case = CASES["FULLY_CONNECTED"](np.random.default_rng([seed, 51]))
        graph = kernels.symmetric(load(case.model, "case"))
        choice = KernelChoice(isa)
        expected = reference.run(graph, case.inputs)
        for found, truth in zip(library.run(graph, case.inputs, choice), expected, strict=True):
            assert np.array_equal(found, truth), seed
        taken += sources(graph, isa, "balanced")
    wanted = f"fully_connected{'_few' if form == 'few' else ''}_{isa}"
    assert taken.count(wanted) > SEEDS // 3


@pytest.mark.parametrize("isa", FORMS)
def test_a_small_network_takes_the_small_kernel(isa: Isa) -> None:
    small = model(16, 8, 4)
    assert set(sources(small, isa, "balanced")) == {f"fully_connected_few_{isa}"}
    assert f"fully_connected_{isa}" not in sources(small, isa, "size")


@pytest.mark.parametrize("isa", FORMS)
def test_a_large_network_takes_tiles_of_eight(isa: Isa) -> None:
    large = model(256, 128, 128, 8)
    assert set(sources(large, isa, "balanced")) == {f"fully_connected_{isa}"}


def test_size_gives_up_no_more_than_half_of_the_speed() -> None:
    large = model(256, 128, 128, 8)
    assert set(sources(large, "dsp", "size")) == {"fully_connected_few_dsp"}
    assert set(sources(model(16, 8, 4), "dsp", "size")) == {"fully_connected"}


def test_a_tile_that_is_there_costs_no_code() -> None:
    n = drawn.Network(np.random.default_rng(3))
    x = n.source((1, 6, 8))
    graph = kernels.symmetric(load(n.case(n.dense(n.lstm(x, 12), 9), count=1).model, "m"))
    assert shared.brought(graph, "balanced", may_replace=False) == {"dot8", "expand"}
    alone = model(40, 12)
    assert shared.brought(alone, "balanced", may_replace=False) == set()
    (operator,) = (o for o in alone.operators if o.kind == "FULLY_CONNECTED")
    found = [
        shared.choose(alone, operator, dsp.FORMS, "balanced", frozenset(there))
        for there in ((), ("dot8", "expand", "dense_row", "eight"))
    ]
    assert found == ["few", "eight"]


def test_the_last_tile_has_four_rows_or_two() -> None:
    assert [shared.few_tiles(units) for units in (1, 2, 3, 4, 5, 7, 8, 10)] == [
        [2],
        [2],
        [4],
        [4],
        [4, 2],
        [4, 4],
        [4, 4],
        [4, 4, 2],
    ]
    rows = np.arange(5 * 6, dtype=np.int8).reshape(5, 6)
    assert dsp.pack_few(rows).size == 2 * 2 * 2 + 2 * 2
    assert rv32.pack_few(rows).size == (4 + 2) * 6
