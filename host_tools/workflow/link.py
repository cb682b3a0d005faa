"""What a bench met on the line, and what a person should know of it."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

from host_tools.device import protocol
from host_tools.device.bench import BenchResult


def link_fields(result: BenchResult, cycles: str = "measured") -> dict[str, Any]:
    """Return what the bench met on the line, as JSON values; `cycles` says what those are worth."""
    timing = result.timing
    return {
        "device": asdict(result.info),
        "device_status": list(protocol.port_status_names(result.stats.status)),
        "restarts": result.restarts,
        "baud": result.rate.baud,
        "baud_tried": [{"baud": baud, "verdict": verdict} for baud, verdict in result.rate.tried],
        **asdict(result.counters),
        "device_frame_errors": result.stats.frame_errors,
        "device_repeats": result.stats.repeats,
        "window_seconds": round(result.window_seconds, 3),
        "sample_seconds": round(result.sample_seconds, 3),
        "inference_cycles": timing.min_cycles if timing is not None else None,
        "cycles": cycles if timing is not None and timing.min_cycles is not None else "unavailable",
    }


def link_line(link: Mapping[str, Any]) -> str:
    """Return the rate, the cycles of an inference and what was recovered, as one line."""
    count = link["inference_cycles"]
    cycles = "cycles unavailable" if count is None else f"{count:,} cycles ({link['cycles']})"
    events = f"{link['retries']} repeats, {link['reopened']} reconnections"
    return f"Link: {link['baud']:,} baud, {cycles}, {events}, {link['restarts']} restarts"


def warnings(
    status: Collection[str], expected: Collection[str], used: int | None, bound: int | None
) -> list[str]:
    """Return what a person should know of a run whose bytes may all be right.

    Args:
        status: Names in the device's status word.
        expected: Those that its target is known to set.
        used: Bytes of stack that the device took; None when it does not know.
        bound: Bytes that were proved for its image; None when there is no proof.
    """
    lines = []
    names = set(status) - set(expected)
    if names:
        lines.append(f"the device reports {', '.join(sorted(names))} (see port.h)")
    if used is not None and bound is not None and used > bound:
        lines.append(
            f"the stack took {used} bytes, {used - bound} more than its proved bound of {bound}: "
            "a pointer in targets/stack/pointers.toml misses a function"
        )
    return lines
