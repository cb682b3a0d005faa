"""Judge of a plan: plays the program on a picture of the arena. Shares no code with the planner.

Every byte of the picture holds a number that is new with each store. A step may read a value only
while all its bytes still hold the numbers of that value, and what a step writes or uses as scratch
may not touch what the step reads, unless it is computed in place. A view stores nothing: its value
is the numbers of its parts. Lifetimes are not used: an overlap that the planner believes harmless
is found when somebody reads.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from codegen.errors import MemoryPlanError
from codegen.ir.graph import Array, Graph
from codegen.ir.step import Step
from codegen.memory.plan import ARENA_ALIGNMENT, Plan

Content = tuple[tuple[int, int], ...]
"""Content of a value: runs of bytes, each as (number of the first byte, length)."""


class _Picture:
    """The arena: each byte holds a number of its own for every store, 0 before the first."""

    def __init__(self, arena_bytes: int) -> None:
        self._bytes: Array = np.zeros(arena_bytes, dtype=np.int64)
        self._next = 1

    def store(self, start: int, size: int) -> Content:
        """Write a new value and return its content."""
        number = self._next
        self._next += size
        self._bytes[start : start + size] = np.arange(number, number + size)
        return ((number, size),)

    def holds(self, start: int, content: Content) -> bool:
        """Whether the bytes from `start` on are still those of `content`."""
        for number, length in content:
            found = self._bytes[start : start + length]
            if not np.array_equal(found, np.arange(number, number + length)):
                return False
            start += length
        return True


def _part(content: Content, start: int, size: int) -> Content:
    """Return `size` bytes of a content, from byte `start` on."""
    found = []
    for number, length in content:
        first, end = max(start, 0), min(start + size, length)
        if first < end:
            found.append((number + first, end - first))
        start -= length
    return tuple(found)


def check(graph: Graph, steps: Sequence[Step], plan: Plan) -> None:
    """Raise `MemoryPlanError` unless running `steps` with `plan` destroys nothing too early."""
    if plan.arena_bytes % ARENA_ALIGNMENT != 0:
        raise MemoryPlanError(f"arena of {plan.arena_bytes} bytes is no multiple of 16")
    extents = _extents(graph, steps, plan)
    game = _Game(graph, extents, _Picture(plan.arena_bytes))
    kept = _persistent(graph, steps)
    for label in [f"t{t}" for t in graph.inputs] + kept:
        game.store(label)
    for tensor in graph.inputs:
        game.expect(f"t{tensor}", "the model inputs overlap")
    for step in steps:
        game.play(step)
        for label in kept:
            game.expect(label, f"operator {step.operator_index} destroys {label}")
    for tensor in graph.outputs:
        game.expect(f"t{tensor}", f"output t{tensor} is destroyed before the end")


@dataclass
class _Game:
    """The program played so far: where everything lies and what it should contain."""

    graph: Graph
    extents: Mapping[str, tuple[int, int]]
    picture: _Picture
    contents: dict[str, Content] = field(default_factory=dict)

    def store(self, label: str) -> None:
        """Write a new value."""
        self.contents[label] = self.picture.store(*self.extents[label])

    def expect(self, label: str, what: str) -> None:
        """Raise `MemoryPlanError` unless the bytes of `label` are what it contains."""
        start, size = self.extents[label]
        content = self.contents.get(label)
        if content is None or not self.picture.holds(start, content):
            end = start + size - 1
            raise MemoryPlanError(f"memory plan is wrong: {what} (bytes {start} to {end})")

    def play(self, step: Step) -> None:
        """Run one step: read its inputs, spoil its scratch, and store its outputs."""
        place = f"operator {step.operator_index}"
        read = [t for t in step.reads if not self.graph.tensor(t).is_variable]
        for tensor in read:
            what = f"{place} reads t{tensor}, which is destroyed or not yet written"
            self.expect(f"t{tensor}", what)
        if step.is_view:
            self._view(step, place)
            return
        stored = [r.label for r in step.scratch if not r.persistent]
        stored += [f"t{tensor}" for tensor in (*step.writes, *step.updates)]
        for label in stored:
            self.store(label)
        for label in stored:
            self.expect(label, f"{place}: {label} overlaps its other memory")
        for tensor in read:
            if not self._is_replaced(step, tensor):
                self.expect(f"t{tensor}", f"{place} overwrites its input t{tensor}")

    def _is_replaced(self, step: Step, tensor: int) -> bool:
        """Whether the first output rightly starts where an input did, and nothing else does."""
        if tensor not in step.in_place:
            return False
        start, _ = self.extents[f"t{tensor}"]
        first, *others = [f"t{t}" for t in step.writes]
        used = others + [r.label for r in step.scratch if not r.persistent]
        end = start + self.graph.tensor(tensor).size_bytes
        return self.extents[first][0] == start and not any(
            self.extents[u][0] < end and start < sum(self.extents[u]) for u in used
        )

    def _view(self, step: Step, place: str) -> None:
        """Derive what the values written contain from what those read do; nothing is stored."""
        for piece in step.shown():
            origin, part = self.extents[f"t{piece.whole}"][0], self.extents[f"t{piece.part}"]
            if origin + piece.start_bytes != part[0]:
                raise MemoryPlanError(
                    f"{place} is a view, but t{piece.whole} and t{piece.part} lie apart"
                )
            if piece.part in step.writes:
                content = _part(self.contents[f"t{piece.whole}"], piece.start_bytes, part[1])
                self.contents[f"t{piece.part}"] = content
        for whole in dict.fromkeys(p.whole for p in step.shown() if p.whole in step.writes):
            parts = sorted((p.start_bytes, p.part) for p in step.shown() if p.whole == whole)
            joined = tuple(run for _, part in parts for run in self.contents[f"t{part}"])
            self.contents[f"t{whole}"] = joined
        for tensor in step.writes:
            content = self.contents.get(f"t{tensor}", ())
            if sum(length for _, length in content) != self.extents[f"t{tensor}"][1]:
                raise MemoryPlanError(f"{place} is a view, but t{tensor} is not all of its parts")
            self.expect(f"t{tensor}", f"{place} shows t{tensor}, which lies elsewhere")


def _persistent(graph: Graph, steps: Sequence[Step]) -> list[str]:
    """Return the labels of all memory that must survive from one inference to the next."""
    variables = {t for s in steps for t in (*s.reads, *s.writes) if graph.tensor(t).is_variable}
    scratch = [r.label for s in steps for r in s.scratch if r.persistent]
    return [f"t{t}" for t in sorted(variables)] + scratch


def _extents(graph: Graph, steps: Sequence[Step], plan: Plan) -> dict[str, tuple[int, int]]:
    """Return first byte and size of everything, inside the arena and aligned."""
    used = {*graph.inputs, *graph.outputs}
    used.update(t for step in steps for t in (*step.reads, *step.writes))
    extents: dict[str, tuple[int, int]] = {}
    for tensor in sorted(used):
        if tensor not in plan.tensors:
            raise MemoryPlanError(f"memory plan is wrong: t{tensor} has no place")
        value = graph.tensor(tensor)
        alignment = max(4, value.dtype.itemsize)
        extents[f"t{tensor}"] = (plan.tensors[tensor], value.size_bytes)
        _fits(f"t{tensor}", extents[f"t{tensor}"], alignment, plan.arena_bytes)
    for step in steps:
        for request in step.scratch:
            if request.label not in plan.scratch:
                raise MemoryPlanError(f"memory plan is wrong: {request.label} has no place")
            extents[request.label] = (plan.scratch[request.label], request.size_bytes)
            _fits(request.label, extents[request.label], request.alignment, plan.arena_bytes)
    return extents


def _fits(label: str, extent: tuple[int, int], alignment: int, arena_bytes: int) -> None:
    start, size = extent
    if start % alignment != 0:
        raise MemoryPlanError(
            f"memory plan is wrong: {label} at {start} is not {alignment}-aligned"
        )
    if start < 0 or size < 0 or start + size > arena_bytes:
        raise MemoryPlanError(
            f"memory plan is wrong: {label} at {start} with {size} bytes leaves the arena "
            f"of {arena_bytes} bytes"
        )
