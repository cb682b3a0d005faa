"""C of many tests, compiled source by source: a compiler cache knows again what it has seen.

`./safe test` puts Debian's ccache before the compilers. It takes one source in a call, and compares
the text with the paths of the headers in it: sources that were generated into a folder of their own
are named relative to that folder.
"""

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path


def compile_each(
    command: Sequence[str], sources: Sequence[Path], objects: Path, cwd: Path | None = None
) -> list[str]:
    """Compile each source into the folder `objects`; return the objects in the same order.

    Sources below `cwd` are named relative to it. An error of the compiler is an AssertionError with
    its message.
    """
    made = []
    for number, source in enumerate(sources):
        is_inside = cwd is not None and source.is_relative_to(cwd)
        name = str(source.relative_to(cwd) if is_inside and cwd is not None else source)
        made.append(str(objects / f"{number}-{source.stem}.o"))
        call([*command, "-c", name, "-o", made[-1]], cwd)
    return made


def link(
    command: Sequence[str],
    sources: Sequence[Path],
    out: Path,
    *,
    cwd: Path | None = None,
    last: Sequence[str] = (),
) -> Path:
    """Compile and link; `last` are flags, objects and libraries of the link alone. Return `out`."""
    with tempfile.TemporaryDirectory() as folder:
        objects = compile_each(command, sources, Path(folder), cwd)
        call([*command, *objects, *last, "-o", str(out)], cwd)
    return out


def call(command: Sequence[str], cwd: Path | None = None) -> None:
    """Run a tool; AssertionError with what it says when it fails."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
