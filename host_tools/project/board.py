"""What an image needs of its board, as files: start-up code, drivers, linker script, headers."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from codegen.emit import linker
from targets import build
from targets.errors import TargetError
from targets.load import Target
from targets.places import SDK

FOLDER = "board"
_INCLUDE = re.compile(r'^\s*#\s*include\s+"(safe/[^"]+)"', re.MULTILINE)


@dataclass(frozen=True)
class Board:
    """The files of a board by their path in a project; `includes` are folders of headers."""

    files: dict[str, str]
    includes: tuple[str, ...]

    @property
    def sources(self) -> list[str]:
        """Return the C files, sorted."""
        return sorted(path for path in self.files if path.endswith(".c"))


def gather(target: Target, texts: Iterable[str]) -> Board:
    """Return the board of `target`, with the headers of the SDK that it and `texts` include.

    Raises:
        TargetError: The target is no bare board, or has no driver.
    """
    if not build.has_linker_script(target):
        raise TargetError(f"target {target.name} has no linker script: choose --style scons")
    folders = {folder.name: folder for folder in build.code_folders(target)}
    files = {
        f"{FOLDER}/{name}/{path.name}": _text(path)
        for name, folder in folders.items()
        for path in sorted(folder.iterdir())
        if path.suffix in (".c", ".h")
    }
    shared = build.include_paths(target)[1]
    files |= {f"{FOLDER}/{path.name}": _text(path) for path in sorted(shared.glob("*.h"))}
    version = build.runtime_version()
    files[f"{FOLDER}/safe_target.h"] = linker.target_header(target, version)
    files[f"{FOLDER}/linker.ld"] = linker.linker_script(target, version)
    headers = _headers([*files.values(), *texts])
    files |= {f"{FOLDER}/{name}": text for name, text in headers.items()}
    return Board(files, (FOLDER, *(f"{FOLDER}/{name}" for name in folders)))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _headers(texts: Iterable[str]) -> dict[str, str]:
    """Return the SDK's headers that `texts` include, and those that they include in turn."""
    found: dict[str, str] = {}
    waiting = [name for text in texts for name in _INCLUDE.findall(text)]
    while waiting:
        name = waiting.pop()
        path = SDK / "include" / name
        if name not in found and path.is_file():
            found[name] = _text(path)
            waiting += _INCLUDE.findall(found[name])
    return dict(sorted(found.items()))
