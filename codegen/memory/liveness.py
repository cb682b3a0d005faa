"""From steps to blocks: which bytes are taken when, with views folded into what they show."""

from collections.abc import Sequence

from codegen.errors import MemoryPlanError
from codegen.ir.graph import Graph
from codegen.ir.step import Step
from codegen.memory.plan import Block, tensor_alignment


def storage_roots(steps: Sequence[Step]) -> dict[int, int]:
    """Return, for each tensor that a view defines, the tensor whose bytes it shows."""
    roots: dict[int, int] = {}
    for step in steps:
        if step.is_view:
            (source,), (target,) = step.reads, step.writes
            roots[target] = roots.get(source, source)
    return roots


def analyse(graph: Graph, steps: Sequence[Step]) -> tuple[list[Block], dict[int, str]]:
    """Return the blocks to place and the block label of every tensor.

    Inputs are taken from before the first step; outputs until after the last; variables and
    persistent scratch all the time. An input is released after its last use.
    """
    roots = storage_roots(steps)
    end = len(steps)
    first: dict[int, int] = {}
    last: dict[int, int] = {}

    def touch(tensor: int, step: int) -> None:
        root = roots.get(tensor, tensor)
        first[root] = min(first.get(root, step), step)
        last[root] = max(last.get(root, step), step)

    for tensor in graph.inputs:
        touch(tensor, -1)
    for position, step in enumerate(steps):
        for tensor in (*step.reads, *step.writes):
            touch(tensor, position)
            if graph.tensor(tensor).is_variable:
                touch(tensor, -1)
                touch(tensor, end)
    for tensor in graph.outputs:
        touch(tensor, end)

    labels = {t: f"t{roots.get(t, t)}" for t in {*first, *roots}}
    blocks = []
    for root in sorted(first):
        shown = [graph.tensor(t) for t, label in labels.items() if label == f"t{root}"]
        size = graph.tensor(root).size_bytes
        if any(t.size_bytes != size for t in shown):
            raise MemoryPlanError(f"tensor t{root} has {size} bytes but a view of it has not")
        alignment = max(tensor_alignment(t) for t in shown)
        blocks.append(Block(f"t{root}", size, alignment, first[root], last[root]))
    blocks.extend(_scratch(steps))
    return blocks, labels


def _scratch(steps: Sequence[Step]) -> list[Block]:
    end = len(steps)
    return [
        Block(
            label=request.label,
            size_bytes=request.size_bytes,
            alignment=request.alignment,
            first=-1 if request.persistent else position,
            last=end if request.persistent else position,
        )
        for position, step in enumerate(steps)
        for request in step.scratch
    ]
