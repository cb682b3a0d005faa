"""Values that share memory: results in place of inputs, and parts of a whole."""

import random
from dataclasses import replace

import pytest

from codegen.errors import MemoryPlanError
from codegen.ir.graph import DType, Graph, Operator, Tensor
from codegen.ir.step import Piece, Step
from codegen.memory import checker, planner
from codegen.memory.liveness import analyse


def program(sizes, steps, inputs=(0,), outputs=None, variables=()):
    """Steps over int8 tensors of given sizes; the last tensor is the output unless given."""
    tensors = {
        i: Tensor(i, f"t{i}", (s,), DType.INT8, is_variable=i in variables)
        for i, s in enumerate(sizes)
    }
    operators = tuple(Operator(s.operator_index, "X", s.reads, s.writes) for s in steps)
    return Graph("g", tensors, operators, inputs, outputs or (len(sizes) - 1,)), steps


def planned(graph, steps):
    plan = planner.plan(graph, steps)
    taken = [replace(s, is_view=s.is_view or s.operator_index in plan.views) for s in steps]
    checker.check(graph, taken, plan)
    return plan, taken


def test_a_chain_in_place_needs_one_value():
    graph, steps = program([64] * 4, [Step(i, (i,), (i + 1,), in_place=(i,)) for i in range(3)])
    plan, _ = planned(graph, steps)
    assert plan.arena_bytes == 64
    assert set(plan.tensors.values()) == {0}


def test_an_input_that_is_read_again_stays():
    steps = [Step(0, (0,), (1,), in_place=(0,)), Step(1, (0, 1), (2,), in_place=(0, 1))]
    plan, _ = planned(*program([64] * 3, steps))
    assert plan.tensors[1] != plan.tensors[0]
    assert plan.tensors[2] == plan.tensors[0]
    assert plan.arena_bytes == 128


def test_an_input_that_is_a_model_output_stays():
    steps = [Step(0, (0,), (1,)), Step(1, (1,), (2,), in_place=(1,))]
    plan, _ = planned(*program([64] * 3, steps, outputs=(1, 2)))
    assert plan.tensors[1] != plan.tensors[2]


def test_a_view_that_is_read_again_keeps_the_memory():
    steps = [
        Step(0, (0,), (1,)),
        Step(1, (1,), (2,), is_view=True),
        Step(2, (1,), (3,), in_place=(1,)),
        Step(3, (2, 3), (4,)),
    ]
    plan, _ = planned(*program([64] * 5, steps))
    assert plan.tensors[2] == plan.tensors[1] != plan.tensors[3]


def test_a_variable_is_never_replaced():
    steps = [Step(0, (0, 1), (2,), in_place=(1,))]
    plan, _ = planned(*program([64] * 3, steps, variables=(1,)))
    assert plan.tensors[2] != plan.tensors[1]


def split(index, whole, parts, size):
    pieces = tuple(Piece(whole, p, n * size) for n, p in enumerate(parts))
    return Step(index, (whole,), tuple(parts), pieces=pieces)


def concatenation(index, whole, parts, size):
    pieces = tuple(Piece(whole, p, n * size) for n, p in enumerate(parts))
    return Step(index, tuple(parts), (whole,), pieces=pieces)


def test_split_and_concatenation_copy_nothing():
    """t0 → split → each part in place → concatenation: one memory for all, no code."""
    steps = [
        split(0, 0, (1, 2), 32),
        Step(1, (1,), (3,), in_place=(1,)),
        Step(2, (2,), (4,), in_place=(2,)),
        concatenation(3, 5, (3, 4), 32),
    ]
    plan, _ = planned(*program([64, 32, 32, 32, 32, 64], steps))
    assert 0 in plan.views
    assert plan.tensors[2] == plan.tensors[0] + 32
    assert plan.arena_bytes <= 128


def test_concatenation_places_producers_inside():
    steps = [Step(0, (0,), (1,)), Step(1, (0,), (2,)), concatenation(2, 3, (1, 2), 64)]
    plan, _ = planned(*program([16, 64, 64, 128], steps))
    assert plan.views == {2}
    assert plan.arena_bytes == 128 + 16


@pytest.mark.parametrize(
    ("slack", "is_view", "arena_bytes"), [(0, False, 320), (44, False, 320), (45, True, 464)]
)
def test_a_view_may_cost_so_many_percent_more(slack, is_view, arena_bytes):
    """A small part that is read at the end keeps all of its whole, where a copy keeps itself."""
    pieces = (Piece(0, 1, 0), Piece(0, 2, 16))
    steps = [
        Step(0, (0,), (1, 2), pieces=pieces),
        Step(1, (2,), (3,)),
        Step(2, (3,), (4,)),
        Step(3, (4, 1), (5,)),
    ]
    graph, steps = program([160, 16, 144, 160, 144, 16], steps)
    plan = planner.plan(graph, steps, slack_percent=slack)
    assert (plan.views, plan.arena_bytes) == ({0} if is_view else set(), arena_bytes)


def test_one_value_twice_is_copied():
    steps = [Step(0, (0,), (1,)), concatenation(1, 2, (1, 1), 64)]
    steps[1] = replace(steps[1], reads=(1,))
    plan, _ = planned(*program([16, 64, 128], steps))
    assert plan.views == frozenset()


def test_unaligned_parts_are_copied():
    plan, _ = planned(*program([64, 30, 34], [split(0, 0, (1, 2), 30)], outputs=(1, 2)))
    assert plan.views == frozenset()


def test_a_view_that_needs_more_memory_is_refused():
    """One small part outlives a large whole: a copy lets go of the rest."""
    steps = [Step(0, (0,), (1,)), split(1, 1, (2,), 0), Step(2, (2,), (3,)), Step(3, (2, 3), (4,))]
    plan, _ = planned(*program([16, 4096, 16, 4096, 16], steps))
    assert plan.views == frozenset()
    assert plan.arena_bytes < 2 * 4096


def test_the_checker_refuses_what_is_not_in_place():
    graph, steps = program([64] * 3, [Step(0, (0,), (1,), in_place=(0,)), Step(1, (1,), (2,))])
    plan, _ = planned(graph, steps)
    checker.check(graph, steps, plan)
    plain = [replace(s, in_place=()) for s in steps]
    with pytest.raises(MemoryPlanError, match="overwrites its input"):
        checker.check(graph, plain, plan)
    shifted = replace(plan, tensors={**plan.tensors, 1: 16}, arena_bytes=256)
    with pytest.raises(MemoryPlanError, match="overwrites its input"):
        checker.check(graph, steps, shifted)


def test_the_checker_refuses_parts_elsewhere():
    graph, steps = program([64, 32, 32, 64], [split(0, 0, (1, 2), 32), Step(1, (1, 2), (3,))])
    plan, taken = planned(graph, steps)
    swapped = {**plan.tensors, 1: plan.tensors[2], 2: plan.tensors[1]}
    with pytest.raises(MemoryPlanError, match="lie apart"):
        checker.check(graph, taken, replace(plan, tensors=swapped))
    half = [replace(taken[0], pieces=taken[0].pieces[:1]), taken[1]]
    with pytest.raises(MemoryPlanError, match=r"not all of its parts|destroyed"):
        checker.check(graph, half, plan)


def test_a_value_that_was_replaced_cannot_be_read():
    graph, steps = program([64] * 3, [Step(0, (0,), (1,), in_place=(0,)), Step(1, (1,), (2,))])
    plan, _ = planned(graph, steps)
    late = [steps[0], replace(steps[1], reads=(0, 1))]
    with pytest.raises(MemoryPlanError, match="destroyed"):
        checker.check(graph, late, plan)


@pytest.mark.parametrize("seed", range(200))
def test_random_programs(seed):
    """Random mixtures of operators in place, splits, concatenations and views pass the checker."""
    rng = random.Random(seed)
    sizes, steps = [rng.choice([32, 64])], []
    for index in range(rng.randrange(2, 18)):
        known = len(sizes)
        source = max(0, known - 1 - rng.randrange(3))
        kind = rng.randrange(4)
        if kind == 0 and sizes[source] >= 8:
            half = sizes[source] // 8 * 4
            sizes += [half, sizes[source] - half]
            pieces = (Piece(source, known, 0), Piece(source, known + 1, half))
            steps.append(Step(index, (source,), (known, known + 1), pieces=pieces))
        elif kind == 1 and known > 1:
            parts = rng.sample(range(known), 2)
            sizes.append(sizes[parts[0]] + sizes[parts[1]])
            pieces = (Piece(known, parts[0], 0), Piece(known, parts[1], sizes[parts[0]]))
            steps.append(Step(index, tuple(parts), (known,), pieces=pieces))
        elif kind == 2:
            sizes.append(sizes[source])
            steps.append(Step(index, (source,), (known,), is_view=True))
        else:
            reads = tuple(dict.fromkeys([source, rng.randrange(known)]))
            sizes.append(sizes[source])
            steps.append(Step(index, reads, (known,), in_place=(source,)))
    graph, steps = program(sizes, steps)
    plan, _ = planned(graph, steps)
    assert plan.arena_bytes >= plan.lower_bound_bytes
    plain = [replace(s, pieces=(), in_place=()) for s in steps]
    assert plan.arena_bytes <= planner.plan(graph, plain).arena_bytes * 1.5


def test_hundreds_of_operators(monkeypatch):
    """The number of placements is what takes time; it grows with operators, not beyond."""
    steps = [Step(i, (i,), (i + 1,)) for i in range(600)]
    graph, steps = program([64 + i % 7 * 16 for i in range(601)], steps)
    calls = []
    lowest = planner._lowest
    monkeypatch.setattr(planner, "_lowest", lambda *a: calls.append(1) or lowest(*a))
    planned(graph, steps)
    assert len(calls) <= 10 * len(analyse(graph, steps).blocks)
