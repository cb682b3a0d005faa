"""Small C files of the emulators, compiled with the host's `cc` on first use."""

import hashlib
import os
import shutil
from pathlib import Path

from targets.command import run
from targets.errors import BuildError

_CFLAGS = ("-std=c99", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-fvisibility=hidden")
_SECONDS = 60


def build(source: Path, folder: Path, purpose: str, *flags: str) -> Path:
    """Compile `source` as a shared library into `folder` unless it is there; return its path.

    Raises BuildError when there is no compiler or it fails; `purpose` says what wants one.
    """
    options = (*_CFLAGS, *flags)
    text = source.read_bytes() + " ".join(options).encode()
    target = folder / f"{source.stem}-{hashlib.sha256(text).hexdigest()[:12]}.so"
    if target.is_file():
        return target
    compiler = shutil.which("cc")
    if compiler is None:
        raise BuildError(f"no host C compiler 'cc' for {purpose}: apt-get install gcc")
    folder.mkdir(parents=True, exist_ok=True)
    temporary = target.with_suffix(f".{os.getpid()}.tmp")
    command = [compiler, *options, "-o", str(temporary), str(source)]
    result = run(command, _SECONDS, timeout=BuildError)
    if result.returncode != 0:
        first = (result.stderr.strip().splitlines() or ["no message"])[0]
        raise BuildError(f"cannot compile {source.name}: {first}")
    temporary.replace(target)
    return target
