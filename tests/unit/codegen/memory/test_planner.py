"""Plans are correct, small, and the same each time."""

import itertools
import random
from collections import Counter

import pytest

from codegen.errors import MemoryPlanError
from codegen.ir.graph import DType, Graph, Operator, Tensor
from codegen.ir.step import ScratchRequest, Step
from codegen.memory import checker, planner
from codegen.memory.plan import Block


def program(sizes, reads, variables=(), scratch=(), views=()):
    """A chain of steps: step i reads `reads[i]` and writes tensor i + 1; tensor 0 is the input."""
    tensors = {
        i: Tensor(i, f"t{i}", (s,), DType.INT8, is_variable=i in variables)
        for i, s in enumerate(sizes)
    }
    steps = [
        Step(
            i,
            tuple(r),
            (i + 1,),
            tuple(ScratchRequest(i, *s[1:]) for s in scratch if s[0] == i),
            is_view=i in views,
        )
        for i, r in enumerate(reads)
    ]
    operators = tuple(Operator(s.operator_index, "X", s.reads, s.writes) for s in steps)
    graph = Graph("g", tensors, operators, (0,), (len(reads),))
    return graph, steps


def arena(graph, steps):
    plan = planner.plan(graph, steps)
    checker.check(graph, steps, plan)
    assert plan.arena_bytes >= plan.lower_bound_bytes
    return plan


def test_a_chain_needs_two_neighbours():
    plan = arena(*program([480, 960, 960, 80], [[0], [1], [2]]))
    assert plan.arena_bytes == 1920


def test_a_view_takes_nothing():
    plan = arena(*program([160, 160, 160], [[0], [1]], views=(1,)))
    assert plan.tensors[1] == plan.tensors[2]
    assert plan.arena_bytes == 320


def test_a_view_of_another_size_is_refused():
    with pytest.raises(MemoryPlanError, match="view"):
        planner.plan(*program([16, 16, 8], [[0], [1]], views=(1,)))


def test_variables_and_persistent_scratch_stay():
    graph, steps = program(
        [64, 64, 64, 64], [[0, 3], [1]], variables=(3,), scratch=[(0, "kept", 32, 4, True)]
    )
    plan = arena(graph, steps)
    assert plan.arena_bytes == 64 + 64 + 64 + 32


def test_scratch_is_free_again():
    plan = arena(*program([16, 16, 16], [[0], [1]], scratch=[(0, "a", 64, 16, False)]))
    assert plan.arena_bytes == 96


def test_shipped_arena(small_program):
    assert small_program.plan.arena_bytes == 64


def test_too_large_for_any_controller():
    with pytest.raises(MemoryPlanError, match="the limit is"):
        planner.plan(*program([1 << 24, 1 << 25, 16], [[0], [1]]))


def test_as_large_as_the_limit_is_not_too_large():
    assert planner.plan(*program([1 << 24, 1 << 24, 16], [[0], [1]])).arena_bytes == 1 << 25
    with pytest.raises(MemoryPlanError, match="at least 33554433 bytes of arena"):
        planner.plan(*program([1 << 24, (1 << 24) + 1, 16], [[0], [1]]))


def test_a_gap_of_just_its_size_takes_a_block():
    low, high = (Block(label, 16, 16, 0, 1) for label in "ab")
    assert planner._lowest(Block("c", 16, 16, 1, 2), [(low, 0), (high, 32)]) == 16
    assert planner._lowest(Block("c", 17, 16, 1, 2), [(low, 0), (high, 32)]) == 48
    assert planner._lowest(Block("c", 17, 16, 2, 2), [(low, 0), (high, 32)]) == 0


def test_nothing_takes_nothing():
    assert planner.lower_bound([]) == 0
    assert planner._arena([]) == 0


def exhaustive(blocks):
    """The best arena over all orders: slow and simple."""
    best = None
    for order in itertools.permutations(blocks):
        placed = []
        for block in order:
            placed.append((block, planner._lowest(block, placed)))
        size = planner._arena(placed)
        best = size if best is None else min(best, size)
    return best


def random_blocks(seed):
    rng = random.Random(seed)
    blocks = []
    for i in range(6):
        first = rng.randrange(-1, 6)
        size = rng.choice([16, 48, 80, 100, 256])
        blocks.append(Block(f"b{i}", size, rng.choice([1, 4, 16]), first, first + rng.randrange(3)))
    return blocks


@pytest.mark.parametrize("seed", range(12))
def test_small_plans_are_optimal(seed):
    blocks = random_blocks(seed)
    method, placed = planner._best_heuristic(blocks)
    found = planner._Search(blocks, planner.lower_bound(blocks), planner._arena(placed)).run()
    assert planner._arena(found or placed) == exhaustive(blocks), method


def test_the_search_beats_the_heuristics():
    """At least one of many random programs needs it, or it would be dead code."""
    rng = random.Random(1)
    methods = set()
    for _ in range(150):
        sizes = [rng.choice([16, 32, 48, 80, 112]) for _ in range(9)]
        reads = [[rng.randrange(i + 1), i] for i in range(8)]
        methods.add(arena(*program(sizes, reads)).method)
    assert "search" in methods


def dense(seed, count):
    """A random program whose heuristic plan is above the lower bound for some seeds."""
    rng = random.Random(seed)
    sizes = [rng.choice([16, 32, 48, 80, 112]) for _ in range(count)]
    return program(sizes, [[rng.randrange(i + 1), i] for i in range(count - 1)])


@pytest.mark.parametrize(
    ("seed", "count", "method", "above"),
    [(22, 14, "search", 0), (37, 14, "search", 0), (15, 15, "longest first", 16)],
)
def test_up_to_fourteen_blocks_are_searched(seed, count, method, above):
    """With one block more, the best order of the heuristics is taken as it is."""
    plan = arena(*dense(seed, count))
    assert len(plan.blocks) == count
    assert (plan.method, plan.arena_bytes - plan.lower_bound_bytes) == (method, above)


def test_a_search_that_cannot_win_finds_nothing():
    """Neither from the optimum on, nor with the lower bound out of reach."""
    for seed in range(12):
        blocks = random_blocks(seed)
        best = exhaustive(blocks)
        assert planner._Search(blocks, 0, best).run() is None
        again = planner._Search(blocks, 0, best + 64)
        assert planner._arena(again.run()) == best == again.arena_bytes


LARGE = {"largest first": 11, "longest first": 6, "largest area first": 2, "in order": 2,
         "in reverse order": 3}  # fmt: skip
LARGE_BYTES = 25_040


def test_plans_of_large_programs_stay_as_they_are():
    """Each order of the heuristics wins somewhere; a changed figure is a changed plan."""
    methods, total = Counter(), 0
    for seed in range(24):
        rng = random.Random(seed)
        count = rng.choice([20, 30, 40])
        sizes = [rng.randrange(1, 300) for _ in range(count + 1)]
        reads = [sorted({i, rng.randrange(max(0, i - 6), i + 1)}) for i in range(count)]
        plan = arena(*program(sizes, reads))
        methods[plan.method] += 1
        total += plan.arena_bytes
    assert methods == LARGE
    assert total == LARGE_BYTES


@pytest.mark.parametrize("seed", range(20))
def test_random_programs_pass_the_checker(seed):
    rng = random.Random(seed)
    count = rng.choice([3, 8, 20, 40])
    sizes = [rng.randrange(1, 300) for _ in range(count + 1)]
    reads = [sorted({i, rng.randrange(max(0, i - 3), i + 1)}) for i in range(count)]
    scratch = [
        (i, "s", rng.randrange(1, 99), rng.choice([1, 4, 16]), rng.random() < 0.2)
        for i in range(0, count, 2)
    ]
    first, second = (arena(*program(sizes, reads, scratch=scratch)) for _ in range(2))
    assert first == second
