"""Figures and a reading in words, the same on every page and in the terminal."""

import math
from collections.abc import Mapping
from typing import Any

from host_tools.data.reading.record import duration, span

DASH = "–"


def number(value: float | None, digits: int = 0, unit: str = "") -> str:
    """Return `1,234`, `0.0123` or a dash, with the unit when there is a value."""
    if value is None or not math.isfinite(value):
        return DASH
    text = f"{value:,.{digits}f}"
    return f"{text} {unit}" if unit else text


def counted(count: int, noun: str) -> str:
    """Return `1 episode` or `4 episodes`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def significant(value: float | None, digits: int = 4) -> str:
    """Return a figure in `digits` significant places, or a dash when there is none."""
    if value is None or not math.isfinite(value):
        return DASH
    if value == int(value) and abs(value) < 1e6:
        return f"{int(value):,}"
    return f"{value:.{digits}g}"


def reading(kept: Mapping[str, Any]) -> list[str]:
    """Return sentences of how a log was read, from what `read --json` says and training keeps."""
    lines = []
    time = kept.get("time") or {}
    head = f"{kept['rows']:,} rows" if "rows" in kept else ""
    if head and time.get("period_s"):
        head += f", one every {duration(time['period_s'])}"
    if head and time.get("first"):
        head += f", {span(time['first'], time['last'])}"
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
