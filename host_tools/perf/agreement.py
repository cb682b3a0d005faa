"""The outputs of counted calls beside TensorFlow Lite Micro's, byte by byte and kind by kind.

Where TensorFlow Lite Micro does not run a model (TILE, the open shapes behind a TRANSPOSE_CONV) the
outputs of SAFE's own integer reference take its place, and every result says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen import reference
from codegen.frontend import tflite
from host_tools.errors import DifferentError
from host_tools.perf.interface import parts
from host_tools.perf.standalone import Cost, Standalone
from host_tools.report.table import aligned
from host_tools.report.words import number
from host_tools.runtimes import tflm

Array = NDArray[Any]


TFLM = "TensorFlow Lite Micro"


@dataclass(frozen=True, eq=False)
class Expected:
    """What the calls should give: uint8[calls, output bytes], and who says so."""

    outputs: Array
    oracle: str = TFLM


@dataclass(frozen=True)
class Row:
    """Result of the comparison over the windows of one kind."""

    kind: str
    windows: int
    output_bytes: int
    """Number of output bytes of all these windows."""
    differing_windows: int
    differing_bytes: int
    first_different: int | None
    """Index of the first call that differs; None when none does."""
    oracle: str = TFLM
    """What the outputs were compared with."""


def expected(built: Standalone) -> Expected:
    """Return the outputs of TensorFlow Lite Micro on this host, as the calls' lie.

    Raises ConversionError when the oracle is not installed.
    """
    sources, results = parts(built.manifest["inputs"]), parts(built.manifest["outputs"])
    before = built.interface.warmup
    fed = np.stack([np.frombuffer(data, dtype=np.uint8) for data in built.feed.inputs])
    ends = range(before, len(fed))
    rows = np.stack([fed[end - before : end + 1].reshape(-1) for end in ends])
    inputs = [np.ascontiguousarray(rows[:, s.offset : s.end]).view(s.dtype) for s in sources]
    found = np.zeros((len(rows), built.interface.output_bytes), np.uint8)
    try:
        keeps = bool(built.manifest.get("keeps_state", False))
        outputs, name = tflm.run_all(built.model, inputs, resets=not keeps), TFLM
    except tflm.NoOracleError as error:
        outputs, name = _reference(built, inputs), f"SAFE's integer reference ({error})"
    for part, values in zip(results, outputs, strict=True):
        own = np.ascontiguousarray(values).view(np.uint8).reshape(len(rows), -1)
        found[:, part.offset : part.end] = own
    return Expected(found, name)


def _reference(built: Standalone, inputs: Sequence[Array]) -> list[Array]:
    graph = tflite.load(built.model, "reference")
    shaped = [
        values.reshape(-1, *graph.tensor(index).shape)
        for values, index in zip(inputs, graph.inputs, strict=True)
    ]
    return reference.run(graph, shaped)


def compare(built: Standalone, cost: Cost, wanted_outputs: Expected) -> tuple[Row, ...]:
    """Compare each counted call with the outputs, one for each; the kinds in order."""
    outputs = wanted_outputs.outputs
    found = np.array([np.frombuffer(call.output, np.uint8) for call in cost.calls])
    wanted = np.ascontiguousarray(outputs).view(np.uint8).reshape(len(outputs), -1)
    if found.shape != wanted.shape:
        raise DifferentError(f"{cost.name}: outputs have shape {found.shape}, not {wanted.shape}")
    wrong = np.count_nonzero(found != wanted, axis=1)
    kinds = np.array(built.feed.kinds)
    rows = []
    for kind in dict.fromkeys(built.feed.kinds):
        own = np.flatnonzero(kinds == kind)
        different = own[wrong[own] > 0]
        first = int(different[0]) if len(different) else None
        size = found.shape[1] * len(own)
        counts = (len(own), size, len(different), int(wrong[own].sum()))
        rows.append(Row(kind, *counts, first, wanted_outputs.oracle))
    return tuple(rows)


def require_equal(cost: Cost, rows: Sequence[Row]) -> None:
    """Raise DifferentError when any byte differs."""
    wrong = [row for row in rows if row.first_different is not None]
    if wrong:
        first = min(wrong, key=lambda row: row.first_different or 0)
        raise DifferentError(
            f"{cost.name} on {cost.target} ({cost.optimize}): "
            f"{sum(row.differing_bytes for row in wrong)} of"
            f" {sum(row.output_bytes for row in rows)} output bytes differ from {first.oracle},"
            f" first those of call {first.first_different} ({first.kind})"
        )


def verify(built: Standalone, cost: Cost) -> tuple[Row, ...]:
    """Compare each output with TensorFlow Lite Micro; raises as `expected` and `require_equal`."""
    rows = compare(built, cost, expected(built))
    require_equal(cost, rows)
    return rows


def table(rows: Sequence[Row]) -> str:
    """Return the figures of each kind and of all."""
    head = ["windows", "number", "output bytes", "differing windows", "differing bytes"]
    figures = [
        (row.windows, row.output_bytes, row.differing_windows, row.differing_bytes) for row in rows
    ]
    total = tuple(sum(column) for column in zip(*figures, strict=True))
    names = [*(row.kind for row in rows), "all"]
    body = [[name, *map(number, line)] for name, line in zip(names, [*figures, total], strict=True)]
    others = sorted({row.oracle for row in rows} - {TFLM})
    notes = [f"  compared with {name}" for name in others]
    return "\n".join([*aligned([head, *body], right=True), *notes])
