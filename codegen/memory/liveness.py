"""Blocks of memory and their lifetimes, computed from the steps of a program.

A block is memory that several values share: a value and its views, the parts of a concatenation,
and results computed in place of their last-read input.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from codegen.errors import MemoryPlanError
from codegen.ir.graph import Graph
from codegen.ir.step import Piece, Step
from codegen.memory.plan import Block, tensor_alignment

_FRUGAL = 2
"""Largest factor by which bytes times steps may grow for a view. A view saves a copy, which is
worth some memory for a short time, but not a whole kept for one of its parts."""

Offers = Literal["all", "frugal", "none"]
"""Policy for offers to be a view: take all, only those that keep little memory longer, or none."""


@dataclass(frozen=True)
class Traffic:
    """The blocks to place, and where in its block every value lies."""

    blocks: tuple[Block, ...]
    places: dict[int, tuple[str, int]]
    """Block label and first byte inside the block, by tensor index."""
    views: frozenset[int]
    """Operators whose offer to be a view was taken."""


@dataclass(eq=False)
class _Group:
    """Values that share memory, each with its first byte in it; the largest starts at 0."""

    starts: dict[int, int]


def analyse(graph: Graph, steps: Sequence[Step], offers: Offers = "all") -> Traffic:
    """Return the blocks and the place of every value in them.

    Inputs are taken from before the first step; outputs until after the last; variables and
    persistent scratch all the time. An input is released after its last use. Offers to be a view
    are taken as `offers` says, where the memory allows; results take the place of inputs that
    nobody reads later.
    """
    sharing = _Sharing(graph, _lifetimes(graph, steps))
    views = set()
    for position, step in enumerate(steps):
        if step.is_view:
            _check_sizes(graph, step)
            if not sharing.show(step.shown()):
                raise MemoryPlanError(
                    f"operator {step.operator_index} is a view, but its values cannot lie in one "
                    "place; this is a defect of SAFE"
                )
        elif offers != "none" and sharing.show(step.pieces, frugal=offers == "frugal"):
            views.add(step.operator_index)
        else:
            sharing.replace_input(step, position)
    blocks = (*sharing.blocks(), *_scratch(steps))
    return Traffic(blocks, sharing.places(), frozenset(views))


def _check_sizes(graph: Graph, step: Step) -> None:
    """Raise unless a view of a whole value has its size."""
    for piece in () if step.pieces else step.shown():
        whole, part = graph.tensor(piece.whole).size_bytes, graph.tensor(piece.part).size_bytes
        if whole != part:
            raise MemoryPlanError(
                f"tensor t{piece.whole} has {whole} bytes but a view of it has {part}"
            )


def _lifetimes(graph: Graph, steps: Sequence[Step]) -> dict[int, tuple[int, int]]:
    """Return the first and last step of every value by itself, sorted by tensor index."""
    lives: dict[int, tuple[int, int]] = {}
    end = len(steps)

    def touch(tensor: int, step: int) -> None:
        first, last = lives.get(tensor, (step, step))
        lives[tensor] = (min(first, step), max(last, step))

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
    return dict(sorted(lives.items()))


class _Sharing:
    """Groups of values that share memory; at first each value is alone."""

    def __init__(self, graph: Graph, lives: dict[int, tuple[int, int]]) -> None:
        self._graph = graph
        self._lives = lives
        self._groups = {t: _Group({t: 0}) for t in lives}

    def show(self, pieces: Sequence[Piece], *, frugal: bool = False) -> bool:
        """Put every part into its whole; return False, and change nothing, if one cannot be.

        With `frugal` also when the memory, times how long it is taken, would grow too much: a
        whole stays as long as one of its parts is read.
        """
        if not pieces:
            return False
        joined: list[_Group] = []
        for piece in pieces:
            part, whole = self._groups[piece.part], self._groups[piece.whole]
            if part is whole or any(part is other for other in joined):
                return False
            if not self._fits(piece):
                return False
            joined.append(part)
        wholes = {id(g): g for g in (self._groups[p.whole] for p in pieces)}
        if frugal and self._grows([*joined, *wholes.values()]):
            return False
        for piece in pieces:
            self._join(piece)
        return True

    def _grows(self, groups: Sequence[_Group]) -> bool:
        """Whether the groups as one, of the largest's size, take twice the bytes times steps."""
        lives = [self._life(group) for group in groups]
        sizes = [max(self._graph.tensor(t).size_bytes for t in g.starts) for g in groups]
        apart = sum(
            size * (last - first + 1) for size, (first, last) in zip(sizes, lives, strict=True)
        )
        first, last = min(first for first, _ in lives), max(last for _, last in lives)
        return max(sizes) * (last - first + 1) > _FRUGAL * apart

    def _life(self, group: _Group) -> tuple[int, int]:
        lives = [self._lives[t] for t in group.starts]
        return min(first for first, _ in lives), max(last for _, last in lives)

    def _fits(self, piece: Piece) -> bool:
        """Whether all that shares memory with the part lies inside its own bytes.

        Then nothing but the part's own past comes to lie over the whole.
        """
        graph, group = self._graph, self._groups[piece.part]
        if graph.tensor(piece.part).is_variable:
            return False
        origin = group.starts[piece.part]
        size = graph.tensor(piece.part).size_bytes
        inside = all(
            start >= origin and start + graph.tensor(t).size_bytes <= origin + size
            for t, start in group.starts.items()
        )
        start = self._groups[piece.whole].starts[piece.whole] + piece.start_bytes
        alignment = max(tensor_alignment(graph.tensor(t)) for t in group.starts)
        fits = piece.start_bytes + size <= graph.tensor(piece.whole).size_bytes
        return inside and fits and start % alignment == 0

    def _join(self, piece: Piece) -> None:
        part, whole = self._groups[piece.part], self._groups[piece.whole]
        shift = whole.starts[piece.whole] + piece.start_bytes - part.starts[piece.part]
        self._merge(part, whole, shift)

    def _merge(self, part: _Group, whole: _Group, shift: int) -> None:
        for tensor, start in part.starts.items():
            whole.starts[tensor] = start + shift
            self._groups[tensor] = whole

    def replace_input(self, step: Step, position: int) -> None:
        """Give the first output the place of an input that is read for the last time."""
        if not step.in_place or not step.writes:
            return
        target = step.writes[0]
        own = self._groups[target]
        if len(own.starts) > 1:
            return
        for source in step.in_place:
            group = self._groups[source]
            if source in step.reads and self._is_free(source, target, position):
                self._merge(own, group, group.starts[source])
                return

    def _is_free(self, source: int, target: int, position: int) -> bool:
        """Whether nothing under the new value is read by others in this step, or later."""
        graph, group = self._graph, self._groups[source]
        start, size = group.starts[source], graph.tensor(target).size_bytes
        if graph.tensor(source).is_variable or graph.tensor(target).is_variable:
            return False
        if size > graph.tensor(source).size_bytes:
            return False
        if start % tensor_alignment(graph.tensor(target)):
            return False
        for other, at in group.starts.items():
            apart = at >= start + size or at + graph.tensor(other).size_bytes <= start
            if apart or other == target:
                continue
            first, last = self._lives[other]
            if last > position or (other != source and last == position) or first > position:
                return False
        return True

    def blocks(self) -> Iterator[Block]:
        """Yield one block for each group, named after its lowest tensor index."""
        for group, label in self._labelled():
            first, last = self._life(group)
            tensors = {t: self._graph.tensor(t) for t in group.starts}
            yield Block(
                label=label,
                size_bytes=max(group.starts[t] + v.size_bytes for t, v in tensors.items()),
                alignment=max(tensor_alignment(t) for t in tensors.values()),
                first=first,
                last=last,
            )

    def places(self) -> dict[int, tuple[str, int]]:
        """Return block label and first byte in it for every value."""
        found = {
            tensor: (label, start)
            for group, label in self._labelled()
            for tensor, start in group.starts.items()
        }
        return dict(sorted(found.items()))

    def _labelled(self) -> Iterator[tuple[_Group, str]]:
        """Yield each group with its label, in the order of the labels."""
        seen: set[int] = set()
        for tensor in self._lives:
            group = self._groups[tensor]
            if id(group) not in seen:
                seen.add(id(group))
                yield group, f"t{tensor}"


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
