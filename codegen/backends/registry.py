"""The backends: a sorted scan of this folder; a broken, incomplete or doubled one is an error."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from inspect import isfunction
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_type_hints

from codegen.backends.base import Backend, Setting
from codegen.errors import BackendInvalidError
from targets.errors import BackendUnknownError
from targets.suggest import did_you_mean

FOLDER = Path(__file__).parent
CODES = range(16)


@cache
def backends() -> MappingProxyType[str, Backend]:
    """Return every backend by its name, sorted.

    Raises `BackendInvalidError` when one cannot be loaded, lacks something, or shares its number.
    """
    found: dict[str, Backend] = {}
    for file in sorted(FOLDER.glob("*/backend.py")):
        backend = _load(file)
        twin = next((b.name for b in found.values() if b.code == backend.code), None)
        if twin is not None:
            raise _invalid(file, f"has code {backend.code}, which is that of backend {twin}")
        found[backend.name] = backend
    return MappingProxyType(found)


def settings() -> tuple[Setting, ...]:
    """Return the settings of all backends, sorted by variable."""
    found = {s.variable: s for b in backends().values() for s in b.settings}
    return tuple(found[variable] for variable in sorted(found))


def environment(
    maker: Backend, chosen: Mapping[str, Any], environ: Mapping[str, str]
) -> dict[str, str]:
    """Return a backend's settings as environment variables.

    Each as it is in `chosen`, a build's variables by option; where that is empty, as in `environ`.
    """
    return {
        s.variable: str(chosen[s.option]) or environ.get(s.variable, "") for s in maker.settings
    }


def backend(name: str) -> Backend:
    """Return a backend; raises `BackendUnknownError` naming those that there are."""
    known = backends()
    if name not in known:
        raise BackendUnknownError(
            f"unknown backend {name!r}; known are {', '.join(known)}{did_you_mean(name, known)}"
        )
    return known[name]


def _load(file: Path) -> Backend:
    """Return the backend that a file defines, after it has shown that it is whole."""
    name = file.parent.name
    try:
        module = import_module(f"{__package__}.{name}.backend")
    except Exception as error:
        text = " ".join(str(error).split())
        raise _invalid(file, f"cannot be loaded: {type(error).__name__}: {text}") from error
    backend: Backend | None = getattr(module, "BACKEND", None)
    if backend is None:
        raise _invalid(file, "defines no BACKEND")
    missing = [member for member in _members() if not hasattr(backend, member)]
    if missing:
        raise _invalid(file, f"lacks {', '.join(missing)} (codegen/backends/base.py)")
    if backend.name != name:
        raise _invalid(file, f"calls itself {backend.name!r}, and its folder is {name}")
    if backend.code not in CODES:
        raise _invalid(file, f"has code {backend.code}, expected 0 to {CODES[-1]}")
    return backend


def _members() -> list[str]:
    """Return what the protocol asks of a backend, sorted."""
    methods = [name for name, item in vars(Backend).items() if isfunction(item)]
    public = [name for name in methods if not name.startswith("_")]
    return sorted([*get_type_hints(Backend), *public])


def _invalid(file: Path, text: str) -> BackendInvalidError:
    return BackendInvalidError(f"codegen/backends/{file.parent.name}/backend.py: {text}")
