"""`compile_commands.json`: how each file of an image is compiled, for clangd and other tools."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from targets import output

NAME = "compile_commands.json"
Entry = dict[str, str]
"""Entry of the database: `directory`, `file`, `output`, `command`."""


def text(entries: Iterable[Entry]) -> str:
    """Return the text of a database."""
    return json.dumps(list(entries), indent=2, sort_keys=True) + "\n"


def merge(first: Sequence[Entry], others: Iterable[Path]) -> list[Entry]:
    """Return one entry for each file: that of `first`, or else of the earliest of `others`.

    Clangd takes one entry of a file, whatever there are, so the image built last says how a file
    is read that several images share, and the drivers of the other targets are read, too. Files
    that are gone, and databases that cannot be read, are left out.
    """
    found = {entry["file"]: entry for entry in first}
    for path in others:
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        for entry in entries:
            if Path(entry["directory"], entry["file"]).is_file():
                found.setdefault(entry["file"], entry)
    return list(found.values())


def update(path: Path, content: str) -> None:
    """Write a database unless it says the same already: an editor reads a changed one anew."""
    if not path.is_file() or path.read_text(encoding="utf-8") != content:
        output.write(path, content)
