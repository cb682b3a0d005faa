"""Small JSON files of float32 numbers that read back exactly."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import DataError

VERSION = 1


def numbers(values: NDArray[np.float32]) -> list[float]:
    """Return float32 values as Python floats, which JSON writes so that they read back exactly."""
    return [float(value) for value in values.astype(np.float32)]


def write(path: Path, content: dict[str, Any]) -> None:
    """Write `content` with its version, keys in the given order, one line per key."""
    rows = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in content.items()]
    path.write_text("{\n" + ",\n".join([f'  "version": {VERSION}', *rows]) + "\n}\n")


def read(path: Path) -> dict[str, Any]:
    """Return the content of such a file.

    Raises:
        DataError: Missing, not JSON, or of another version.
    """
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file: run `host_tools train` for this model") from error
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read as JSON: {error}") from error
    if not isinstance(content, dict) or content.get("version") != VERSION:
        raise DataError(f"{path}: not version {VERSION}: train the model again")
    return content


def vector(path: Path, content: dict[str, Any], key: str, length: int) -> NDArray[np.float32]:
    """Return a list of finite numbers as float32 [length].

    Raises:
        DataError: Missing, of another length, or not finite.
    """
    try:
        values = np.array(content[key], dtype=np.float32)
    except (KeyError, TypeError, ValueError) as error:
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
    if not isinstance(value, int | float) or not 0 < value < float(np.finfo(np.float32).max):
        raise DataError(f'{path}: "{key}" must be a positive finite number, not {value!r}')
    return np.float32(value)
