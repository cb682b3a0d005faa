"""Sizes of stack frames as the compiler tells them: the `.su` files of `-fstack-usage`."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from targets.errors import BuildError


@dataclass(frozen=True)
class StackFrame:
    """Bytes of a frame; one that is not bounded depends on a value at run time."""

    bytes: int
    is_bounded: bool


Frames = dict[tuple[str, str], StackFrame]
"""Stack frames by the source file's name and the function; the file is empty for the largest of
that function's name."""


def read(files: Iterable[Path]) -> Frames:
    """Return the frames of all functions; BuildError on a file that is none."""
    frames: dict[tuple[str, str], list[StackFrame]] = defaultdict(list)
    for path in files:
        for line in path.read_text(encoding="utf-8").splitlines():
            place, _, rest = line.partition("\t")
            size, _, qualifiers = rest.partition("\t")
            if not size.isdigit():
                raise BuildError(f"{path}: not a stack usage file: {line!r}; build again")
            name = place.rpartition(":")[2].split(".", 1)[0]
            source = Path(place.split(":", 1)[0]).name
            frame = StackFrame(int(size), "dynamic" not in qualifiers or "bounded" in qualifiers)
            frames[source, name].append(frame)
            frames["", name].append(frame)
    return {
        key: StackFrame(max(f.bytes for f in found), all(f.is_bounded for f in found))
        for key, found in frames.items()
    }
