"""Figures, lengths of time and stamps in words, the same on every page and in the terminal."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

DASH = "–"

_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def number(value: float | None, digits: int = 0, unit: str = "") -> str:
    """Return `1,234`, `0.0123` or a dash, with the unit when there is a value."""
    if value is None or not math.isfinite(value):
        return DASH
    text = f"{value:,.{digits}f}"
    return f"{text} {unit}" if unit else text


def significant(value: float | None, digits: int = 4) -> str:
    """Return a figure in `digits` significant places, or a dash when there is none."""
    if value is None or not math.isfinite(value):
        return DASH
    if value == int(value) and abs(value) < 1e6:
        return f"{int(value):,}"
    return f"{value:.{digits}g}"


def duration(seconds: float) -> str:
    """Return a length of time in the unit that a person would take: `40 ms`, `1 min`, `3.5 h`."""
    size, unit = next((pair for pair in _UNITS if abs(seconds) >= pair[0]), _UNITS[-1])
    return f"{seconds / size:.4g} {unit}"


def stamp(seconds: float) -> str:
    """Return seconds since 1970 as `2024-03-01 00:00:00`, UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def period(seconds: float) -> str:
    """Return how often rows come: `one every 1 min (0.01667 Hz)`."""
    return f"one every {duration(seconds)} ({1 / seconds:.4g} Hz)"


def reading(kept: Mapping[str, Any]) -> list[str]:
    """Return sentences of how a log was read, from what `read --json` says and training keeps."""
    lines = []
    time = kept.get("time") or {}
    head = f"{kept['rows']:,} rows" if "rows" in kept else ""
    if head and time.get("period_s"):
        head += f", {period(time['period_s'])}"
    if head and time.get("first"):
        head += f", {time['first']} to {time['last']}"
    lines += [head] if head else []
    if gaps := kept.get("gaps"):
        longest = max(gaps, key=lambda gap: float(gap["seconds"]))
        lines.append(
            f"{len(gaps):,} gap{'s' * (len(gaps) > 1)} in time, the longest"
            f" {duration(longest['seconds'])}, after line {longest['after_line']}"
        )
    lines += [f"Left out: {row['name']} ({row['why']})" for row in kept.get("left_out", ())]
    missing = [f"{name} {rows:,}" for name, rows in (kept.get("missing") or {}).items() if rows]
    lines += [f"Rows without a value: {', '.join(missing)}"] if missing else []
    lines += [
        f"Suspected marker for a missing value: {row['value']:g} in {row['channel']},"
        f" {row['rows']:,} rows"
        for row in kept.get("sentinels", ())
    ]
    return [*lines, *kept.get("notes", ())]
