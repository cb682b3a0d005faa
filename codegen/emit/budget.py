"""Limits that a generated model must keep, from the command line or from model.toml."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codegen.emit.program import Program
from codegen.errors import BudgetExceededError, BudgetInvalidError
from targets import toml_file


@dataclass(frozen=True)
class Budget:
    """Largest sizes in bytes; None is no limit."""

    arena_bytes: int | None = None
    constant_bytes: int | None = None
    """Limit of weights, biases and tables, the part of flash that is known before compilation."""

    def check(self, program: Program) -> None:
        """Raise `BudgetExceededError` with the numbers."""
        constants = program.weight_bytes + program.constant_bytes
        sizes = (
            ("arena", program.arena.size_bytes, self.arena_bytes),
            ("model constants in flash", constants, self.constant_bytes),
        )
        for what, size, limit in sizes:
            if limit is not None and size > limit:
                raise BudgetExceededError(
                    f"{what}: {size} bytes, {size - limit} more than the budget of {limit}; use a "
                    "smaller model or a larger budget"
                )


def load(path: Path) -> Budget:
    """Return table `[budget]` of a model.toml: `ram_bytes` limits the arena, `flash_bytes` the
    constants; the build holds the whole image to them. Raises `BudgetInvalidError`.
    """
    table = toml_file.read(path, BudgetInvalidError).get("budget", {})
    if not isinstance(table, dict):
        raise BudgetInvalidError(f"{path}: budget is not a table")
    return Budget(_bytes(path, table, "ram_bytes"), _bytes(path, table, "flash_bytes"))


def _bytes(path: Path, table: dict[str, Any], key: str) -> int | None:
    value = table.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise BudgetInvalidError(f"{path}: budget.{key} is {value!r}, expected a count of bytes")
    return value


def smallest(*budgets: Budget) -> Budget:
    """Return the budget that keeps all of `budgets`."""

    def least(values: list[int | None]) -> int | None:
        return min((v for v in values if v is not None), default=None)

    return Budget(
        least([b.arena_bytes for b in budgets]), least([b.constant_bytes for b in budgets])
    )
