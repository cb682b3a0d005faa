"""Budgets and baselines: what a model may cost on a target, and what others need for it.

`tests/perf/budgets.toml` holds instructions, flash and arena by model, target and goal; a figure
may grow by `TOLERANCE` before it is an error. `tests/perf/baseline.toml` holds measured figures of
other runtimes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_tools.errors import DataError
from host_tools.perf.standalone import Cost
from targets import output, toml_file
from targets.places import ROOT

BUDGETS = ROOT / "tests" / "perf" / "budgets.toml"
BASELINE = ROOT / "tests" / "perf" / "baseline.toml"
TOLERANCE = 0.01
KEYS = ("instructions", "cycles", "sample_instructions", "flash_bytes", "arena_bytes")
_HEAD = """\
# What each model may cost: instructions of one call (the most of the counted ones; exact clock
# cycles where the RTL is simulated), flash (code and
# constants of the standalone folder at plain -O2) and arena, in bytes. A test fails when a figure
# grows by more than 1%. With streaming (balanced) a call is one sample and its outputs; what the
# streamed operators take of it are sample_instructions. Written by `host_tools perf --update`; a
# larger figure needs a reason in the commit that brings it.
"""

Budgets = dict[str, dict[str, dict[str, dict[str, int]]]]
"""Budgets by model, target, goal and key."""


@dataclass(frozen=True)
class Reference:
    """Instructions that another runtime needs for a model on a target."""

    runtime: str
    instructions: float


def _read(path: Path) -> dict[str, Any]:
    return toml_file.read(path, DataError)


def load(path: Path = BUDGETS) -> Budgets:
    """Return the budgets; none when there is no file yet. Raises DataError."""
    return _read(path) if path.is_file() else {}


def figures(cost: Cost) -> dict[str, int]:
    """Return the figures of a cost that a budget holds."""
    sample = cost.sample_instructions
    return {
        cost.counts.unit: cost.counts.maximum,
        **({} if sample is None else {"sample_instructions": sample}),
        "flash_bytes": cost.flash_bytes,
        "arena_bytes": cost.arena_bytes,
    }


def excesses(costs: Iterable[Cost], budgets: Budgets) -> list[str]:
    """Return a line for each figure that exceeds its budget, or has none."""
    lines = []
    for cost in costs:
        where = f"{cost.name} on {cost.target}, {cost.goal}"
        limits = budgets.get(cost.name, {}).get(cost.target, {}).get(cost.goal)
        if limits is None:
            lines.append(f"{where}: no budget")
            continue
        for key, value in figures(cost).items():
            limit = limits[key]
            if value > limit * (1 + TOLERANCE):
                growth = value / limit - 1 if limit else 1.0
                lines.append(f"{where}: {key} is {value:,}, {growth:+.1%} of {limit:,}")
    return lines


def update(costs: Iterable[Cost], path: Path = BUDGETS) -> None:
    """Write the costs as the new budgets; those of what was not measured stay.

    Raises DataError or OutputError.
    """
    budgets = load(path)
    for cost in costs:
        budgets.setdefault(cost.name, {}).setdefault(cost.target, {})[cost.goal] = figures(cost)
    lines = [_HEAD]
    for model in sorted(budgets):
        for target in sorted(budgets[model]):
            lines.append(f"[{model}.{target}]")
            for optimize, limits in sorted(budgets[model][target].items()):
                values = ", ".join(f"{key} = {limits[key]:_}" for key in KEYS if key in limits)
                lines.append(f"{optimize} = {{{values}}}")
            lines.append("")
    output.write(path, "\n".join(lines).rstrip() + "\n")


def references(path: Path = BASELINE) -> dict[str, dict[str, Any]]:
    """Return the baseline file by model."""
    return _read(path)


def reference(table: Mapping[str, Mapping[str, Any]], cost: Cost) -> Reference | None:
    """Return what others need for this model on this target; None when it was not measured."""
    row = table.get(cost.name, {}).get(cost.target)
    if row is None:
        return None
    return Reference(runtime=row["runtime"], instructions=row["million"] * 1e6)
