"""Judge of a plan: plays the program on a picture of the arena. Shares no code with the planner.

Every byte of the picture holds the name of the value that was last stored in it. A step may read
a value only while all its bytes still carry that value's name, and what a step writes or uses as
scratch may not touch what the step reads. Lifetimes are not used: an overlap that the planner
believes harmless is found when somebody reads.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from codegen.errors import MemoryPlanError
from codegen.ir.graph import Array, Graph
from codegen.ir.step import Step
from codegen.memory.plan import ARENA_ALIGNMENT, Plan

_NOTHING = 0


class _Picture:
    """The arena, one number per byte: which value lies there."""

    def __init__(self, arena_bytes: int) -> None:
        self._bytes: Array = np.zeros(arena_bytes, dtype=np.int32)
        self._numbers: dict[str, int] = {}

    def store(self, start: int, size: int, value: str) -> None:
        number = self._numbers.setdefault(value, len(self._numbers) + 1)
        self._bytes[start : start + size] = number

    def holds(self, start: int, size: int, value: str) -> bool:
        number = self._numbers.get(value, _NOTHING)
        return number != _NOTHING and bool((self._bytes[start : start + size] == number).all())


def check(graph: Graph, steps: Sequence[Step], plan: Plan) -> None:
    """Raise `MemoryPlanError` unless running `steps` with `plan` destroys nothing too early."""
    if plan.arena_bytes % ARENA_ALIGNMENT != 0:
        raise MemoryPlanError(f"arena of {plan.arena_bytes} bytes is no multiple of 16")
    extents = _extents(graph, steps, plan)
    picture = _Picture(plan.arena_bytes)
    kept = _persistent(graph, steps)
    names: dict[int, str] = {}
    for tensor in graph.inputs:
        names[tensor] = f"input {tensor}"
        picture.store(*extents[f"t{tensor}"], names[tensor])
    for label in kept:
        picture.store(*extents[label], label)
    for tensor in graph.inputs:
        _expect(picture, extents[f"t{tensor}"], names[tensor], "the model inputs overlap")
    for step in steps:
        _play(graph, step, picture, extents, names)
        for label in kept:
            _expect(
                picture, extents[label], label, f"operator {step.operator_index} destroys {label}"
            )
    for tensor in graph.outputs:
        what = f"output t{tensor} is destroyed before the end"
        _expect(picture, extents[f"t{tensor}"], names.get(tensor, ""), what)


def _play(
    graph: Graph,
    step: Step,
    picture: _Picture,
    extents: Mapping[str, tuple[int, int]],
    names: dict[int, str],
) -> None:
    """Run one step: read its inputs, spoil its scratch, and store its outputs."""
    place = f"operator {step.operator_index}"
    read = [t for t in step.reads if not graph.tensor(t).is_variable]
    for tensor in read:
        what = f"{place} reads t{tensor}, which is destroyed or not yet written"
        _expect(picture, extents[f"t{tensor}"], names.get(tensor, ""), what)
    if step.is_view:
        (source,), (target,) = step.reads, step.writes
        if extents[f"t{source}"] != extents[f"t{target}"]:
            raise MemoryPlanError(f"{place} is a view, but t{source} and t{target} lie apart")
        names[target] = names[source]
        return
    stored: list[tuple[str, str]] = [
        (r.label, f"scratch {r.label}") for r in step.scratch if not r.persistent
    ]
    for tensor in step.writes:
        names[tensor] = f"{place} output {tensor}"
        stored.append((f"t{tensor}", names[tensor]))
    for label, value in stored:
        picture.store(*extents[label], value)
    for label, value in stored:
        _expect(picture, extents[label], value, f"{place}: {label} overlaps its other memory")
    for tensor in read:
        what = f"{place} overwrites its input t{tensor}"
        _expect(picture, extents[f"t{tensor}"], names[tensor], what)


def _expect(picture: _Picture, extent: tuple[int, int], value: str, what: str) -> None:
    if not picture.holds(*extent, value):
        start, size = extent
        raise MemoryPlanError(f"memory plan is wrong: {what} (bytes {start} to {start + size - 1})")


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
