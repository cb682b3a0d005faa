"""One model by several backends on one target: what each costs, and how exact it is."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.backends import registry
from codegen.frontend import tflite
from host_tools.perf import windows as drawn
from host_tools.perf.standalone import model_name
from host_tools.workflow import bisect, count, images
from host_tools.workflow.bisect import Beginning
from host_tools.workflow.clock import Say, silent
from targets import toolchain
from targets.emulate.count import Counts
from targets.load import Target, load
from targets.options import Options

Array = NDArray[np.generic]
WINDOWS = 16


@dataclass(frozen=True)
class OperatorFigure:
    """Most instructions, or clock cycles, of one operator of the file."""

    index: int
    kind: str
    counted: int


@dataclass(frozen=True)
class BackendCost:
    """One model by one backend on one target: a bench image without detector, bytes."""

    model: str
    target: str
    backend: str
    unit: str
    """Unit of `counted` and the operators: instructions or cycles; empty: nothing counts there."""
    counted: int | None
    operators: tuple[OperatorFigure, ...]
    cycles: int | None
    """Least clock cycles that the emulated core reports; None where it has no counter."""
    flash_bytes: int
    static_ram_bytes: int
    arena_bytes: int
    stack_bytes: int | None
    """Deepest stack that was seen."""
    stack_bound_bytes: int | None
    stack_reason: str
    """Reason why the bound is not proved."""
    windows: int
    output_bytes: int
    differing_bytes: int
    max_lsb: int
    rmse: float
    """Root of the mean square of the outputs against the exact ones, real units."""
    differs_at: Beginning | None
    must_be_exact: bool

    def fields(self) -> dict[str, Any]:
        """Return JSON values."""
        begins = self.differs_at.text if self.differs_at is not None else None
        return {**asdict(self), "differs_at": begins}


def compare(
    model: Path,
    target_name: str,
    backends: Sequence[str],
    count_windows: int = WINDOWS,
    *,
    say: Say = silent,
) -> tuple[BackendCost, ...]:
    """Build, count and run a `.tflite` file with every backend.

    The windows are of several kinds in turn. Raises the errors of build, counter and bench, and
    DataError for a model with several inputs or outputs; a difference is no error.
    """
    target, content = load(target_name), model.read_bytes()
    for name in backends:
        registry.backend(name)
    values = drawn.draw(model, count_windows).values
    wanted = images.exact(content, values)
    costs = []
    for name in backends:
        say(f"{name}: build, count, run {count_windows} windows")
        costs.append(_cost(model, target, name, values, wanted))
    return tuple(costs)


def _cost(model: Path, target: Target, backend: str, values: Array, wanted: Array) -> BackendCost:
    content, name = model.read_bytes(), model_name(model)
    options = Options(compiler=toolchain.choose(target, ""), backend=backend)
    built = images.build(target, images.stage(content, name), options)
    counts = count.count_if_possible(target, built.elf)
    answers = images.answers(target, built, values)
    outputs = answers.outputs.view(wanted.dtype).reshape(wanted.shape)
    distance = outputs.astype(np.float64) - wanted.astype(np.float64)
    bad = np.flatnonzero(np.any((outputs != wanted).reshape(len(outputs), -1), axis=1))
    begins = None
    if len(bad):
        begins = bisect.on_device(content, values[bad[:1]], target, options)
    size, result = built.size(), tflite.load(content, name)
    scale = result.tensor(result.outputs[0]).quantization
    timing = answers.timing
    return BackendCost(
        model=name,
        target=target.name,
        backend=backend,
        unit=counts.unit if counts else "",
        counted=counts.maximum if counts else None,
        operators=_operators(built.manifest(), counts),
        cycles=timing.min_cycles if timing else None,
        flash_bytes=size["flash_bytes"],
        static_ram_bytes=size["static_ram_bytes"],
        arena_bytes=size["arena_bytes"],
        stack_bytes=answers.stats.stack_bytes or None,
        stack_bound_bytes=size["stack"]["bound_bytes"],
        stack_reason=size["stack"].get("reason", ""),
        windows=len(values),
        output_bytes=wanted.nbytes,
        differing_bytes=int(np.count_nonzero(outputs.view(np.uint8) != wanted.view(np.uint8))),
        max_lsb=int(np.abs(distance).max()) if scale else 0,
        rmse=float(np.sqrt(np.mean(distance**2)) * (scale.scale if scale else 1.0)),
        differs_at=begins,
        must_be_exact=registry.backend(backend).exact,
    )


def _operators(manifest: dict[str, Any], counts: Counts | None) -> tuple[OperatorFigure, ...]:
    kinds = {row["index"]: row["kind"] for row in manifest["operators"]}
    rows = counts.operators if counts else ()
    return tuple(OperatorFigure(r.index, kinds.get(r.index, ""), r.maximum) for r in rows)
