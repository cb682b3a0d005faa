"""Resource variables (VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE, CALL_ONCE) as variables.

Keras writes them for a streaming model, which keeps a part of its input from call to call. A handle
names a variable; here each name becomes one variable tensor in the arena. CALL_ONCE runs a second
subgraph at the first call: it assigns constants, which become what a reset fills in.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from codegen.errors import ModelInvalidError, ModelUnsupportedError, where
from codegen.frontend import reader
from codegen.ir.graph import DType, Operator, Tensor

HANDLE, READ, ASSIGN, ONCE = "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE", "CALL_ONCE"
KINDS = frozenset({HANDLE, READ, ASSIGN, ONCE})

Name = tuple[str, str]
"""Container and shared name of a resource."""


@dataclass(frozen=True)
class Raw:
    """An operator as the file has it: indices of tensors, and its table of options."""

    index: int
    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Any


def check(
    index: int, kind: str, edges: tuple[tuple[int, ...], tuple[int, ...]], options: Any
) -> None:
    """Raise unless an operator of `KINDS` has the inputs, outputs and options of its kind."""
    counts = {HANDLE: (0, 1), READ: (1, 1), ASSIGN: (2, 0), ONCE: (0, 0)}[kind]
    has_options = options is not None or kind in (READ, ASSIGN)
    if tuple(map(len, edges)) != counts or not has_options:
        raise ModelInvalidError(
            f"{where(index, kind)}: has {len(edges[0])} inputs and {len(edges[1])} outputs, "
            f"expected {counts[0]} and {counts[1]}, with options; export the model again"
        )


def names(operators: Sequence[Raw]) -> dict[int, Name]:
    """Return the resource behind each handle, by the handle's tensor."""
    found: dict[int, Name] = {}
    for raw in operators:
        if raw.kind == HANDLE:
            place = where(raw.index, raw.kind)
            container = reader.text(f"{place}: container", raw.options.Container)
            found[raw.outputs[0]] = (
                container,
                reader.text(f"{place}: name", raw.options.SharedName),
            )
    return found


def initial_values(operators: Sequence[Raw], constant: Mapping[int, Tensor]) -> dict[Name, Tensor]:
    """Return the constants that a subgraph of CALL_ONCE assigns."""
    handles = names(operators)
    found: dict[Name, Tensor] = {}
    for raw in operators:
        if raw.kind == HANDLE:
            continue
        value = constant.get(raw.inputs[1]) if len(raw.inputs) == 2 else None
        if raw.kind != ASSIGN or raw.inputs[0] not in handles or value is None:
            raise ModelUnsupportedError(
                f"the subgraph that runs once has operator {raw.index} {raw.kind}: only constants "
                "may be assigned there"
            )
        found[handles[raw.inputs[0]]] = value
    return found


class Variables:
    """The variables of a model, made while its operators are read."""

    def __init__(self, operators: Sequence[Raw], initial: Mapping[Name, Tensor], free: int) -> None:
        self._handles = names(operators)
        self._initial = initial
        self._free = free
        self._made: dict[Name, Tensor] = {}

    @property
    def tensors(self) -> Iterator[Tensor]:
        """The variables, in the order of their first use."""
        return iter(self._made.values())

    def operator(self, raw: Raw, like: Tensor) -> Operator:
        """Return a read or an assignment of a variable that is `like` its value."""
        place = where(raw.index, raw.kind)
        if raw.inputs[0] not in self._handles:
            raise ModelUnsupportedError(f"{place}: its variable comes from no VAR_HANDLE")
        variable = self._variable(self._handles[raw.inputs[0]], like, place)
        if raw.kind == READ:
            return Operator(raw.index, READ, (variable.index,), raw.outputs)
        whole = MappingProxyType({"start": 0, "keep": 0, "count": 1, "counts": False})
        return Operator(raw.index, "SLIDE", (variable.index, raw.inputs[1]), (), whole)

    def _variable(self, name: Name, like: Tensor, place: str) -> Tensor:
        if name not in self._made:
            self._made[name] = replace(
                like,
                index=self._free + len(self._made),
                name=name[1] or f"variable {len(self._made)}",
                data=None,
                is_variable=True,
                initial=_initial(self._initial.get(name), like, place),
            )
        found = self._made[name]
        if (found.shape, found.dtype) != (like.shape, like.dtype):
            raise ModelUnsupportedError(
                f'{place}: variable "{found.name}" has {found.dtype}{list(found.shape)} and '
                f"{like.dtype}{list(like.shape)} at different places"
            )
        return found


def _initial(value: Tensor | None, like: Tensor, place: str) -> int | None:
    """Return the one value that a variable starts with; None for the real number 0."""
    if value is None or value.data is None:
        return None
    first = int(value.data.reshape(-1)[0])
    uniform = bool(np.all(value.data == first))
    if not uniform or (like.dtype is not DType.INT8 and first != 0):
        raise ModelUnsupportedError(
            f"{place}: its variable starts with different values; only one value for all, "
            "and 0 for types wider than int8, is supported"
        )
    return first
