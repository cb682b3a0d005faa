"""The operators SAFE supports: a sorted scan of this folder, duplicates rejected."""

import pkgutil
from functools import cache
from importlib import import_module
from pathlib import Path

from codegen.errors import CodegenError
from codegen.operators.base import OperatorSpec

_NOT_OPERATORS = {"base", "registry"}


@cache
def operators() -> dict[str, OperatorSpec]:
    """Return every operator by its TFLite name."""
    found: dict[str, OperatorSpec] = {}
    for module in sorted(m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)])):
        if module in _NOT_OPERATORS or module.startswith("_"):
            continue
        spec: OperatorSpec = import_module(f"codegen.operators.{module}").OPERATOR
        if spec.kind in found:
            raise CodegenError(f"operator {spec.kind} is defined twice: see operators/{module}.py")
        found[spec.kind] = spec
    return found
