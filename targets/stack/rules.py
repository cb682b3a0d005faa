"""`pointers.toml`: which functions a call through a register may reach."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("pointers.toml")


@dataclass(frozen=True)
class StackRule:
    """Functions that call through one kind of pointer, and those it may hold; patterns."""

    what: str
    callers: tuple[str, ...]
    callees: tuple[str, ...]

    def calls_from(self, name: str) -> bool:
        """Return whether a function calls through this pointer."""
        return _matches(name, self.callers)

    def reaches(self, name: str) -> bool:
        """Return whether the pointer may hold a function."""
        return _matches(name, self.callees)


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


@cache
def load() -> tuple[StackRule, ...]:
    """Return the rules of `pointers.toml`."""
    text = FILE.read_text(encoding="utf-8")
    return tuple(
        StackRule(entry["what"], tuple(entry["callers"]), tuple(entry["callees"]))
        for entry in tomllib.loads(text)["pointer"]
    )
