"""The page of the operators: which types, instruction sets and backends each is computed for.

Everything is asked of the registries, so that a new operator, form or backend stands on the page.
"""

import sys

from codegen.backends.native.replacements import replacements
from codegen.backends.registry import backends
from codegen.operators.base import OperatorSpec
from codegen.operators.registry import operators
from targets import kernels
from targets.load import available, load

PLAIN, NO_CODE = "plain C", "no code"
_TAKES = {True: "yes", False: "–", None: "its tool decides"}

_HEAD = """---
hide: [toc]
---

# Operators

A model may hold these operators of TensorFlow Lite, fully quantized. The page is made from the
registries of the sources: *types* are the element types that an operator's values may have
(`float32` and `uint8` at the model's edges only), and a column of an instruction set says where the
generated code comes from:

- **plain C**: the integer specification in portable C99, which every core runs;
- **shared**: a faster form in portable C99;
- **{special}**: a form for the instruction set, for int8. Where its proof of exactness fails for a
  model's weights, or where it does not pay, a plainer one is taken, and the manifest says why
  ([choices](measuring.md#choices));
- **no code**: known at generation, another view of the same bytes, or part of another operator.

Outputs are the same bytes in all of them. {cores}

"""


def _special() -> str:
    names = {folder for isa in kernels.ISAS for folder in kernels.CHAIN[isa][:1]}
    return "**, **".join(sorted(names))


def _cores() -> str:
    found: dict[str, list[str]] = {isa: [] for isa in kernels.ISAS}
    for name in available():
        found[load(name).isa].append(f"`{name}`")
    return " ".join(
        f"Targets of `{isa}`: {', '.join(sorted(names)) or 'none'}." for isa, names in found.items()
    )


def meaning(spec: OperatorSpec) -> str:
    """Return the first line of the operator's module, without the name and types before it."""
    line = (sys.modules[type(spec).__module__].__doc__ or "").split("\n")[0]
    text = line.split(": ", 1)[-1].removeprefix(spec.kind)
    return text.strip(", .")


def types(spec: OperatorSpec) -> str:
    """Return the element types, or `any` of an operator that computes nothing."""
    if spec.moves or spec.is_view or spec.is_static or not spec.dtypes:
        return "any"
    return ", ".join(dtype.value for dtype in spec.dtypes)


def form(spec: OperatorSpec, isa: kernels.Isa) -> str:
    """Return the best form that an instruction set has for an operator."""
    if spec.is_view or spec.is_static or spec.kind in _WITHOUT_CODE:
        return NO_CODE
    for folder in kernels.CHAIN[isa]:
        if spec.kind in replacements(folder):
            return folder
    return PLAIN


_WITHOUT_CODE = frozenset({"BATCH_TO_SPACE_ND", "FILL", "SPACE_TO_BATCH_ND"})
"""Operators that the importer or constant folding takes away, always."""


def page() -> str:
    """Return the page in Markdown."""
    names = list(backends())
    columns = ["operator", "types", *kernels.ISAS, *(f"backend {name}" for name in names), "what"]
    rows = [columns, ["---"] * len(columns)]
    for kind, spec in operators().items():
        if spec.internal:
            continue
        forms = [form(spec, isa) for isa in kernels.ISAS]
        taken = [_TAKES[backend.takes(kind)] for backend in backends().values()]
        rows.append([f"`{kind}`", types(spec), *forms, *taken, meaning(spec)])
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    inside = ", ".join(f"`{kind}`" for kind, spec in operators().items() if spec.internal)
    exact = ", ".join(f"`{name}`" for name, backend in backends().items() if backend.exact)
    return (
        f"{_HEAD.format(special=_special(), cores=_cores())}{table}\n\n"
        f"Of the backends, {exact} give the bytes of TensorFlow Lite Micro's reference kernels to "
        "the last bit.\n\n"
        f"Operators that only SAFE's own passes make, and no file holds: {inside}. "
        "How to add an operator: [CONTRIBUTING](../CONTRIBUTING.md).\n"
    )
