"""Small C files of the emulators, compiled with the host's `cc` on first use."""

import hashlib
import shutil
from pathlib import Path

from targets import output
from targets.command import run
from targets.errors import BuildError

_CFLAGS = ("-std=c99", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-fvisibility=hidden")
_SECONDS = 60


def build(source: Path, folder: Path, purpose: str, *flags: str) -> Path:
    """Compile `source` as a shared library into `folder` unless it is there; return its path.

    Raises BuildError when there is no compiler or it fails (`purpose` says what wants one), and
    OutputError when `folder` cannot be written.
    """
    options = (*_CFLAGS, *flags)
    text = source.read_bytes() + " ".join(options).encode()
    target = folder / f"{source.stem}-{hashlib.sha256(text).hexdigest()[:12]}.so"
    if target.is_file():
        return target
    compiler = shutil.which("cc")
    if compiler is None:
        raise BuildError(f"no host C compiler 'cc' for {purpose}: apt-get install gcc")
    with output.scratch("native") as work:
        library = work / target.name
        done = run(
            [compiler, *options, "-o", str(library), str(source)], _SECONDS, timeout=BuildError
        )
        if done.returncode != 0:
            first = (done.stderr.strip().splitlines() or ["no message"])[0]
            raise BuildError(f"cannot compile {source.name}: {first}")
        output.write(target, library.read_bytes())
    return target
