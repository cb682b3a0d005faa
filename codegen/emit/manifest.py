"""manifest.json: what was generated, for the build, the profiler, the report and the package."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from codegen.backends.native import cost
from codegen.backends.native.alternatives import Decision
from codegen.emit.program import SDK, Program, runtime_version
from codegen.ir.call import KernelCall
from codegen.ir.graph import Operator, Tensor
from targets import kernels


def manifest(
    program: Program, kernel_sources: list[str], files: Mapping[str, str]
) -> dict[str, Any]:
    """Return the manifest; `files` are the generated texts by name.

    `weight_bytes` are the model's own weights and biases, `constant_bytes` the arrays that
    generation adds; flash holds both.
    """
    graph, plan = program.graph, program.plan
    return {
        "tool_version": runtime_version("SAFE_VERSION"),
        "name": graph.name,
        "model_sha256": graph.sha256,
        "target": program.target,
        "isa": program.isa,
        "optimize": program.choice.optimize,
        "backend": program.backend,
        "abi": int(runtime_version("SAFE_MODEL_ABI")),
        "inputs": [_edge(program, tensor) for tensor in program.inputs],
        "outputs": [_edge(program, graph.tensor(i)) for i in graph.outputs],
        "arena_bytes": plan.arena_bytes,
        "arena_lower_bound_bytes": plan.lower_bound_bytes,
        "arena_method": plan.method,
        "weight_bytes": program.weight_bytes,
        "constant_bytes": program.constant_bytes,
        "macs": sum(call.macs for _, call in program.calls if call is not None),
        "estimate": "instructions from figures per multiply-accumulate and element, not measured",
        "choices": [_decision(decision) for decision in program.decisions],
        **_streaming(program),
        "operators": [_operator(program, o, c) for o, c in program.calls],
        "plan": [
            {
                "label": block.label,
                "start": start,
                "size": block.size_bytes,
                "first": block.first,
                "last": block.last,
            }
            for block, start in plan.blocks
        ],
        "kernel_sources": kernel_sources,
        "files": {n: sha256(t.encode("utf-8")).hexdigest() for n, t in sorted(files.items())},
    }


def text(content: Mapping[str, Any]) -> str:
    """Return the manifest as JSON."""
    return json.dumps(content, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "index": decision.operator.index,
        "kind": decision.operator.kind,
        "taken": decision.taken,
        "replaces_operators": decision.replaced,
        "estimated": vars(decision.new),
        "estimated_without": vars(decision.old),
    }


def _streaming(program: Program) -> dict[str, Any]:
    """Return which operators run per sample, and why the others need the whole window."""
    stream = program.stream
    if stream is None:
        return {}
    sample = program.graph.tensor(program.graph.inputs[0])
    first_added = program.source_operator_count
    rest = program.calls[stream.push_operators :]
    return {
        "streaming": {
            "window": stream.samples,
            "sample_bytes": sample.size_bytes,
            "per_sample": _symbols(program, program.calls[: stream.push_operators]),
            "borders": _symbols(program, [c for c in rest if c[0].index >= first_added]),
            "incremental": [asdict(operator) for operator in stream.streamed],
            "whole_window": [asdict(operator) for operator in stream.stopped],
        }
    }


def _symbols(program: Program, calls: Iterable[tuple[Operator, KernelCall | None]]) -> list[str]:
    return [program.symbol(operator) for operator, call in calls if call is not None]


def _edge(program: Program, tensor: Tensor) -> dict[str, Any]:
    quantization = tensor.quantization
    return {
        "name": tensor.name,
        "dtype": str(tensor.dtype),
        "shape": list(tensor.shape),
        "scale": quantization.scale if quantization else 0.0,
        "zero_point": quantization.zero_point if quantization else 0,
        "arena_start": program.place(tensor),
        "size_bytes": tensor.size_bytes,
    }


def _operator(program: Program, operator: Operator, call: KernelCall | None) -> dict[str, Any]:
    """Return one operator; a view has neither symbol nor kernel."""
    return {
        "index": operator.index,
        "kind": operator.kind,
        "name": program.graph.tensor(operator.subject).name,
        "symbol": None if call is None else program.symbol(operator),
        "kernel": None if call is None else call.kernel,
        "macs": 0 if call is None else call.macs,
        "scratch_bytes": 0 if call is None else sum(s.size_bytes for s in call.scratch),
        **_variant(program, operator, call),
        "notes": _notes(program, call),
    }


def _variant(program: Program, operator: Operator, call: KernelCall | None) -> dict[str, Any]:
    """Return the kernel file of a call and its estimated cost; a view has neither."""
    if call is None:
        return {"variant": None, "source": None, "estimated_instructions": 0}
    path = kernels.path(program.isa, call.source)
    elements = sum(program.graph.tensor(i).elements for i in operator.outputs)
    return {
        "variant": path.parent.name,
        "source": path.relative_to(SDK.parent).as_posix(),
        "estimated_instructions": cost.instructions(
            path.parent.name, call.source, call.macs, elements
        ),
    }


def _notes(program: Program, call: KernelCall | None) -> list[str]:
    if call is None:
        return ["a view: no code, no copy"]
    fallback = kernels.variant(program.isa, call.source) != program.isa
    return [*call.notes, *([f"no {program.isa} kernel: the reference is used"] if fallback else [])]
