"""Budgets: what exceeds, what has none, and that a refresh keeps the rest."""

import re
from dataclasses import replace

import pytest

from host_tools.errors import DataError
from host_tools.perf import budget, suite
from host_tools.perf.standalone import Cost
from targets.emulate.count import Counts, OperatorCount


def cost(instructions=1000, *, name="pump", target="mps2-an386", optimize="balanced", arena=64):
    return Cost(
        name=name,
        target=target,
        isa="dsp",
        optimize=optimize,
        counts=Counts(1, instructions, instructions, ()),
        macs=500,
        stack_bytes=100,
        arena_bytes=arena,
        code_bytes=300,
        constant_bytes=200,
        weight_bytes=150,
        generation_seconds=0.1,
        calls=(),
    )


def streamed(push=100, border=20):
    """A cost of one sample and its outputs, of which `push` and `border` are the streamed ones."""
    rows = (("entry", 9), ("conv", push), ("head", border), ("lstm", 500))
    counts = Counts(
        1, 1000, 1000, tuple(OperatorCount(i, s, n, n) for i, (s, n) in enumerate(rows))
    )
    manifest = {"streaming": {"per_sample": ["conv"], "borders": ["head"]}}
    return replace(cost(), counts=counts, manifest=manifest)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "budgets.toml"
    budget.update([cost(), cost(2000, target="riscv-virt")], path)
    return path


def test_within_one_percent(path):
    assert budget.excesses([cost(), cost(1010), cost(1)], budget.load(path)) == []


def test_growth_is_told_with_the_numbers(path):
    lines = budget.excesses([cost(1011, arena=65)], budget.load(path))
    assert lines == [
        "pump on mps2-an386, balanced: instructions is 1,011, +1.1% of 1,000",
        "pump on mps2-an386, balanced: arena_bytes is 65, +1.6% of 64",
    ]


def test_a_combination_without_budget_is_told(path):
    assert budget.excesses([cost(optimize="size")], budget.load(path)) == [
        "pump on mps2-an386, size: no budget"
    ]


def test_update_keeps_what_was_not_measured(path):
    budget.update([cost(900), cost(optimize="speed"), cost(name="a_model")], path)
    budgets = budget.load(path)
    assert budgets["pump"]["riscv-virt"]["balanced"]["instructions"] == 2000
    assert budgets["pump"]["mps2-an386"]["balanced"]["instructions"] == 900
    assert budgets["pump"]["mps2-an386"]["balanced"]["flash_bytes"] == 500
    assert set(budgets["pump"]["mps2-an386"]) == {"balanced", "speed"}
    before = path.read_text()
    budget.update([], path)
    assert path.read_text() == before
    assert re.search(r"instructions = 2_000", before)


def test_missing_and_damaged_files(tmp_path):
    assert budget.load(tmp_path / "none.toml") == {}
    (tmp_path / "bad.toml").write_text("[")
    with pytest.raises(DataError, match="not valid TOML"):
        budget.load(tmp_path / "bad.toml")


def test_baseline_of_counting_targets():
    table = budget.references()
    assert {"forecaster", "ad01_int8", "kws_ref_model", "pretrainedresnet_quant"} <= set(table)
    for name in table:
        for target in set(suite.TARGETS) - {"mps2-m0plus", "mps3-an547"}:  # not measured there
            found = budget.reference(table, cost(name=name, target=target))
            assert found is not None
            assert found.instructions > 0
    assert budget.reference(table, cost()) is None


def test_table_and_json(monkeypatch):
    costs = (cost(2_000_000, name="forecaster"), cost())
    text = suite.table(costs)
    assert "1.77×" in text  # 3.534 / 2.0
    results = suite.Results(costs, (suite.Failure("x", "y", "size", "why", 31),))
    rows = suite.fields(results)["rows"]
    assert rows[0]["baseline"]["ratio"] == pytest.approx(1.767)
    assert set(rows[0]["baseline"]) == {"runtime", "instructions", "ratio"}
    assert rows[1]["baseline"] is None
    assert suite.fields(results)["failures"][0]["message"] == "why"
    assert costs[0].beyond_bytes == 350


def test_a_failure_is_one_row(tmp_path):
    results = suite.measure([tmp_path / "absent.tflite"], ["mps2-an386"], ["size"], tmp_path)
    assert results.costs == ()
    assert [f.model for f in results.failures] == ["absent"]


def test_streaming_has_a_budget_of_its_own(path):
    assert budget.excesses([streamed()], budget.load(path)) == [
        "pump on mps2-an386, streaming: no budget"
    ]
    budget.update([streamed()], path)
    found = budget.load(path)["pump"]["mps2-an386"]
    assert found["streaming"]["sample_instructions"] == 120
    assert "sample_instructions" not in found["balanced"]
    assert budget.excesses([streamed(), cost()], budget.load(path)) == []
    (line,) = budget.excesses([streamed(border=22)], budget.load(path))
    assert "streaming: sample_instructions is 122" in line


TUNED = ("mps2-an386", "mps2-an505", "mps2-m0plus", "riscv-virt")
"""Targets for which both other goals pay: a Cortex-M55 gains little by more code."""


def test_every_goal_pays():
    """`--optimize size` makes smaller images than balanced, `speed` faster ones, of all models."""
    held = [
        (model, target, goals)
        for model, targets in budget.load().items()
        for target, goals in targets.items()
        if {"size", "speed"} <= set(goals) and target != "ibex"
    ]
    assert {target for _, target, _ in held} == {*TUNED, "mps3-an547"}
    for model, target, goals in held:
        balanced, speed, size = goals["balanced"], goals["speed"], goals["size"]
        assert size["flash_bytes"] < balanced["flash_bytes"], (model, target)
        assert speed["instructions"] <= balanced["instructions"], (model, target)
        if target in TUNED:
            assert speed["instructions"] < balanced["instructions"], (model, target)
