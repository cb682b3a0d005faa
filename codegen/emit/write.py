"""Generated texts to a folder: all of them or none, and nothing left over from an earlier run."""

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from targets import output
from targets.errors import OutputError

MANIFEST = "manifest.json"
PLAN = "memory_plan.txt"


def write(out: Path, files: Mapping[str, str], *, exclusive: bool) -> None:
    """Write `files` (name to text, manifest included) into folder `out`.

    See `targets.output.staged`; the manifest comes last, and files that an earlier manifest lists
    are removed when they are no longer made. With `exclusive`, `out` may hold no C file that is
    not ours: it would be compiled with the model. Raises `OutputError`.
    """
    with output.staged(out, MANIFEST) as stage:
        stage.replaced.update(_earlier(out) - set(files))
        if exclusive:
            _refuse_foreign(out, stage.replaced | set(files))
        for name, content in files.items():
            output.write(stage.folder / name, content)


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
