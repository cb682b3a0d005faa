"""What streaming made of a graph: which operators run per sample, and why not the others."""

from dataclasses import dataclass

from codegen.ir.graph import Tensor


@dataclass(frozen=True)
class Streamed:
    """One operator that is computed per sample, for the manifest."""

    index: int
    kind: str
    rows: int
    """Of its output in the whole window."""
    border_rows: int
    """Those computed with the outputs, because they see padding."""


@dataclass(frozen=True)
class Stopped:
    """An operator that needs all rows of a streamed value, and why."""

    index: int
    kind: str
    why: str


@dataclass(frozen=True)
class Stream:
    """What streaming made of a graph; the graph's own input is one sample."""

    window: Tensor
    """The input of the model: what the last `samples` samples are to the outputs."""
    samples: int
    push_operators: int
    """The first so many operators of the graph run for each sample, the others for the outputs."""
    streamed: tuple[Streamed, ...]
    stopped: tuple[Stopped, ...]
    """Operators that read all rows of a streamed value. Empty: the outputs are rows themselves."""
