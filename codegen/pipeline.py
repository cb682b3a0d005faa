"""TFLite model to C text: what all backends share, in order. Read this first.

The stages of SAFE's own kernels (passes, calls, memory plan) are in
`codegen/backends/native/backend.py`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codegen.backends import registry
from codegen.emit import description as emit_description
from codegen.emit import detector as emit_detector
from codegen.emit import files as emit_files
from codegen.emit import manifest as emit_manifest
from codegen.emit import plain
from codegen.emit import standalone as emit_standalone
from codegen.emit.budget import Budget
from codegen.emit.detector import DetectorConstants
from codegen.emit.naming import check_isa, check_name
from codegen.emit.program import KernelProgram, Program
from codegen.emit.write import MANIFEST, PLAN, write
from codegen.errors import BackendRefusedError, DetectorInvalidError
from codegen.frontend import tflite
from codegen.memory import picture
from codegen.options import DEFAULT_BACKEND, Goal, Request
from targets.load import load as load_target

_Made = tuple[Program, DetectorConstants | None, Mapping[str, str]]
"""Program, detector, and the program's own texts."""


def generate(
    model: Path | None,
    *,
    name: str,
    out: Path,
    target: str = "host",
    isa: str | None = None,
    optimize: Goal = "balanced",
    backend: str = DEFAULT_BACKEND,
    scaler: Path | None = None,
    detector: Path | None = None,
    description: Path | None = None,
    standalone: bool = False,
    stream: bool = False,
    budget: Budget | None = None,
    plan: bool = False,
    arena_bytes: int | None = None,
    source: Path | None = None,
) -> dict[str, Any]:
    """Generate `safe_<name>.{h,c}`, weights and manifest into folder `out`; return the manifest.

    `isa` overrides the target's; `optimize` says what the choice of kernels prefers. With
    `scaler` and `detector` also the detector's constants, with units and rate of the samples when
    `description`, a model.toml, tells them; they may do without a `model`.
    `standalone` adds the runtime, so that the folder compiles by itself; `plan` adds the memory
    plan as a picture, `memory_plan.txt`; `stream` computes per sample what moves with the window.
    A `budget` that is exceeded is an error with numbers. `arena_bytes` is what was measured for a
    backend whose arena shows only there; `source` is a folder that a vendor's tool filled.
    Raises `CodegenError`, `BackendUnknownError`, `TargetError`, `OutputError`; `out` then stays.
    """
    check_name(name)
    about = load_target(target)
    chosen = check_isa(isa or about.isa)
    request = Request(
        name, about, chosen, optimize, backend, stream, standalone, model, arena_bytes, source
    )
    program, rules, texts = _made(model, request, scaler, detector)
    if budget is not None:
        budget.check(program)
    samples = emit_description.load(description) if description else emit_description.Description()
    files = {**emit_files.edge_texts(program, rules, samples, standalone=standalone), **texts}
    if plan and isinstance(program, KernelProgram):
        files[PLAN] = picture.picture(program.plan, [o.index for o, _ in program.calls])
    runtime = emit_standalone.runtime(program, files.values())
    if standalone:
        files |= emit_standalone.files(runtime, optimize)
    content = emit_manifest.manifest(program, runtime.kernel_sources, files, rules)
    write(out, files | {MANIFEST: emit_manifest.text(content)}, exclusive=standalone)
    return content


def _made(
    model: Path | None, request: Request, scaler: Path | None, detector: Path | None
) -> _Made:
    maker = registry.backend(request.backend)
    if model is None:
        plain.check(request)
        if scaler is None or detector is None:
            raise DetectorInvalidError("without a model there must be a scaler and a detector")
        program = plain.program(request, scaler, detector)
        return program, emit_detector.load(None, scaler, detector), plain.texts(program)
    if reason := maker.refuses(request):
        raise BackendRefusedError(f"backend {request.backend}: {reason}")
    graph = tflite.load(model, request.name)
    found = maker.compile(graph, request)
    rules = emit_detector.load(graph, scaler, detector) if scaler and detector else None
    return found, rules, maker.texts(found)
