"""What model.toml tells of the samples: units of the channels, and the rate."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from codegen.errors import DescriptionInvalidError
from targets import toml_file


@dataclass(frozen=True)
class Description:
    """Units by channel name, and samples per second; None where it is not told."""

    units: Mapping[str, str] = field(default_factory=dict)
    rate_hz: float | None = None


def load(path: Path) -> Description:
    """Read `rate_hz` and `[[channels]]`. Raises `DescriptionInvalidError` naming the key."""
    content = toml_file.read(path, DescriptionInvalidError)
    channels = content.get("channels", [])
    if not isinstance(channels, list) or not all(isinstance(row, dict) for row in channels):
        raise DescriptionInvalidError(f"{path}: channels is no list of tables [[channels]]")
    units = {_text(path, row, "name"): _text(path, row, "unit") for row in channels}
    return Description(units, _rate(path, content))


def _text(path: Path, row: Mapping[str, Any], key: str) -> str:
    value = row.get(key, "")
    if not isinstance(value, str):
        raise DescriptionInvalidError(f"{path}: channels: {key} is {value!r}, expected text")
    return value


def _rate(path: Path, content: Mapping[str, Any]) -> float | None:
    value = content.get("rate_hz")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DescriptionInvalidError(f"{path}: rate_hz is {value!r}, expected a number")
    if not (isfinite(value) and 1e-6 <= value <= 1e6):
        raise DescriptionInvalidError(f"{path}: rate_hz is {value}, expected from 1e-6 to 1e6")
    return float(value)
