"""Read a TOML file, and say in one line what is wrong with it."""

import tomllib
from pathlib import Path
from typing import Any

from targets.errors import SafeError


def read(path: Path, error: type[SafeError]) -> dict[str, Any]:
    """Return the content of a TOML file.

    Raises:
        SafeError: As the class `error`: the file cannot be read, or is no TOML.
    """
    try:
        return parse(path.read_text(encoding="utf-8"), str(path), error)
    except OSError as problem:
        raise error(f"{path}: cannot be read: {problem.strerror}") from problem
    except UnicodeDecodeError as problem:
        raise error(f"{path}: not valid TOML: it is not UTF-8 text") from problem


def parse(text: str, name: str, error: type[SafeError]) -> dict[str, Any]:
    """Return the content of TOML text; `error` with `name` when it is none."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as problem:
        raise error(f"{name}: not valid TOML: {problem}") from problem
