"""A product without a network: a name and a hash where other products have a model."""

from hashlib import sha256
from pathlib import Path

from codegen.emit import text
from codegen.emit.environment import render
from codegen.emit.program import Arena, Program
from codegen.errors import BackendRefusedError, DetectorInvalidError
from codegen.options import DEFAULT_BACKEND, Request

LEFT_OUT = frozenset(("model.c", "stream.c", "window.c"))
"""Files of the runtime that run a network; detector.h includes their headers for the types."""


def digest(scaler: Path, detector: Path) -> str:
    """Return what identifies such a product, in hexadecimal: a hash of its two files.

    Raises `DetectorInvalidError` when one cannot be read.
    """
    found = sha256()
    for path in (scaler, detector):
        try:
            found.update(path.read_bytes() + b"\0")
        except OSError as error:
            raise DetectorInvalidError(f"{path}: cannot be read: {error.strerror}") from error
    return found.hexdigest()


def check(request: Request) -> None:
    """Refuse what only a network can have; raises `BackendRefusedError`."""
    if request.streaming:
        raise BackendRefusedError(f"{request.name} has no network to stream")
    if request.backend != DEFAULT_BACKEND:
        raise BackendRefusedError(
            f"{request.name} has no network: there is nothing for backend {request.backend} to"
            " compute, leave it out"
        )


def program(request: Request, scaler: Path, detector: Path) -> Program:
    """Return a program that computes nothing."""
    return Program(
        name=request.name,
        sha256=digest(scaler, detector),
        target=request.target.name,
        isa=request.isa,
        goal=request.goal,
        backend=request.backend,
        code=0,
        inputs=(),
        outputs=(),
        arena=Arena(0, "none"),
        weight_bytes=0,
        constant_bytes=0,
    )


def texts(made: Program) -> dict[str, str]:
    """Return `safe_<name>.{h,c}`, by file name."""
    values = {
        "banner": made.banner,
        "prefix": made.prefix,
        "macro": made.macro_prefix,
        "name": made.name,
        "sha256": made.sha256,
        "sha256_bytes": text.bytes_initializer(made.sha256),
    }
    return {
        f"{made.prefix}.h": render("plain.h.j2", **values),
        f"{made.prefix}.c": render("plain.c.j2", **values),
    }
