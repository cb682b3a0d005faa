"""Description of a streamed graph: which operators run per sample, and why not the others."""

from dataclasses import dataclass

from codegen.ir.graph import Tensor


@dataclass(frozen=True)
class Streamed:
    """One operator that is computed per sample, for the manifest."""

    index: int
    kind: str
    rows: int
    """Number of rows of the operator's output in the whole window."""
    border_rows: int
    """Number of rows that are computed with the outputs, because they see padding."""


@dataclass(frozen=True)
class Stopped:
    """An operator that needs all rows of a streamed value, and why."""

    index: int
    kind: str
    why: str


@dataclass(frozen=True)
class Stream:
    """Description of a streamed graph, whose own input is one sample."""

    window: Tensor
    """Input of the original model: the window that the last `samples` samples make."""
    samples: int
    push_operators: int
    """Number of operators, from the start of the graph, that run for each sample. The others run
    when the outputs are wanted."""
    streamed: tuple[Streamed, ...]
    stopped: tuple[Stopped, ...]
    """Operators that read all rows of a streamed value. Empty when the outputs are rows
    themselves."""
