"""Small JSON files of float32 numbers that read back exactly."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import DataError
from targets import output

VERSION = 1


def numbers(values: NDArray[np.float32]) -> list[float]:
    """Return float32 values as Python floats, which JSON writes so that they read back exactly."""
    return [float(value) for value in values.astype(np.float32)]


def text(content: dict[str, Any], *, version: int = VERSION) -> str:
    """Return `content` with its version, keys in the given order, one line per key."""
    items = {"version": version, **{k: v for k, v in content.items() if k != "version"}}
    rows = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in items.items()]
    return "{\n" + ",\n".join(rows) + "\n}\n"


def write(path: Path, content: dict[str, Any], *, version: int = VERSION) -> None:
    """Write `text` of content; OutputError when it cannot be."""
    output.write(path, text(content, version=version))


def write_plain(path: Path, values: Mapping[str, Any]) -> None:
    """Write JSON with an indent of two; NaN is refused (ValueError), not written."""
    content = json.dumps(values, indent=2, allow_nan=False, ensure_ascii=False)
    output.write(path, content + "\n")


def read(
    path: Path, *, version: int = VERSION, remedy: str = "train the model again"
) -> dict[str, Any]:
    """Return the content of such a file; `remedy` is what to do about another version.

    Raises:
        DataError: Missing, not JSON, or of another version.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file: run `host_tools train` for this model") from error
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: cannot be read as JSON: {error}") from error
    if not isinstance(content, dict) or content.get("version") != version:
        actual = content.get("version") if isinstance(content, dict) else "none"
        raise DataError(f"{path}: has version {actual!r}, this release needs {version}: {remedy}")
    return content


def vector(path: Path, content: dict[str, Any], key: str, length: int) -> NDArray[np.float32]:
    """Return a list of finite numbers as float32 [length].

    Raises:
        DataError: Missing, of another length, or not finite.
    """
    try:
        with np.errstate(over="ignore"):  # infinity then, which is refused below
            values = np.array(content[key], dtype=np.float32)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise DataError(f'{path}: "{key}" is missing or not a list of numbers') from error
    if values.shape != (length,) or not np.isfinite(values).all():
        raise DataError(f'{path}: "{key}" must hold {length} finite numbers')
    return values


def scalar(path: Path, content: dict[str, Any], key: str) -> np.float32:
    """Return one finite positive number as float32.

    Raises:
        DataError: Missing, not a number, not finite, or not positive.
    """
    value = content.get(key)
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if not plain or not 0 < (value or 0) < float(np.finfo(np.float32).max):
        raise DataError(f'{path}: "{key}" must be a positive finite number, not {value!r}')
    return np.float32(value or 0)
