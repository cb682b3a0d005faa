"""TOML tables as frozen dataclasses: the fields are the format, unknown keys are errors."""

import dataclasses
from collections.abc import Mapping
from types import UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from targets.errors import TargetError

T = TypeVar("T")


def _value(kind: Any, value: Any, where: str) -> Any:
    """Check `value` against the annotation `kind` and convert tables and arrays."""
    if isinstance(kind, UnionType):
        kind = next(k for k in get_args(kind) if k is not type(None))
    if dataclasses.is_dataclass(kind):
        if not isinstance(value, Mapping):
            raise TargetError(f"{where}: must be a table")
        return table(cast("type[Any]", kind), value, where)
    if get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise TargetError(f"{where}: must be an array")
        item = get_args(kind)[0]
        return tuple(_value(item, v, f"{where}[{i}]") for i, v in enumerate(value))
    if type(value) is not kind:
        raise TargetError(f"{where}: must be of type {kind.__name__}, is {value!r}")
    return value


def table(kind: type[T], values: Mapping[str, Any], where: str) -> T:
    """Return `values` as an object of dataclass `kind`; TargetError names file, table and key."""
    hints = get_type_hints(kind)
    fields = {f.name: f for f in dataclasses.fields(cast("Any", kind))}
    for key in values:
        if key not in fields:
            known = ", ".join(fields)
            raise TargetError(f"{where}: unknown key {key!r}; known are {known}")
    for name, entry in fields.items():
        required = (
            entry.default is dataclasses.MISSING and entry.default_factory is dataclasses.MISSING
        )
        if required and name not in values:
            raise TargetError(f"{where}: key {name!r} is missing")
    return kind(
        **{key: _value(hints[key], value, f"{where}.{key}") for key, value in values.items()}
    )
