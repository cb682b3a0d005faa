"""The table of several backends: for the terminal, as Markdown, and as a page."""

from collections.abc import Mapping, Sequence
from typing import Any

from host_tools.report.page import Page, Section, Table
from host_tools.report.table import aligned
from host_tools.report.words import DASH, number

Cost = Mapping[str, Any]
"""Fields of `workflow.backends.BackendCost`."""
_OUTSIDE = -1


def _stack_bound(cost: Cost) -> str:
    bound = cost["stack_bound_bytes"]
    return f"{bound:,}" if bound is not None else f"not proved: {cost['stack_reason']}"


def _differing(cost: Cost) -> str:
    return f"{cost['differing_bytes']:,} of {cost['output_bytes']:,}"


_FIGURES = (
    ("clock cycles", lambda c: number(c["cycles"])),
    ("flash, bytes", lambda c: number(c["flash_bytes"])),
    ("static RAM, bytes", lambda c: number(c["static_ram_bytes"])),
    ("  of it arena", lambda c: number(c["arena_bytes"])),
    ("stack, deepest seen", lambda c: number(c["stack_bytes"])),
    ("stack, bound", _stack_bound),
    ("bytes that differ", _differing),
    ("largest difference, LSB", lambda c: number(c["max_lsb"])),
    ("RMSE", lambda c: f"{c['rmse']:.3g}"),
)


def _rows(costs: Sequence[Cost]) -> list[list[str]]:
    """Return the rows: operators, the sum, then the other figures; a column for each backend."""
    found = [{o["index"]: o for o in cost["operators"]} for cost in costs]
    kinds = {i: o["kind"] for one in found for i, o in one.items() if i != _OUTSIDE}
    unit = next((cost["unit"] for cost in costs if cost["unit"]), "instructions")
    rows = []
    for index in sorted(kinds):
        cells = [number(one[index]["counted"]) if index in one else DASH for one in found]
        rows.append([f"{index} {kinds[index]}", *cells])
    if kinds:
        outside = [one[_OUTSIDE]["counted"] if _OUTSIDE in one else None for one in found]
        rows.append(["outside of operators", *map(number, outside)])
    rows.append([f"{unit} per inference", *(number(cost["counted"]) for cost in costs)])
    rows += [[name, *(show(cost) for cost in costs)] for name, show in _FIGURES]
    return rows


def _head(costs: Sequence[Cost]) -> str:
    first = costs[0]
    return f"{first['model']} on {first['target']}, {first['windows']} windows of several kinds"


def render(costs: Sequence[Cost]) -> str:
    """Return the table for the terminal; ends without a newline."""
    rows = [["operator", *(cost["backend"] for cost in costs)], *_rows(costs)]
    remarks = [f"  {cost['backend']}: {cost['differs_at']}" for cost in costs if cost["differs_at"]]
    return "\n".join([_head(costs), "", *aligned(rows, right=True), *remarks])


def markdown(costs: Sequence[Cost]) -> str:
    """Return one line of a table for each backend, with a head; ends without a newline."""
    head = [
        "Model",
        "Target",
        "Backend",
        "Instructions",
        "Flash",
        "Static RAM",
        "Arena",
        "Stack seen",
    ]
    head += ["Bytes that differ"]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for cost in costs:
        cells = [cost["model"], cost["target"], cost["backend"]]
        keys = ("counted", "flash_bytes", "static_ram_bytes", "arena_bytes", "stack_bytes")
        cells += [number(cost[key]) for key in keys]
        lines.append(f"| {' | '.join([*cells, _differing(cost)])} |")
    return "\n".join(lines)


def page(groups: Sequence[Sequence[Cost]]) -> str:
    """Return a page with one table for each model and target."""
    sections = []
    for costs in groups:
        names = [cost["backend"] for cost in costs]
        remarks = "; ".join(f"{c['backend']}: {c['differs_at']}" for c in costs if c["differs_at"])
        table = Table(_head(costs), ["operator", *names], _rows(costs))
        text = remarks or "Bench images without a detector; bytes are compared with the oracle's."
        sections.append(Section(_head(costs), text, [table]))
    cards = [
        (number(cost["counted"]), f"{cost['unit']}, {cost['model']}, {cost['backend']}")
        for costs in groups
        for cost in costs
        if cost["counted"] is not None
    ]
    return Page("Backends compared", ["one model, several runtimes"], cards, sections).html()
