"""The runtime files that a generated model needs: the closure of its includes over the SDK.

A header `safe/x.h` that is included brings `sdk/src/x.c` where that exists, and a header
`safe/kernel/x.h` brings `sdk/src/kernel/<isa>/x.c`, or the reference's; nothing is listed twice.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from codegen.emit import plain
from codegen.errors import VerifierError
from codegen.options import Goal
from targets import kernels
from targets.places import SDK

_GOAL_HEADER = "safe/kernel/goal.h"
_GOAL_DEFAULT = "#define SAFE_GOAL SAFE_GOAL_BALANCED\n"
_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


@dataclass
class Runtime:
    """Files of the SDK by their place: headers under `sdk/include`, sources under `sdk/src`."""

    headers: dict[str, Path] = field(default_factory=dict)
    sources: dict[str, Path] = field(default_factory=dict)
    """Paths of the sources by file name: in a standalone folder they lie side by side."""
    left_out: frozenset[str] = frozenset()
    """Names of sources that are not wanted, although their headers are included."""

    @property
    def kernel_sources(self) -> list[str]:
        """Return the kernel files relative to the repository, sorted."""
        kernels = SDK / "src" / "kernel"
        return sorted(
            path.relative_to(SDK.parent).as_posix()
            for path in self.sources.values()
            if path.is_relative_to(kernels) and path.suffix == ".c"
        )


class Needing(Protocol):
    """What the closure asks of a program."""

    @property
    def isa(self) -> str:
        """The instruction set."""

    @property
    def has_network(self) -> bool:
        """Whether a network is run."""

    @property
    def sources(self) -> tuple[Path, ...]:
        """Kernel files that are called."""


def runtime(program: Needing, texts: Iterable[str]) -> Runtime:
    """Return what the generated `texts` and the program's kernels need, transitively."""
    found = Runtime(left_out=frozenset() if program.has_network else plain.LEFT_OUT)
    waiting = [(name, SDK / "include") for text in texts for name in _includes(text)]
    for path in program.sources:
        waiting += _source(found, path)
    while waiting:
        name, beside = waiting.pop()
        if (beside / name).is_file() and not name.startswith("safe/"):
            waiting += _source(found, beside / name)
        elif name.startswith("safe/") and name not in found.headers:
            waiting += _header(found, name, program.isa)
    return found


def files(needed: Runtime, goal: Goal) -> dict[str, str]:
    """Return the runtime's files by their name in a standalone folder, made for `goal`."""
    paths = needed.headers | needed.sources
    texts = {name: _read(path) for name, path in paths.items()}
    if _GOAL_HEADER in texts:
        chosen = f"#define SAFE_GOAL SAFE_GOAL_{goal.upper()}\n"
        texts[_GOAL_HEADER] = texts[_GOAL_HEADER].replace(_GOAL_DEFAULT, chosen)
    return texts


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _includes(text: str) -> list[str]:
    return _INCLUDE.findall(text)


def _header(found: Runtime, name: str, isa: str) -> list[tuple[str, Path]]:
    path = SDK / "include" / name
    if not path.is_file():
        raise VerifierError(f"header {name} does not exist; this is a defect of SAFE")
    found.headers[name] = path
    waiting = [(n, path.parent) for n in _includes(_read(path))]
    stem = Path(name).relative_to("safe").with_suffix("")
    if stem.parts[0] == "kernel":
        has_source = kernels.exists(isa, stem.name)
        source = kernels.path(isa, stem.name) if has_source else None
    else:
        plain = SDK / "src" / f"{stem.name}.c"
        source = plain if plain.is_file() else None
        # A header's functions may be spread over several files: NAME_PART.c without a header.
        for part in sorted((SDK / "src").glob(f"{stem.name}_*.c")):
            if not (SDK / "include" / "safe" / f"{part.stem}.h").is_file():
                waiting += _source(found, part)
    return waiting if source is None else waiting + _source(found, source)


def _source(found: Runtime, path: Path) -> list[tuple[str, Path]]:
    if path.name in found.left_out:
        return []
    known = found.sources.get(path.name)
    if known == path:
        return []
    if known is not None:
        raise VerifierError(f"two runtime files are named {path.name}; this is a defect of SAFE")
    found.sources[path.name] = path
    return [(name, path.parent) for name in _includes(_read(path))]
