"""Generated texts to a folder: all of them or none, and nothing left over from an earlier run."""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from targets.errors import OutputError

MANIFEST = "manifest.json"
PLAN = "memory_plan.txt"


def write(out: Path, files: Mapping[str, str], *, exclusive: bool) -> None:
    """Write `files` (name to text, manifest included) into folder `out`.

    Everything is first written beside `out`; then the files are renamed one by one, the manifest
    last, and files that an earlier manifest lists are removed when they are no longer made. With
    `exclusive`, `out` may hold no C file that is not ours: it would be compiled with the model.
    Raises `OutputError`.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.exists() and not out.is_dir():
            raise OutputError(f"{out}: exists and is not a folder; choose another")
        stale = _earlier(out) - set(files)
        if exclusive:
            _refuse_foreign(out, stale | set(files))
        staged = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
        try:
            _stage(staged, files)
            _move(staged, out, files)
            for name in sorted(stale):
                (out / name).unlink(missing_ok=True)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    except OSError as error:
        place = error.filename if error.filename is not None else out
        raise OutputError(f"{place}: cannot be written: {error.strerror}") from error


def _stage(staged: Path, files: Mapping[str, str]) -> None:
    for name, content in files.items():
        path = staged / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8"))


def _move(staged: Path, out: Path, files: Mapping[str, str]) -> None:
    (out / MANIFEST).unlink(missing_ok=True)
    for name in sorted(files, key=lambda n: (n == MANIFEST, n)):
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(staged / name, target)  # noqa: PTH105 - atomic within one file system


def _earlier(out: Path) -> set[str]:
    """Return the files that an earlier manifest in `out` lists; only plain relative names."""
    try:
        listed = json.loads((out / MANIFEST).read_text(encoding="utf-8"))["files"]
        names = [str(name) for name in listed]
    except (OSError, ValueError, KeyError, TypeError):
        return set()
    paths = [PurePosixPath(name) for name in names]
    return {str(p) for p in paths if not p.is_absolute() and ".." not in p.parts and p.parts}


def _refuse_foreign(out: Path, ours: set[str]) -> None:
    foreign = sorted(p.name for p in out.glob("*.c") if p.name not in ours)
    if foreign:
        raise OutputError(
            f"{out / foreign[0]}: is not from SAFE and would be compiled with the model; "
            "choose an empty folder"
        )
