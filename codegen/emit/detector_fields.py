"""scaler.json and detector.json, read key by key: each failure names file, key and remedy."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from codegen.errors import DetectorInvalidError

_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Range:
    """Allowed values, both ends included unless `is_open`, which leaves out the lower one."""

    low: float = -_LARGEST
    high: float = _LARGEST
    is_open: bool = False


ANY = Range()


def positive(high: float = _LARGEST) -> Range:
    """Return the range above 0, up to `high`."""
    return Range(0.0, high, is_open=True)


class Fields:
    """A JSON file of one version; `remedy` is what to do when it has another."""

    def __init__(self, path: Path, version: int, remedy: str) -> None:
        """Read the file; raises DetectorInvalidError."""
        self._path = path
        self._remedy = remedy
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            self.fail(f"cannot be read: {error.strerror}")
        except (ValueError, RecursionError) as error:
            self.fail(f"is not JSON: {error}")
        if not isinstance(found, Mapping) or found.get("version") != version:
            other = found.get("version") if isinstance(found, Mapping) else "none"
            self.fail(f"has version {other!r}, this generator needs {version}: {remedy}")
        self._values: Mapping[str, Any] = found

    def fail(self, what: str) -> None:
        """Raise `DetectorInvalidError` naming file, key and remedy."""
        raise DetectorInvalidError(f"{self._path}: {what}")

    def _get(self, key: str) -> Any:
        """Return what a key holds; a file of a time before this key is refused with the remedy."""
        if key not in self._values:
            self.fail(f"has no {key}, which an earlier release did not write: {self._remedy}")
        return self._values[key]

    def number(self, key: str, within: Range = ANY) -> float:
        """Return a float32 value."""
        return self._float(key, self._get(key), within)

    def floats(self, key: str, count: int, within: Range = ANY) -> tuple[float, ...]:
        """Return `count` float32 values."""
        found = self._get(key)
        if not isinstance(found, list) or len(found) != count:
            size = len(found) if isinstance(found, list) else "no list"
            self.fail(f"{key} has {size} entries, expected {count}")
            return ()
        return tuple(self._float(f"{key}[{i}]", v, within) for i, v in enumerate(found))

    def groups(
        self, key: str, size: int, counts: tuple[int, int], within: Range
    ) -> tuple[float, ...]:
        """Return so many groups of `size` float32 values; none where there is no such key."""
        if key not in self._values:
            return ()
        found = self._values[key]
        length = len(found) if isinstance(found, list) else 0
        if length % size or not counts[0] <= length // size <= counts[1]:
            self.fail(f"{key} must hold {counts[0]} to {counts[1]} times {size} numbers")
        return self.floats(key, length, within)

    def integer(self, key: str, least: int, most: int) -> int:
        """Return an integer."""
        value = self._get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.fail(f"{key} is {value!r}, expected an integer {least} to {most}")
            return least
        return value

    def integers(self, key: str, count: int, least: int, most: int) -> tuple[int, ...]:
        """Return `count` integers."""
        found = self._get(key)
        plain = isinstance(found, list) and all(
            type(v) is int and least <= v <= most for v in found
        )
        if not plain or len(found or []) != count:
            self.fail(f"{key} must hold {count} integers {least} to {most}")
        return tuple(found or ())

    def word(self, key: str, known: tuple[str, ...]) -> str:
        """Return one of the known words."""
        value = self._get(key)
        if not isinstance(value, str) or value not in known:
            self.fail(f"{key} is {value!r}, expected {' or '.join(known)}")
        return str(value)

    def ascending(self, key: str, below: int) -> tuple[int, ...]:
        """Return ascending integers from 0 to `below` - 1; may be empty."""
        found = self._get(key)
        plain = isinstance(found, list) and all(type(c) is int and 0 <= c < below for c in found)
        if not plain or found != sorted(set(found or [])):
            self.fail(f"{key} is {found!r}, expected ascending channel numbers below {below}")
        return tuple(found or ())

    def length(self, key: str) -> int:
        """Return the length of a list that is not empty."""
        found = self._get(key)
        if not isinstance(found, list) or not found:
            self.fail(f"{key} is no list of names")
        return len(found or [None])

    def names(self, key: str, count: int) -> tuple[str, ...]:
        """Return a list of `count` names."""
        found = self._get(key)
        if (
            not isinstance(found, list)
            or len(found) != count
            or not all(isinstance(name, str) for name in found)
        ):
            self.fail(f"{key} does not name the model's {count} channels")
        return tuple(found or ())

    def _float(self, key: str, value: object, within: Range) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fail(f"{key} is {value!r}, expected a number")
            return 0.0
        number = float(value) if abs(value) < 1e300 else float("inf")
        if not isfinite(number) or abs(number) > float(np.finfo(np.float32).max):
            self.fail(f"{key} is not a finite single precision number")
        number = float(np.float32(number))
        if not within.low <= number <= within.high or (within.is_open and number == within.low):
            above = "above" if within.is_open else "from"
            self.fail(f"{key} is {number}, expected {above} {within.low:g} to {within.high:g}")
        return number
