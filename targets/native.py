"""Small C files of the emulators, compiled with the host's `cc` on first use."""

import hashlib
import os
import shutil
from pathlib import Path

from targets import output
from targets.command import run
from targets.errors import BuildError

_CFLAGS = ("-std=c99", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-fvisibility=hidden")
_SECONDS = 60


PROGRAM_SUFFIX = ".exe" if os.name == "nt" else ""
"""End of the name of a program that the host's compiler links."""


def compiler() -> str | None:
    """Return the path of the host's C compiler, whatever it is called; None without one."""
    found = (shutil.which(name) for name in ("cc", "gcc", "clang"))
    return next((path for path in found if path is not None), None)


def build(
    source: Path, folder: Path, purpose: str, *flags: str, headers: tuple[Path, ...] = ()
) -> Path:
    """Compile `source` as a shared library into `folder` unless it is there; return its path.

    `headers` are those beside it that it includes.

    Raises BuildError when there is no compiler or it fails (`purpose` says what wants one), and
    OutputError when `folder` cannot be written.
    """
    options = (*_CFLAGS, *flags)
    parts = (path.read_bytes() for path in (source, *headers))
    text = b"".join(parts) + " ".join(options).encode()
    target = folder / f"{source.stem}-{hashlib.sha256(text).hexdigest()[:12]}.so"
    if target.is_file():
        return target
    program = compiler()
    if program is None:
        raise BuildError(f"no host C compiler 'cc' for {purpose}: apt-get install gcc")
    with output.scratch("native") as work:
        library = work / target.name
        done = run(
            [program, *options, "-o", str(library), str(source)], _SECONDS, timeout=BuildError
        )
        if done.returncode != 0:
            first = (done.stderr.strip().splitlines() or ["no message"])[0]
            raise BuildError(f"cannot compile {source.name}: {first}")
        output.write(target, library.read_bytes())
    return target
