"""A form of the graph is chosen by its estimated cost, and the manifest tells."""

import json
from dataclasses import replace

import pytest

from codegen.backends.native import alternatives
from codegen.backends.native.alternatives import Chooser
from codegen.backends.native.backend import compile_model
from codegen.backends.native.shared import cost
from codegen.emit.program import Estimate
from codegen.frontend import tflite
from codegen.options import GOALS, KernelChoice
from codegen.passes import reroll
from codegen.pipeline import generate
from tests.unit.codegen.passes.test_reroll import Unrolled


@pytest.fixture(scope="module")
def graph():
    return tflite.load(Unrolled(17, 12, every=False).build(), "m")


@pytest.mark.parametrize("optimize", GOALS)
@pytest.mark.parametrize("isa", ["dsp", "rv32"])
def test_the_cheaper_form_is_taken(graph, isa, optimize, monkeypatch):
    assert len(compile_model(graph, target="host", isa=isa, optimize=optimize).calls) == 1
    slow = cost.Rate(per_product=1e6)
    expensive = {**cost.MEASURED, (isa, isa, f"rerolled_lstm_{isa}"): slow}
    monkeypatch.setattr(cost, "MEASURED", expensive)
    program = compile_model(graph, target="host", isa=isa, optimize=optimize)
    assert (len(program.calls) == 1) == (optimize == "size")


@pytest.mark.parametrize(("instructions", "taken"), [(1250, True), (1251, False)])
def test_speed_pays_for_no_gain_within_the_error(graph, instructions, taken, monkeypatch):
    """A form that is smaller, and slower by less than the estimates may err, is taken."""
    found = iter([Estimate(instructions, 700), Estimate(1000, 1000)])
    monkeypatch.setattr(alternatives, "estimate", lambda *_: next(found))
    after = replace(graph, operators=graph.operators[:1])
    assert Chooser(KernelChoice("dsp", "speed")).accepts(after, graph) == taken


def test_both_estimates_are_kept(graph):
    chooser = Chooser(KernelChoice("dsp", "speed"))
    reroll.run(graph, chooser.accepts)
    (decision,) = chooser.decisions
    assert decision.taken
    assert decision.replaced == len(graph.operators)
    # As fast within what estimates may err, and smaller by far.
    assert 0 < decision.new.instructions < 1.25 * decision.old.instructions
    assert 0 < decision.new.flash_bytes < decision.old.flash_bytes


def test_the_manifest_tells(tmp_path):
    path = tmp_path / "m.tflite"
    path.write_bytes(Unrolled(4, 3, every=False).build())
    content = generate(path, name="m", out=tmp_path / "out", isa="dsp")
    (choice,) = json.loads((tmp_path / "out" / "manifest.json").read_text())["choices"]
    assert choice == content["choices"][0]
    assert choice["kind"] == "REROLLED_LSTM"
    assert set(choice["estimated"]) == set(choice["estimated_without"])
