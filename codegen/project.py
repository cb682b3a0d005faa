"""A model as files of a project of another tool, CubeMX: generated, arranged, kept up to date."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from codegen.emit import cubemx
from codegen.emit import manifest as emit_manifest
from codegen.emit import standalone as emit_standalone
from codegen.emit.cubemx import CubeMx
from codegen.emit.write import MANIFEST, write
from codegen.errors import StyleInvalidError
from targets import output
from targets.load import load as load_target
from targets.places import SDK

Generate = Callable[[Path], dict[str, Any]]
"""Function that writes the files of an image into a folder and returns their manifest."""


@dataclass(frozen=True)
class _Needs:
    """What the closure of includes asks of a program."""

    isa: str
    has_network: bool
    sources: tuple[Path, ...]


def write_cubemx(
    about: CubeMx, target: str, out: Path, generate: Generate, source: Path | None
) -> dict[str, Any]:
    """Write what a CubeMX project needs into `out`; return the manifest.

    `source` is the folder of a network that the project has already: its files are not written.
    Raises the errors of `generate`, `StyleInvalidError` and `OutputError`; `out` then stays.
    """
    with output.scratch("cubemx") as folder:
        manifest = generate(folder)
        texts = {name: (folder / name).read_text(encoding="utf-8") for name in manifest["files"]}
    own = {path.name for path in source.rglob("*.[ch]")} if source is not None else set()
    texts = {name: text for name, text in texts.items() if name not in own}
    if cubemx.README in texts:  # of the backend
        texts[f"README-{manifest['backend']}.md"] = texts.pop(cubemx.README)
    network = next((p.removesuffix("_data.h") for p in own if p.endswith("_data.h")), "")
    texts |= cubemx.texts(about, load_target(target), manifest, network or "network")
    kernels = tuple(SDK.parent / name for name in manifest["kernel_sources"])
    needs = _Needs(manifest["isa"], bool(manifest["inputs"]), kernels)
    runtime = emit_standalone.runtime(needs, texts.values())
    texts |= emit_standalone.files(runtime, manifest["optimize"])
    files = {cubemx.place(name): text for name, text in texts.items()}
    files = {name: _kept(out / name, text) for name, text in files.items()}
    digests = {n: sha256(t.encode("utf-8")).hexdigest() for n, t in sorted(files.items())}
    manifest = {**manifest, "files": digests}
    write(out, files | {MANIFEST: emit_manifest.text(manifest)}, exclusive=False)
    return manifest


def _kept(path: Path, text: str) -> str:
    """Return a file's new text with what its user wrote between the marks."""
    if not path.is_file() or "USER CODE BEGIN" not in text:
        return text
    try:
        return cubemx.keep(str(path), text, path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise StyleInvalidError(f"{path}: cannot be read: {error}") from error
