"""The tuned forms that the native backend has: a sorted scan of its folders of instruction sets.

A module `<folder>/<kind>.py` with a function `replace` offers a better call than the plain one for
operators of that kind; a module without is a helper. `targets.kernels.CHAIN` says which folders an
instruction set looks through.
"""

import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from codegen.errors import CodegenError
from codegen.ir.call import KernelCall
from codegen.ir.graph import Graph, Operator
from codegen.operators.registry import operators
from codegen.options import Goal
from targets.kernels import CHAIN

Replace = Callable[[Graph, Operator, KernelCall, Goal], KernelCall | str | None]
"""Function that turns the plain call into a better one. Instead of a call it returns why there is
none, or None where the form is for other values (int16, shapes that repeat) and there is nothing to
say."""


@cache
def replacements(folder: str) -> Mapping[str, Replace]:
    """Return the forms of one folder by the operator's kind."""
    forms: dict[str, Replace] = {}
    for name in sorted(m.name for m in pkgutil.iter_modules([str(Path(__file__).parent / folder)])):
        module = import_module(f"{__package__}.{folder}.{name}")
        replace: Replace | None = getattr(module, "replace", None)
        if replace is None:
            continue
        if name.upper() not in operators():
            raise CodegenError(
                f"{module.__name__} has a function replace, but no operator is named {name.upper()}"
            )
        forms[name.upper()] = replace
    return MappingProxyType(forms)


def folders() -> tuple[str, ...]:
    """Return every folder of a chain, sorted."""
    return tuple(sorted({folder for chain in CHAIN.values() for folder in chain}))
