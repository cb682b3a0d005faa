"""Operators as memory traffic: what a backend tells the memory planner."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ScratchRequest:
    """Memory for one operator: for its call only, or for the arena's whole life."""

    operator_index: int
    name: str
    size_bytes: int
    alignment: int
    persistent: bool

    @property
    def label(self) -> str:
        """Return the name of this scratch in the plan, e.g. `op3.gates`."""
        return f"op{self.operator_index}.{self.name}"


@dataclass(frozen=True)
class Piece:
    """One value as part of another: `part` is the bytes of `whole` from `start_bytes` on."""

    whole: int
    part: int
    start_bytes: int = 0


@dataclass(frozen=True)
class Step:
    """One operator as memory traffic; constants and absent inputs are left out.

    A view copies nothing: `pieces` says which bytes are the same. It is one when `is_view` (it
    has no code); else `pieces` is an offer, and the planner may make it a view.
    """

    operator_index: int
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    scratch: tuple[ScratchRequest, ...] = ()
    is_view: bool = False
    in_place: tuple[int, ...] = ()
    """Values read whose memory the first value written may take, when this step is the last to read
    them."""
    pieces: tuple[Piece, ...] = ()
    updates: tuple[int, ...] = ()
    """Variables read whose old value no later step may read: views of the old value are out of
    date."""

    def shown(self) -> tuple[Piece, ...]:
        """Return the pieces; without any, the one value written is the one value read."""
        if self.pieces:
            return self.pieces
        (source,), (target,) = self.reads, self.writes
        return (Piece(source, target),)
