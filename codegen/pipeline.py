"""TFLite model to C text: the stages, in order. Read this first."""

from pathlib import Path
from typing import Any

from codegen.backends import native
from codegen.emit import detector as emit_detector
from codegen.emit import manifest as emit_manifest
from codegen.emit import model as emit_model
from codegen.emit import standalone as emit_standalone
from codegen.emit.naming import check_isa, check_name
from codegen.emit.program import Program
from codegen.emit.write import MANIFEST, write
from codegen.frontend import tflite
from codegen.ir.graph import Graph
from codegen.ir.verifier import verify
from codegen.memory import checker, planner
from codegen.operators.base import Isa, KernelChoice, Optimize
from codegen.operators.registry import operators
from codegen.passes import absorb, dead
from targets.load import load as load_target

PASSES = (absorb.run, dead.run)


def generate(
    model: Path,
    *,
    name: str,
    out: Path,
    target: str = "host",
    isa: str | None = None,
    optimize: Optimize = "balanced",
    scaler: Path | None = None,
    detector: Path | None = None,
    standalone: bool = False,
) -> dict[str, Any]:
    """Generate `safe_<name>.{h,c}`, weights and manifest into folder `out`; return the manifest.

    `isa` overrides the target's; `optimize` says what the choice of kernels prefers. With
    `scaler` and `detector` also the detector's constants.
    `standalone` adds the runtime, so that the folder compiles by itself. Raises `CodegenError`,
    `TargetError` or `OutputError`; then `out` is as it was.
    """
    check_name(name)
    chosen = check_isa(isa or load_target(target).target.isa)
    graph = tflite.load(model, name)
    program = compile_model(graph, target=target, isa=chosen, optimize=optimize)
    rules = None
    if scaler is not None and detector is not None:
        rules = emit_detector.load(program.graph, scaler, detector)
    files = _texts(program, rules, standalone)
    runtime = emit_standalone.runtime(program, files.values())
    if standalone:
        files |= emit_standalone.files(program, runtime)
    content = emit_manifest.manifest(program, runtime.kernel_sources, files)
    write(out, files | {MANIFEST: emit_manifest.text(content)}, exclusive=standalone)
    return content


def compile_model(
    graph: Graph, *, target: str, isa: Isa, optimize: Optimize = "balanced"
) -> Program:
    """Run every pass, lower the graph, and place its memory."""
    source_operator_count = len(graph.operators)
    for run in PASSES:
        graph = run(graph)
        verify(graph, run.__module__)
        for operator in graph.operators:
            operators()[operator.kind].check(graph, operator)
    choice = KernelChoice(isa, optimize)
    calls = native.lower(graph, choice)
    steps = native.steps(graph, calls)
    plan = planner.plan(graph, steps)
    calls = native.with_views(calls, plan.views)
    checker.check(graph, native.steps(graph, calls), plan)
    return Program(graph, calls, plan, target, choice, native.NAME, source_operator_count)


def _texts(
    program: Program, rules: emit_detector.Detector | None, standalone: bool
) -> dict[str, str]:
    stem = program.prefix
    files = {
        f"{stem}.h": emit_model.header(program),
        f"{stem}.c": emit_model.source(program),
        f"{stem}_weights.h": emit_model.weights_header(program),
        f"{stem}_weights.c": emit_model.weights_source(program),
    }
    if rules is not None:
        files[f"{stem}_detector.h"] = emit_detector.header(program, rules)
        files[f"{stem}_detector.c"] = emit_detector.source(program, rules)
    if not standalone:
        files["safe_app_model.c"] = emit_detector.app_model(program, rules)
    return files
