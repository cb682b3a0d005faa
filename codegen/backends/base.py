"""Protocol of a backend, which turns a model into a program and into its C text.

A backend is a folder `codegen/backends/<name>` with a module `backend.py` that defines `BACKEND`.
`codegen.backends.registry` finds it; nothing else names it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from codegen.emit.program import Program
from codegen.ir.graph import Graph
from codegen.options import Request
from targets.load import Target


@dataclass(frozen=True)
class Setting:
    """A place outside of SAFE that a backend needs to know.

    A user names it by the environment variable, or by a variable of SCons.
    """

    variable: str
    """Name of the environment variable, e.g. TFLM_DIR."""
    meaning: str
    short: str = ""
    """Name of SCons's variable; empty: that of the environment variable in lower case."""

    @property
    def option(self) -> str:
        """Return the name of SCons's variable, e.g. tflm_dir."""
        return self.short or self.variable.lower()


@dataclass(frozen=True)
class Needs:
    """Files and flags that a backend's code needs beyond SAFE's own runtime, to build an image."""

    includes: tuple[Path, ...] = ()
    """Folders of foreign headers, of which no warnings are shown."""
    archives: tuple[Path, ...] = ()
    """Libraries to link."""
    flags: tuple[str, ...] = ()
    """Flags of the compiler, for C and C++ alike."""
    libraries: tuple[str, ...] = ()
    """Libraries of the toolchain by name: `m` links with -lm."""
    foreign: tuple[str, ...] = ()
    """Endings of the names of generated files that a vendor's tool wrote, of which no warnings are
    shown."""


class Backend(Protocol):
    """Turns a model into C. Backends have no state; `BACKEND` is the single instance."""

    name: str
    """Name of the backend's folder, by which manifest, size.json and report call it."""
    code: int
    """Number of the backend in HELLO, 0 to 15 (PROTOCOL.md). No two backends share one."""
    exact: bool
    """Whether its outputs must be the oracle's to the last bit."""
    measures_arena: bool
    """Whether the arena's size shows only when the model is set up on its core: see
    `targets.arena`."""
    settings: tuple[Setting, ...]
    """Places outside of SAFE that it needs to know."""

    def files(self, name: str) -> tuple[str, ...]:
        """Return the names of `texts` for model `name`, known before anything is generated.

        What ends in `.c` is compiled as C99, what ends in `.cc` as C++17.
        """

    def takes(self, kind: str) -> bool | None:
        """Return whether it computes operators of this kind; None where a vendor's tool decides."""

    def refuses(self, request: Request) -> str | None:
        """Return why the request cannot be honoured (streaming, standalone, isa), or None."""

    def needs(self, target: Target, environ: Mapping[str, str]) -> Needs:
        """Return what an image needs; raises `SafeError` naming variable and expected path.

        `environ` are the environment variables, by which a runtime that is installed elsewhere is
        found.
        """

    def compile(self, graph: Graph, request: Request) -> Program:
        """Turn a checked graph into a program; raises `CodegenError` where that is not possible."""

    def texts(self, program: Program) -> Mapping[str, str]:
        """Return the text of `safe_<name>.{h,c}` and of what they include, by file name.

        Detector, firmware glue, runtime and manifest are the pipeline's.
        """
