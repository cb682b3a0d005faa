"""The checker is shown to catch broken plans: every single wrong start, and every kind of rule."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from codegen.backends.native import lower as native
from codegen.errors import MemoryPlanError
from codegen.ir.graph import DType, Graph, Operator, Tensor
from codegen.ir.step import ScratchRequest, Step
from codegen.memory import checker, planner
from codegen.memory.plan import Plan


@pytest.fixture
def case():
    """input t0 → t1 with scratch and a variable t3 → t2, all of 16 bytes."""
    tensors = {
        i: Tensor(i, f"t{i}", (16,), DType.INT16 if i == 3 else DType.INT8, is_variable=i == 3)
        for i in range(4)
    }
    scratch = (ScratchRequest(0, "s", 16, 16, persistent=False),)
    steps = [Step(0, (0, 3), (1,), scratch), Step(1, (1,), (2,))]
    operators = tuple(Operator(s.operator_index, "X", s.reads, s.writes) for s in steps)
    graph = Graph("g", tensors, operators, (0,), (2,))
    return graph, steps, planner.plan(graph, steps)


def moved(plan, *, arena_bytes=None, scratch=None, **tensors):
    places = dict(plan.tensors) | {int(k[1:]): v for k, v in tensors.items()}
    return replace(
        plan,
        tensors=MappingProxyType(places),
        scratch=dict(plan.scratch) | (scratch or {}),
        arena_bytes=arena_bytes or plan.arena_bytes,
    )


def wrong(case, what, **places):
    graph, steps, plan = case
    with pytest.raises(MemoryPlanError, match=what):
        checker.check(graph, steps, moved(plan, **places))


def test_the_plan_is_right(case):
    checker.check(*case)


def test_output_over_its_input(case):
    wrong(case, "overwrites its input|destroyed", t1=case[2].tensors[0])


def test_scratch_over_the_input(case):
    wrong(case, "overwrites its input", scratch={"op0.s": case[2].tensors[0]})


def test_scratch_over_the_output(case):
    wrong(case, "overlaps its other memory", scratch={"op0.s": case[2].tensors[1]})


def test_output_over_the_variable(case):
    wrong(case, "destroys t3", t1=case[2].tensors[3])


def test_last_output_over_the_variable(case):
    wrong(case, "destroys t3", t2=case[2].tensors[3])


def test_outside_the_arena(case):
    wrong(case, "leaves the arena", t2=case[2].arena_bytes)
    wrong(case, "leaves the arena|aligned", t2=-16)


def test_alignment(case):
    wrong(case, "is not 4-aligned", t2=case[2].tensors[2] + 2)
    wrong(case, "is not 16-aligned", scratch={"op0.s": 4})
    wrong(case, "multiple of 16", arena_bytes=case[2].arena_bytes + 4)


def test_an_error_names_the_bytes(case):
    """The variable has 32 bytes, of int16."""
    start = case[2].tensors[3]
    what = rf"operator 0 destroys t3 \(bytes {start} to {start + 31}\)"
    wrong(case, what, t1=start)


def in_place(*, scratch_at, scratch_bytes=16, alignment=1, first=0, second=64):
    """t0 of 16 bytes → t1 in its place, beside a scratch and a second output of 16 bytes."""
    tensors = {i: Tensor(i, f"t{i}", (16,), DType.INT8) for i in range(3)}
    scratch = (ScratchRequest(0, "s", scratch_bytes, alignment, persistent=False),)
    steps = [Step(0, (0,), (1, 2), scratch, in_place=(0,))]
    graph = Graph("g", tensors, (Operator(0, "X", (0,), (1, 2)),), (0,), (1, 2))
    places = {0: 0, 1: first, 2: second}
    return graph, steps, Plan(96, (), places, {"op0.s": scratch_at}, {}, 0, "by hand")


@pytest.mark.parametrize("places", [{"scratch_at": 16}, {"scratch_at": 32, "second": 16}])
def test_what_lies_beside_an_input_replaces_nothing_of_it(places):
    checker.check(*in_place(**places))


def test_what_lies_before_an_input_replaces_nothing_of_it():
    graph, steps, plan = in_place(scratch_at=0)
    checker.check(graph, steps, replace(plan, tensors={0: 16, 1: 16, 2: 64}))


@pytest.mark.parametrize(
    "places",
    [
        {"scratch_at": 15},
        {"scratch_at": 0, "scratch_bytes": 1, "first": 16},
        {"scratch_at": 32, "second": 12},
        {"scratch_at": 32, "first": 4},
        {"scratch_at": 32, "first": 12},
    ],
)
def test_an_input_is_replaced_whole_and_from_its_start(places):
    with pytest.raises(MemoryPlanError, match=r"overwrites its input t0|overlaps its other"):
        checker.check(*in_place(**places))


def test_the_ends_of_the_arena():
    checker.check(*in_place(scratch_at=80))
    for at in (-1, 81):
        with pytest.raises(MemoryPlanError, match=f"at {at} with 16 bytes leaves the arena of 96"):
            checker.check(*in_place(scratch_at=at))


def test_missing_places(case):
    graph, steps, plan = case
    lost = {i: s for i, s in plan.tensors.items() if i != 1}
    with pytest.raises(MemoryPlanError, match="t1 has no place"):
        checker.check(graph, steps, replace(plan, tensors=lost))
    with pytest.raises(MemoryPlanError, match=r"op0\.s has no place"):
        checker.check(graph, steps, replace(plan, scratch={}))


def test_read_before_write(case):
    graph, steps, plan = case
    with pytest.raises(MemoryPlanError, match="not yet written"):
        checker.check(graph, steps[::-1], plan)


def test_a_view_elsewhere(case):
    graph, steps, _ = case
    views = [steps[0], replace(steps[1], is_view=True)]
    right = planner.plan(graph, views)
    checker.check(graph, views, right)
    with pytest.raises(MemoryPlanError, match="lie apart"):
        checker.check(graph, views, moved(right, t2=(right.tensors[1] + 16) % right.arena_bytes))


def test_every_shift_of_every_value_of_a_tight_plan(small_program):
    """Moving any one value of the small model by a word is caught or truly harmless.

    Harmless means: no other block of overlapping life is touched, by lifetimes (which the
    checker does not use).
    """
    graph, plan = small_program.graph, small_program.plan
    steps = native.steps(graph, list(small_program.calls))
    blocks = {block.label: (block, start) for block, start in plan.blocks}
    caught = 0
    for label, (block, start) in blocks.items():
        for step in (-8, -4, 4, 8):
            to = start + step
            rivals = [
                s < to + block.size_bytes and to < s + b.size_bytes
                for b, s in blocks.values()
                if b.label != label and b.first <= block.last and block.first <= b.last
            ]
            fits = to >= 0 and to + block.size_bytes <= plan.arena_bytes
            tensors = {
                t: to if s == start and f"t{t}" in _shown(steps, label) else s
                for t, s in plan.tensors.items()
            }
            changed = replace(plan, tensors=tensors)
            if fits and not any(rivals):
                checker.check(graph, steps, changed)
                continue
            with pytest.raises(MemoryPlanError):
                checker.check(graph, steps, changed)
            caught += 1
    assert caught >= 5


def _shown(steps, label):
    """Labels of a tensor and of all views of it."""
    found = {label}
    for step in steps:
        if step.is_view and f"t{step.reads[0]}" in found:
            found.add(f"t{step.writes[0]}")
    return found
