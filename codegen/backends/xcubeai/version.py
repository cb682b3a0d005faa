"""Versions of X-CUBE-AI, of ST Edge AI Core, and of the archive: one numbering.

Core 1.0 is X-CUBE-AI 9.0, Core 4.0.1 is 12.0.1: the first number differs by 8. Archives are named
by the latter: `NetworkRuntime1201_CM4_GCC.a`.
"""

import re
from dataclasses import dataclass

_FIRST_ALONE, _AHEAD = 6, 8
_ARCHIVE = re.compile(r"NetworkRuntime(\d{1,3})(\d)(\d)_")


@dataclass(frozen=True, order=True)
class Version:
    """Version of X-CUBE-AI."""

    major: int
    minor: int
    micro: int

    @classmethod
    def of_tool(cls, major: str, minor: str, micro: str) -> "Version":
        """Return the version of a tool by its numbers, which are Core's since X-CUBE-AI 9."""
        first = int(major)
        return cls(first if first > _FIRST_ALONE else first + _AHEAD, int(minor), int(micro))

    @classmethod
    def of_archive(cls, name: str) -> "Version | None":
        """Return the version in the name of an archive; None when there is none."""
        found = _ARCHIVE.match(name)
        return cls(int(found[1]), int(found[2]), int(found[3])) if found else None

    def __str__(self) -> str:
        """Return both numbers: `12.0.1 (ST Edge AI Core 4.0.1)`."""
        own = f"{self.major}.{self.minor}.{self.micro}"
        core = self.major - _AHEAD
        return own if core < 1 else f"{own} (ST Edge AI Core {core}.{self.minor}.{self.micro})"
