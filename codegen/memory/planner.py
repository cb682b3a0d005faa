"""Arena planning: blocks with lifetimes to first bytes, as low as possible.

Heuristics first: place the blocks in some order, each at the lowest place that is free during its
life. If the best is above the lower bound and there are few blocks, search all orders.

The search is complete. Take an optimal plan, order its blocks by first byte and place them again
in that order, each as low as possible: no block comes to lie higher than before, so the arena
does not grow. That order has rising first bytes if every block is placed no lower than its
predecessor, so only such continuations are tried.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from codegen.errors import MemoryPlanError
from codegen.ir.graph import Graph
from codegen.ir.step import Step
from codegen.memory.liveness import Traffic, analyse
from codegen.memory.plan import ARENA_ALIGNMENT, Block, Plan

MAX_ARENA_BYTES = 32 << 20
"""Largest arena: more RAM than microcontrollers have, external memory included."""
MAX_SEARCHED_BLOCKS = 14
MAX_SEARCH_STATES = 20_000
"""Number of states after which the search stops, about 0.2 s, and the best plan so far is used."""

Placement = tuple[Block, int]


def plan(graph: Graph, steps: Sequence[Step], *, slack_percent: int = 0) -> Plan:
    """Return a plan for the arena; the caller has `memory.checker` judge it.

    The smallest arena wins; up to `slack_percent` more is spent on views that save a copy.
    Raises `MemoryPlanError` when even the best one is beyond `MAX_ARENA_BYTES`.
    """
    best = _placed(analyse(graph, steps), steps)
    if best.views:
        # A view keeps its whole memory as long as one part is needed: a copy may need less.
        others = [_placed(analyse(graph, steps, offers), steps) for offers in ("frugal", "none")]
        smallest = min(p.arena_bytes for p in (best, *others))
        limit = smallest + smallest * slack_percent // 100
        fitting = [p for p in (best, *others) if p.arena_bytes <= limit]
        best = max(fitting, key=lambda p: (len(p.views), -p.arena_bytes))
    return best


def _placed(memory: Traffic, steps: Sequence[Step]) -> Plan:
    """Return the best plan for given blocks."""
    blocks = memory.blocks
    bound = lower_bound(blocks)
    if bound > MAX_ARENA_BYTES:
        raise MemoryPlanError(
            f"the model needs at least {bound} bytes of arena, the limit is {MAX_ARENA_BYTES}: "
            "make its largest values smaller"
        )
    method, placed = _best_heuristic(blocks)
    if _arena(placed) > _align(bound, ARENA_ALIGNMENT) and len(blocks) <= MAX_SEARCHED_BLOCKS:
        found = _Search(blocks, bound, _arena(placed)).run()
        if found is not None:
            method, placed = "search", found
    starts = {block.label: start for block, start in placed}
    return Plan(
        arena_bytes=_arena(placed),
        blocks=tuple(sorted(placed, key=lambda p: (p[1], p[0].first, p[0].label))),
        tensors={t: starts[label] + start for t, (label, start) in memory.places.items()},
        scratch={r.label: starts[r.label] for step in steps for r in step.scratch},
        labels={t: label for t, (label, _) in memory.places.items()},
        lower_bound_bytes=bound,
        method=method,
        views=memory.views,
    )


def lower_bound(blocks: Sequence[Block]) -> int:
    """Return the largest sum of sizes taken at one step."""
    moments = {b.first for b in blocks}
    return max(
        (sum(b.size_bytes for b in blocks if b.first <= m <= b.last) for m in moments), default=0
    )


def _best_heuristic(blocks: Sequence[Block]) -> tuple[str, list[Placement]]:
    orders: dict[str, Callable[[Block], tuple[object, ...]]] = {
        "largest first": lambda b: (-b.size_bytes, b.first, b.label),
        "longest first": lambda b: (b.first - b.last, -b.size_bytes, b.label),
        "largest area first": lambda b: (-b.size_bytes * (b.last - b.first + 1), b.label),
        "in order": lambda b: (b.first, -b.size_bytes, b.label),
        "in reverse order": lambda b: (-b.last, -b.size_bytes, b.label),
    }
    best: tuple[str, list[Placement]] | None = None
    for name, key in orders.items():
        placed: list[Placement] = []
        for block in sorted(blocks, key=key):
            placed.append((block, _lowest(block, placed)))
        if best is None or _arena(placed) < _arena(best[1]):
            best = (name, placed)
    if best is None:
        raise AssertionError
    return best


def _lowest(block: Block, placed: Sequence[Placement]) -> int:
    """Return the lowest first byte at which `block` meets no block of its lifetime."""
    rivals = sorted(
        (start, start + other.size_bytes)
        for other, start in placed
        if other.first <= block.last and block.first <= other.last
    )
    start = 0
    for low, high in rivals:
        if start + block.size_bytes <= low:
            break
        start = max(start, _align(high, block.alignment))
    return start


def _align(value: int, alignment: int) -> int:
    return -(-value // alignment) * alignment


def _arena(placed: Sequence[Placement]) -> int:
    """Return the bytes of an arena that holds all placed blocks."""
    top = max((start + block.size_bytes for block, start in placed), default=0)
    return _align(top, ARENA_ALIGNMENT)


@dataclass
class _Search:
    """Depth-first search over placement orders, cut by the best arena found so far."""

    blocks: Sequence[Block]
    bound: int
    arena_bytes: int
    """Size of the best arena so far, which a placement must beat."""
    states: int = 0
    best: list[Placement] | None = None

    def run(self) -> list[Placement] | None:
        """Return the best placement that beats `arena_bytes`, or None."""
        ordered = sorted(self.blocks, key=lambda b: (-b.size_bytes, b.first, b.label))
        self._extend([], ordered, 0)
        return self.best

    def _extend(self, placed: list[Placement], rest: list[Block], floor: int) -> None:
        self.states += 1
        if not rest:
            self.best, self.arena_bytes = list(placed), _arena(placed)
            return
        for position, block in enumerate(rest):
            # Arenas come in steps of 16 bytes: only the next smaller one is an improvement.
            limit = self.arena_bytes - ARENA_ALIGNMENT
            if limit < self.bound or self.states > MAX_SEARCH_STATES:
                return
            start = _lowest(block, placed)
            if start < floor or start + block.size_bytes > limit:
                continue
            others = rest[:position] + rest[position + 1 :]
            self._extend([*placed, (block, start)], others, start)
