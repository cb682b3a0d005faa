"""TFLite model to C text: the stages, in order. Read this first."""

from pathlib import Path
from typing import Any

from codegen.backends.native import lower as native
from codegen.backends.native.alternatives import Chooser
from codegen.emit import detector as emit_detector
from codegen.emit import files as emit_files
from codegen.emit import manifest as emit_manifest
from codegen.emit import standalone as emit_standalone
from codegen.emit.budget import Budget
from codegen.emit.naming import check_isa, check_name
from codegen.emit.program import Program
from codegen.emit.write import MANIFEST, PLAN, write
from codegen.frontend import tflite
from codegen.ir.graph import Graph
from codegen.memory import checker, picture, planner
from codegen.options import Goal, KernelChoice
from codegen.passes import order
from targets.kernels import Isa
from targets.load import load as load_target

SLACK_PERCENT: dict[Goal, int] = {"speed": 10, "balanced": 2, "size": 0}
"""Arena that may be spent on moving less data."""


def generate(
    model: Path,
    *,
    name: str,
    out: Path,
    target: str = "host",
    isa: str | None = None,
    optimize: Goal = "balanced",
    scaler: Path | None = None,
    detector: Path | None = None,
    standalone: bool = False,
    stream: bool = False,
    budget: Budget | None = None,
    plan: bool = False,
) -> dict[str, Any]:
    """Generate `safe_<name>.{h,c}`, weights and manifest into folder `out`; return the manifest.

    `isa` overrides the target's; `optimize` says what the choice of kernels prefers. With
    `scaler` and `detector` also the detector's constants.
    `standalone` adds the runtime, so that the folder compiles by itself; `plan` adds the memory
    plan as a picture, `memory_plan.txt`; `stream` computes per sample what moves with the window.
    A `budget` that is exceeded is an error with numbers.
    Raises `CodegenError`, `TargetError` or `OutputError`; then `out` is as it was.
    """
    check_name(name)
    about = load_target(target).target
    chosen, graph = check_isa(isa or about.isa), tflite.load(model, name)
    program = compile_model(graph, target=about.name, isa=chosen, optimize=optimize, stream=stream)
    if budget is not None:
        budget.check(program)
    rules = None
    if scaler is not None and detector is not None:
        rules = emit_detector.load(graph, scaler, detector)
    files = emit_files.texts(program, rules, standalone=standalone)
    if plan:
        indices = [o.index for o, _ in program.calls]
        files[PLAN] = picture.picture(program.plan, indices)
    runtime = emit_standalone.runtime(program, files.values())
    if standalone:
        files |= emit_standalone.files(program, runtime)
    content = emit_manifest.manifest(program, runtime.kernel_sources, files)
    write(out, files | {MANIFEST: emit_manifest.text(content)}, exclusive=standalone)
    return content


def compile_model(
    graph: Graph,
    *,
    target: str,
    isa: Isa,
    optimize: Goal = "balanced",
    stream: bool = False,
) -> Program:
    """Run every pass, lower the graph, and place its memory."""
    count = graph.operators[-1].index + 1
    chooser = Chooser(choice := KernelChoice(isa, optimize))
    graph, found = order.run(graph, chooser.accepts, stream=optimize if stream else None)
    calls = native.lower(graph, choice)
    plan = planner.plan(graph, native.steps(graph, calls), slack_percent=SLACK_PERCENT[optimize])
    checker.check(graph, native.steps(graph, calls, plan.views), plan)
    calls = native.with_views(calls, plan.views)
    made = tuple(chooser.decisions)
    return Program(graph, calls, plan, target, choice, native.NAME, count, made, found)
