"""Report of a measured run: gathering of its facts, and the files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codegen.backends import registry
from host_tools.device.bench import BenchResult
from host_tools.errors import DifferentError
from host_tools.formats import description, scaler
from host_tools.formats import detector as detectors
from host_tools.formats.golden import Golden
from host_tools.report import sight_page, words
from host_tools.report.record import Report, Series
from host_tools.workflow import assemble, count
from host_tools.workflow.assemble import DeviceRun, ImageFacts
from host_tools.workflow.run import MeasuredRun


def facts(result: MeasuredRun, data: str) -> ImageFacts:
    """Gather the facts of the image of a run; what was not measured stays unknown.

    Raises DataError when a file of the model directory cannot be read.
    """
    assert result.manifest is not None, "a run without its generated C has no facts"
    directory, manifest = result.plan.model, result.manifest
    about = description.load(directory)
    detector = detectors.load(directory / detectors.FILE, len(about.channels))
    scale = scaler.load(directory / "scaler.json")
    output = manifest["outputs"][0] if about.has_network else {"scale": 0.0, "zero_point": 0}
    capacity: dict[str, int] = {}
    for region in result.target.image_memory:
        capacity[region.kind] = capacity.get(region.kind, 0) + region.size
    size = result.size or {}
    kept = _training(directory)
    return ImageFacts(
        target=result.label,
        backend=manifest["backend"],
        model=about.name,
        model_sha256=manifest["model_sha256"],
        data=data,
        channel_names=about.channels,
        scale=float(output["scale"]),
        zero_point=int(output["zero_point"]),
        threshold=float(detector.alarm),
        flash_bytes=size.get("flash_bytes"),
        model_bytes=size.get("model_bytes"),
        arena_bytes=manifest["arena_bytes"],
        static_ram_bytes=size.get("static_ram_bytes"),
        stack_bound_bytes=size.get("stack", {}).get("bound_bytes"),
        instructions_per_step=result.step_instructions,
        instructions_per_inference=count.total(result.counts, "instructions"),
        cycles_per_inference=count.total(result.counts, "cycles"),
        network=about.network,
        operators=count.operator_costs(manifest, result.counts),
        memory=capacity,
        rate_hz=about.rate_hz or None,
        scored=detector.scored(about.channels),
        reading=_reading(kept),
        injected_faults=injected_faults(kept),
        units=about.units,
        mean=tuple(scale.mean.tolist()),
        std=tuple(scale.std.tolist()),
        must_be_exact=must_be_exact(manifest["backend"]),
    )


def _training(directory: Path) -> dict[str, Any]:
    """Return `training.json`; nothing of it where it is missing or cannot be read."""
    try:
        kept = json.loads((directory / "training.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _reading(kept: Mapping[str, Any]) -> list[str]:
    """Return how the training's log was read; none where the record does not say."""
    try:
        return words.reading(kept.get("reading") or {})
    except (ValueError, LookupError, TypeError, AttributeError):
        return []


def injected_faults(kept: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return those of a training record; None where it has none that can be shown."""
    found = kept.get("injected_faults")
    if not isinstance(found, dict):
        return None
    try:
        sight_page.faults(found)
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    return found


def device_run(answers: BenchResult, golden: Golden) -> DeviceRun:
    """Return a bench's answers in the shape of the golden file; 0 bytes of stack is unknown."""
    return DeviceRun(
        outputs=answers.outputs.reshape(golden.outputs.shape),
        records=answers.records,
        stack_bytes=answers.stats.stack_bytes or None,
    )


def data_words(directory: Path) -> str:
    """Return where a model's data come from, in words."""
    if description.load(directory).source == "plant":
        return "synthetic plant (simulated, not measured on a machine)"
    return "CSV file"


def report(result: MeasuredRun, data: str | None = None) -> tuple[Report, Series | None]:
    """Return the report of a run with all its steps, and what its plots show.

    `data` says in words where the model's data come from; None: what its description says.
    """
    golden, answers, exact = result.plan.golden, result.bench, result.exact
    assert golden is not None
    assert answers is not None
    assert exact is not None
    about = facts(result, data or data_words(result.plan.model))
    device = device_run(answers, golden)
    summary = assemble.report(
        about, golden, device, exact, host_seconds=result.elapsed, seconds=result.seconds
    )
    return summary, assemble.series(about, golden, device, exact)


def must_be_exact(backend: str) -> bool:
    """Return whether outputs of a backend must be exact; one that is not known here must."""
    known = registry.backends()
    return backend not in known or known[backend].exact


def require_agreement(
    summary: Report,
    where: Path | None = None,
    max_lsb: int | None = None,
    begins: str | None = None,
) -> None:
    """Raise DifferentError when results disagree that must agree; `where` tells more, and `begins`
    at which operator the difference begins.

    Outputs of a backend that need not be exact may differ by `max_lsb`, or, when it is None, at
    will.
    """
    see = (f"; {begins}" if begins else "") + (f"; see {where}" if where else "")
    rounded = summary.rounding
    if rounded is not None and max_lsb is not None and rounded.max_lsb > max_lsb:
        raise DifferentError(
            f"outputs of backend {summary.backend} differ by up to {rounded.max_lsb} LSB from "
            f"{rounded.against}, more than --max-lsb {max_lsb}{see}"
        )
    if not summary.agrees:
        raise DifferentError(
            f"device and host differ: {summary.mismatched_bytes} output bytes (at most"
            f" {summary.max_lsb} LSB), {summary.chain_mismatches} chain records{see}"
        )
