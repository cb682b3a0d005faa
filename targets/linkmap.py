"""GNU ld's map file: which object each byte of a section came from."""

import re
from dataclasses import dataclass
from pathlib import Path

from targets.errors import BuildError

_START = "Linker script and memory map\n"
_NUMBERS = r"0x([0-9a-f]+) +0x([0-9a-f]+)(?: (.*))?"
_INPUT = re.compile(rf" (\S+) +{_NUMBERS}")
_NAME = re.compile(r" (\S+)")
_REST = re.compile(rf" +{_NUMBERS}")
_FILL = "*fill*"


@dataclass(frozen=True)
class MapEntry:
    """Piece of an output section that comes from one object file."""

    section: str
    """Name of the output section, e.g. `.rodata`."""
    name: str
    """Name of the input section, e.g. `.rodata.safe_model_op1_weights`."""
    address: int
    size: int
    file: str
    """Object file, or `archive.a(member.o)`."""


def parse(text: str) -> tuple[MapEntry, ...]:
    """Return the pieces of a map, empty and discarded ones and padding left out.

    A name too long for its column has its numbers on the next line.
    """
    pieces: list[MapEntry] = []
    section = pending = ""
    for line in text.partition(_START)[2].splitlines():
        if line[:1].strip():
            section, pending = line.split()[0], ""
            continue
        if match := _INPUT.fullmatch(line):
            name, address, size, file = match.groups()
        elif pending and (match := _REST.fullmatch(line)):
            name, (address, size, file) = pending, match.groups()
        else:
            alone = _NAME.fullmatch(line)
            pending = alone[1] if alone else ""
            continue
        pending = ""
        if int(size, 16) and name != _FILL:
            pieces.append(MapEntry(section, name, int(address, 16), int(size, 16), file or ""))
    return tuple(pieces)


def read(path: Path) -> tuple[MapEntry, ...]:
    """Read a map file; BuildError when it is missing or not one."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BuildError(f"{path}: not readable as a linker's map: {error}") from error
    if _START not in text:
        raise BuildError(f"{path}: not a map of GNU ld")
    return parse(text)
