"""The native backend: SAFE's own C kernels in an arena that is planned. Its stages, in order."""

from collections.abc import Mapping
from dataclasses import replace

from codegen.backends.base import Needs
from codegen.backends.native import lower, rows
from codegen.backends.native.alternatives import Chooser
from codegen.emit import files
from codegen.emit.program import Arena, Block, Edge, KernelProgram, Program, Unrolled, flash_bytes
from codegen.ir.graph import Graph, Tensor
from codegen.ir.stream import Stream
from codegen.memory import checker, planner
from codegen.memory.plan import Plan
from codegen.operators.registry import operators
from codegen.options import DEFAULT_BACKEND, Goal, KernelChoice, Request
from codegen.passes import order, unrolled
from targets import kernels
from targets.kernels import Isa
from targets.load import Target

SLACK_PERCENT: dict[Goal, int] = {"speed": 10, "balanced": 2, "size": 0}
"""Percentage by which the arena may grow so that less data is moved, by goal."""


class Native:
    """Passes, kernel calls, memory plan, and the check of the plan by other code."""

    name = DEFAULT_BACKEND
    code = 0
    exact = True
    measures_arena = False
    settings = ()

    def files(self, name: str) -> tuple[str, ...]:
        """Return model and weights."""
        stem = f"safe_{name}"
        return (f"{stem}.h", f"{stem}.c", f"{stem}_weights.h", f"{stem}_weights.c")

    def takes(self, kind: str) -> bool:
        """Return whether there is an operator of that name."""
        return kind in operators()

    def refuses(self, request: Request) -> str | None:
        """Refuse what a foreign runtime needs: an arena of a given size, files of its tool."""
        if request.source is not None:
            return "generates all of its code itself: leave --from out"
        return None if request.arena_bytes is None else "plans its arena: leave --arena out"

    def needs(self, target: Target, environ: Mapping[str, str]) -> Needs:
        """Return nothing: the runtime is SAFE's own."""
        del target, environ
        return Needs()

    def compile(self, graph: Graph, request: Request) -> KernelProgram:
        """Run every pass, make the calls, and place the memory."""
        program = compile_model(
            graph,
            target=request.target.name,
            isa=request.isa,
            optimize=request.goal,
            stream=request.streaming,
        )
        return replace(program, backend=self.name, code=self.code)

    def texts(self, program: Program) -> Mapping[str, str]:
        """Return model and weights."""
        assert isinstance(program, KernelProgram)
        return files.model_texts(program)


def compile_model(
    graph: Graph,
    *,
    target: str,
    isa: Isa,
    optimize: Goal = "balanced",
    stream: bool = False,
) -> KernelProgram:
    """Run every pass, lower the graph, and place its memory."""
    source, count = graph, graph.operators[-1].index + 1
    chooser = Chooser(choice := KernelChoice(isa, optimize))
    graph, streamed = order.run(graph, chooser.accepts, stream=optimize if stream else None)
    calls = lower.lower(graph, choice)
    plan = planner.plan(graph, lower.steps(graph, calls), slack_percent=SLACK_PERCENT[optimize])
    checker.check(graph, lower.steps(graph, calls, plan.views), plan)
    calls = lower.with_views(calls, plan.views)
    weight_bytes, constant_bytes = flash_bytes(calls)
    sources = {kernels.path(isa, call.source) for _, call in calls if call is not None}
    return KernelProgram(
        name=graph.name,
        sha256=graph.sha256,
        target=target,
        isa=isa,
        goal=optimize,
        backend=Native.name,
        code=Native.code,
        inputs=_inputs(graph, plan, streamed),
        outputs=tuple(_edge(plan, graph.tensor(i)) for i in graph.outputs),
        arena=_arena(plan),
        weight_bytes=weight_bytes,
        constant_bytes=constant_bytes,
        operators=tuple(rows.row(graph, operator, call, isa) for operator, call in calls),
        sources=tuple(sorted(sources)),
        decisions=tuple(chooser.decisions),
        unrolled=tuple(
            Unrolled(o.index, len(o.outputs), reason) for o, reason in unrolled.find(source, graph)
        ),
        stream=streamed,
        keeps_state=any(operators()[o.kind].keeps_state for o in graph.operators),
        graph=graph,
        calls=calls,
        plan=plan,
        source_operator_count=count,
    )


def _inputs(graph: Graph, plan: Plan, stream: Stream | None) -> tuple[Edge, ...]:
    """Return the inputs of the file: a streamed window lies where its newest sample lies."""
    edges = tuple(_edge(plan, graph.tensor(i)) for i in graph.inputs)
    return edges if stream is None else (Edge(stream.window, edges[0].arena_start),)


def _edge(plan: Plan, tensor: Tensor) -> Edge:
    return Edge(tensor, plan.tensors[tensor.index])


def _arena(plan: Plan) -> Arena:
    blocks = tuple(
        Block(block.label, start, block.size_bytes, block.first, block.last)
        for block, start in plan.blocks
    )
    return Arena(plan.arena_bytes, plan.method, plan.lower_bound_bytes, blocks)


BACKEND = Native()
