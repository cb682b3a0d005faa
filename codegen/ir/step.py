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
class Step:
    """One operator as memory traffic; constants and absent inputs are left out.

    A view reads one tensor and writes one, and both are the same bytes: nothing is copied.
    """

    operator_index: int
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    scratch: tuple[ScratchRequest, ...] = ()
    is_view: bool = False
    in_place: tuple[int, ...] = ()
    """Values read whose memory the first value written may take, when this step is their last."""
