"""manifest.json: what was generated, for the build, the profiler, the report and the package."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from codegen.emit.detector import DetectorConstants
from codegen.emit.program import (
    Decision,
    Edge,
    KernelProgram,
    OperatorRow,
    Program,
    runtime_version,
)
from codegen.ir.call import KernelCall
from codegen.ir.graph import Operator


def manifest(
    program: Program,
    kernel_sources: list[str],
    files: Mapping[str, str],
    detector: DetectorConstants | None = None,
) -> dict[str, Any]:
    """Return the manifest; `files` are the generated texts by name.

    `weight_bytes` are the model's own weights and biases, `constant_bytes` the arrays that
    generation adds; flash holds both.
    """
    arena = program.arena
    return {
        "tool_version": runtime_version("SAFE_VERSION"),
        "name": program.name,
        "network": "tflite" if program.has_network else "none",
        "model_sha256": program.sha256,
        "target": program.target,
        "isa": program.isa,
        "optimize": program.goal,
        "backend": program.backend,
        **({"runtime": program.runtime} if program.runtime else {}),
        "abi": int(runtime_version("SAFE_MODEL_ABI")),
        "inputs": [_edge(edge) for edge in program.inputs],
        "outputs": [_edge(edge) for edge in program.outputs],
        "arena_bytes": arena.size_bytes,
        "arena_lower_bound_bytes": arena.lower_bound_bytes,
        "arena_method": arena.method,
        "weight_bytes": program.weight_bytes,
        "constant_bytes": program.constant_bytes,
        "macs": sum(row.macs for row in program.operators),
        "estimate": "instructions from figures per multiply-accumulate and element, not measured",
        "choices": [_decision(decision) for decision in program.decisions],
        **({"unrolled": [vars(loop) for loop in program.unrolled]} if program.unrolled else {}),
        **_streaming(program),
        **({"keeps_state": True} if program.keeps_state else {}),
        **_detector(detector),
        "operators": [_operator(row) for row in program.operators],
        "plan": [
            {
                "label": block.label,
                "start": block.start,
                "size": block.size_bytes,
                "first": block.first,
                "last": block.last,
            }
            for block in arena.blocks
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


def _detector(detector: DetectorConstants | None) -> dict[str, Any]:
    """Return what a host must know of the detector to feed it at its pace."""
    if detector is None:
        return {}
    counts = ("period_us", "stale_samples", "day_samples", "learn_samples", "max_missed")
    return {
        "detector": {
            "channels": detector.channels,
            **{key: detector.counts[key] for key in counts},
        }
    }


def _streaming(program: Program) -> dict[str, Any]:
    """Return which operators run per sample, and why the others need the whole window."""
    stream = program.stream
    if stream is None or not isinstance(program, KernelProgram):
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


def _symbols(
    program: KernelProgram, calls: Iterable[tuple[Operator, KernelCall | None]]
) -> list[str]:
    return [program.symbol(operator) for operator, call in calls if call is not None]


def _edge(edge: Edge) -> dict[str, Any]:
    tensor = edge.tensor
    quantization = tensor.quantization
    return {
        "name": tensor.name,
        "dtype": str(tensor.dtype),
        "shape": list(tensor.shape),
        "scale": quantization.scale if quantization else 0.0,
        "zero_point": quantization.zero_point if quantization else 0,
        "arena_start": edge.arena_start,
        "size_bytes": tensor.size_bytes,
    }


def _operator(row: OperatorRow) -> dict[str, Any]:
    return {**vars(row), "notes": list(row.notes)}
