"""A package from its request: generated, put together, and written as a whole or not at all."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from host_tools.package import archive, library, metadata, sbom
from host_tools.package.request import Request
from host_tools.package.sources import FOLDER, Sources, gather
from targets import output
from targets.build import runtime_version
from targets.errors import OutputError
from targets.places import ROOT

MANIFEST = "manifest.json"
_KIND = "safe-package"


def write(request: Request, out: Path, say: library.Say = lambda _: None) -> dict[str, Any]:
    """Write the package into folder `out` and return its manifest.

    A package that lies there already is replaced; what its manifest does not list stays. `say`
    takes one line of news for the user.

    Raises:
        OutputError: `out` holds something else, or cannot be written.
        The errors of generation; `out` is then as it was.
    """
    earlier = _earlier(out)
    with output.staged(out, MANIFEST) as stage:
        sources = gather(request, stage.work)
        built = library.libraries(request, sources, stage.work / "library", say)
        files = _contents(request, sources, built)
        manifest = _manifest(request, sources, files)
        stage.replaced.update(earlier - set(files))
        _refuse_foreign(out, earlier | set(files))
        for name, content in files.items():
            output.write(stage.folder / name, content)
        output.write(stage.folder / MANIFEST, json.dumps(manifest, indent=2) + "\n")
    return manifest


def _contents(request: Request, sources: Sources, built: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return every file of the package but its manifest, by path, sorted."""
    texts = dict(sources.files) | metadata.texts(request, sources)
    texts["LICENSE"] = (ROOT / "LICENSE").read_text(encoding="utf-8")
    files = {path: text.encode("utf-8") for path, text in texts.items()} | dict(built)
    files[sbom.FILE] = sbom.text(request, sources, files).encode("utf-8")
    return dict(sorted((files | _archives(request, files)).items()))


def _archives(request: Request, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the forms of the package that are one file, by name."""
    stem, found = f"{request.name}-{request.version}", {}
    if "cmsis-pack" in request.formats:
        name = f"{metadata.VENDOR}.{request.name}.{request.version}.pack"
        found[name] = archive.zipped(files)
    if "arduino" in request.formats:
        found[f"{stem}.zip"] = archive.zipped(files, folder=request.name)
    return found


def _manifest(request: Request, sources: Sources, files: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        "kind": _KIND,
        "tool_version": runtime_version(),
        "name": request.name,
        "version": request.version,
        "formats": list(request.formats),
        "libraries": {
            library.path(request, core): list(library.CORES[core].flags)
            for core in request.libraries
        },
        "models": [
            {key: value for key, value in model.manifest.items() if key != "files"}
            for model in sources.models
        ],
        "files": {path: sha256(content).hexdigest() for path, content in files.items()},
    }


def _earlier(out: Path) -> set[str]:
    """Return the files of the package that lies in `out`; OutputError when it holds other things.

    Only plain relative names count: a manifest that names others is not believed.
    """
    if not out.is_dir() or not any(out.iterdir()):
        return set()
    try:
        manifest = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
        is_ours = manifest["kind"] == _KIND
        listed = [PurePosixPath(str(name)) for name in manifest["files"]]
    except (OSError, ValueError, KeyError, TypeError):
        is_ours = False
    if not is_ours:
        raise OutputError(
            f"{out}: is not empty, and no package of SAFE lies in it; choose an empty folder"
        )
    return {str(p) for p in listed if not p.is_absolute() and ".." not in p.parts and p.parts}


def _refuse_foreign(out: Path, ours: set[str]) -> None:
    """Raise OutputError for a source file that is not ours: Arduino compiles all of a folder."""
    present = (path for path in (out / FOLDER).rglob("*.[ch]*") if path.is_file())
    foreign = sorted(p.relative_to(out).as_posix() for p in present)
    for name in foreign:
        if name not in ours:
            raise OutputError(
                f"{out / name}: is not from SAFE and would be compiled with the package; move it, "
                "or choose an empty folder"
            )
