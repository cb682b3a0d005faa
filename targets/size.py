"""Size report of an image: what it takes of flash and RAM, by section and by symbol."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

from targets import breakdown, linkmap, toml_file
from targets.elf import Image, Section, read
from targets.errors import BudgetError, BuildError

_STACK = ".stack"
_LARGEST = 40
_LARGEST_ALIGNMENT = 256


def _padding(sections: Sequence[Section]) -> int:
    """Return the bytes between sections that alignment leaves, which are stored, too."""
    gaps = (b.address - a.address - a.size for a, b in pairwise(sections))
    return sum(gap for gap in gaps if 0 < gap < _LARGEST_ALIGNMENT)


def measure(image: Image, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the report as a JSON object; all sizes are bytes.

    `flash_bytes` is everything that is stored (the initial values of `.data` too),
    `static_ram_bytes` everything reserved at link time but the stack, the arena included;
    `model_bytes` the model's constants in flash (weights, biases, tables of its calls). An image
    without the model, as the logger's, has neither weights nor arena.
    """
    stored = [s for s in image.sections if s.has_contents]
    ram = [s for s in image.sections if s.in_ram and s.name != _STACK]
    stem = f"safe_{manifest['name']}"
    files = {f"{stem}.c", f"{stem}_weights.c"}
    constants = [
        s
        for s in image.symbols
        if not s.is_function
        and s.section.startswith((".rodata", ".hot_data"))
        and (s.file in files or s.name.startswith(f"{stem}_"))
    ]
    flash_bytes = sum(s.size for s in stored) + between(image)
    is_linked = any(s.name.startswith(f"{stem}_") or s.file in files for s in image.symbols)
    weight_bytes = int(manifest["weight_bytes"]) * is_linked
    by_size = sorted(image.symbols, key=lambda s: (-s.size, s.name))
    return {
        "flash_bytes": flash_bytes,
        "flash_beyond_weights_bytes": flash_bytes - weight_bytes,
        "code_bytes": sum(s.size for s in stored if s.executable),
        "model_bytes": sum(s.size for s in constants),
        "weight_bytes": weight_bytes,
        "static_ram_bytes": sum(s.size for s in ram),
        "arena_bytes": int(manifest["arena_bytes"]) * is_linked,
        "stack_reserved_bytes": sum(s.size for s in image.sections if s.name == _STACK),
        "sections": {s.name: s.size for s in image.sections},
        "symbols": [
            {"name": s.name, "section": s.section, "bytes": s.size} for s in by_size[:_LARGEST]
        ],
    }


def by_section(image: Image) -> list[dict[str, Any]]:
    """Return flash and RAM of each section, in the order of their addresses.

    Flash holds what is stored, the initial values of variables too; the last row is the padding
    between stored sections, so that the columns add up to flash, and to static RAM and stack.
    """
    rows = [
        {
            "name": s.name,
            "flash_bytes": s.size if s.has_contents else 0,
            "ram_bytes": s.size if s.in_ram else 0,
        }
        for s in image.sections
    ]
    return [*rows, {"name": "(between)", "flash_bytes": between(image), "ram_bytes": 0}]


def between(image: Image) -> int:
    """Return the bytes of padding between stored sections."""
    return _padding([s for s in image.sections if s.has_contents and not s.in_ram])


def check_budget(size: Mapping[str, Any], model_toml: Path) -> None:
    """Raise BudgetError, with the numbers, when `[budget]` of `model.toml` is exceeded."""
    if not model_toml.is_file():
        return
    budget = toml_file.read(model_toml, BuildError).get("budget", {})
    if not isinstance(budget, dict):
        raise BuildError(f"{model_toml}: budget is not a table")
    limits = {
        "flash_bytes": size["flash_bytes"],
        "ram_bytes": size["static_ram_bytes"],
        "stack_bytes": size.get("stack", {}).get("bound_bytes"),
    }
    for key, value in limits.items():
        limit = budget.get(key)
        if limit is not None and (type(limit) is not int or limit < 1):
            raise BuildError(f"{model_toml}: budget.{key} is {limit!r}, expected a count of bytes")
        if limit is not None and value is not None and value > limit:
            raise BudgetError(
                f"{key} is {value}, {value - limit} more than the budget of {limit} in {model_toml}"
            )


def report(elf: Path, manifest: Path, identity: Mapping[str, str]) -> dict[str, Any]:
    """Measure `elf` and the map beside it; `identity` (target, model, …) leads the report."""
    try:
        facts = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BuildError(f"{manifest}: not readable as a manifest: {error}") from error
    image = read(elf)
    parts = breakdown.parts(image, linkmap.read(elf.with_suffix(".map")), facts, between(image))
    return {
        **identity,
        "backend": facts["backend"],
        **measure(image, facts),
        "by_section": by_section(image),
        "parts": [asdict(part) for part in parts],
    }


def _figure(value: int) -> str:
    return f"{value:,}" if value else ""


def _rows(size: Mapping[str, Any], detail: bool) -> list[tuple[str, int, int]]:
    """Return the rows of the second table: operators and kernels one by one, else groups."""
    rows: dict[str, tuple[int, int]] = {}
    for part in size["parts"]:
        alone = detail or part["group"] in ("operator", "kernel")
        name = f"{part['group']} {part['name']}" if alone else part["group"]
        flash, ram = rows.get(name, (0, 0))
        rows[name] = (flash + part["flash_bytes"], ram + part["ram_bytes"])
    return [(name, *figures) for name, figures in rows.items()]


def table(size: Mapping[str, Any], *, detail: bool = False) -> str:
    """Return flash and RAM by section, then by owner, each with its sum.

    Without `detail` only operators and kernels are told one by one.
    """
    sections = [(s["name"], s["flash_bytes"], s["ram_bytes"]) for s in size["by_section"]]
    blocks = [("section", sections), ("owner", _rows(size, detail))]
    width = max(len(name) for _, rows in blocks for name, _, _ in rows)
    lines: list[str] = []
    for title, rows in blocks:
        lines.append(f"  {title:{width}}  {'flash':>10}  {'RAM':>10}")
        sums = ("sum", sum(row[1] for row in rows), sum(row[2] for row in rows))
        for name, flash, ram in [*rows, sums]:
            if flash or ram:
                lines.append(f"  {name:{width}}  {_figure(flash):>10}  {_figure(ram):>10}".rstrip())
    return "\n".join(lines)


def summary(size: Mapping[str, Any]) -> str:
    """Return the report in two lines."""
    return (
        f"flash {size['flash_bytes']:,} bytes: code {size['code_bytes']:,}, "
        f"model constants {size['model_bytes']:,} (weights {size['weight_bytes']:,})\n"
        f"RAM   {size['static_ram_bytes']:,} bytes, the arena's {size['arena_bytes']:,} included; "
        f"stack {size['stack_reserved_bytes']:,} reserved"
    )
