"""The operators SAFE supports: a sorted scan of the families' folders, duplicates rejected."""

import pkgutil
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

from codegen.errors import CodegenError
from codegen.operators.base import OperatorSpec

FAMILIES = ("elementwise", "layout", "linear", "recurrent", "reduction")
"""Folders that are scanned. Their modules without `OPERATOR` are helpers."""


@cache
def operators() -> dict[str, OperatorSpec]:
    """Return every operator by its TFLite name."""
    found: dict[str, OperatorSpec] = {}
    for family in FAMILIES:
        folder = Path(__file__).parent / family
        for module in sorted(m.name for m in pkgutil.iter_modules([str(folder)])):
            spec = _spec(import_module(f"{__package__}.{family}.{module}"))
            if spec is None:
                continue
            if spec.kind in found:
                raise CodegenError(
                    f"operator {spec.kind} is defined twice: see operators/{family}/{module}.py"
                )
            found[spec.kind] = spec
    return dict(sorted(found.items()))


def _spec(module: ModuleType) -> OperatorSpec | None:
    """Return the operator of a module, or None for a helper.

    Raises `CodegenError` where a module defines an operator but forgets to export it: the file
    would be silently passed over.
    """
    spec: OperatorSpec | None = getattr(module, "OPERATOR", None)
    if spec is not None:
        return spec
    for name, item in vars(module).items():
        if (
            isinstance(item, type)
            and issubclass(item, OperatorSpec)
            and item.__module__ == module.__name__
            and "kind" in vars(item)
        ):
            raise CodegenError(f"{module.__name__} defines {name} but no OPERATOR = {name}()")
    return None
