"""A model directory and its `model.toml`: `models/<name>`, or a folder anywhere."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import models
from host_tools.errors import DataError
from targets import build, detection_budget, toml_file
from targets.errors import BuildError, ModelError
from targets.suggest import did_you_mean

FILE = "model.toml"
NAMES = "must be a lower-case C identifier"
TFLITE, NO_NETWORK = "tflite", build.NO_NETWORK
"""What `network` can be: a model_int8.tflite, or none."""
_KEYS = {
    "name",
    "network",
    "window",
    "horizon",
    "rate_hz",
    "seed",
    "source",
    "channels",
    "architecture",
}
_OF_THE_BUILD = {"budget", "arena_bytes"}
_BUDGETS = {"flash_bytes", "ram_bytes", "instructions"}


@dataclass(frozen=True)
class Description:
    """The content of `model.toml`.

    Attributes:
        name: C identifier part, lower case: `safe_<name>_run`.
        window: Samples that the model sees; 0 without a network.
        horizon: Samples that it forecasts; 0 without a network.
        rate_hz: Samples per second.
        seed: Of the training, and of the synthetic plant.
        source: "plant" or "csv".
        channels: Channel names, in column order.
        units: Their units, empty when unknown.
        architecture: Parameters of `architecture.py`.
        budget: Limits that the build holds the model to.
        ranges: Least and largest value that each channel can have, raw units, None where there
            is no limit; empty: no channel has one.
        network: TFLITE, or NO_NETWORK: the detector does without forecasts.
        detection: Limits that the detector's last evaluation is held to.
    """

    name: str
    window: int
    horizon: int
    rate_hz: float
    seed: int
    source: str
    channels: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    architecture: Mapping[str, int] = field(default_factory=dict)
    budget: Mapping[str, int] = field(default_factory=dict)
    ranges: tuple[tuple[float | None, float | None], ...] = ()
    network: str = TFLITE
    detection: Mapping[str, float] = field(default_factory=dict)

    @property
    def has_network(self) -> bool:
        """Whether the directory holds a model."""
        return self.network != NO_NETWORK

    def without_network(self) -> "Description":
        """Return the description of the same product without its network."""
        return replace(self, network=NO_NETWORK, window=0, horizon=0, architecture={}, budget={})

    def limits(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the ranges as float32 [channels] each; the largest number where there is none."""
        most = float(np.finfo(np.float32).max)
        ranges = self.ranges or ((None, None),) * len(self.channels)
        low = [-most if low is None else low for low, _ in ranges]
        high = [most if high is None else high for _, high in ranges]
        return np.array(low, np.float32), np.array(high, np.float32)

    def _network_lines(self) -> list[str]:
        if not self.has_network:
            return [f"network = {_quoted(NO_NETWORK)}"]
        return [f"window = {self.window}", f"horizon = {self.horizon}"]

    def text(self) -> str:
        """Return the TOML text."""
        lines = [
            f"name = {_quoted(self.name)}",
            *self._network_lines(),
            f"rate_hz = {float(self.rate_hz)!r}",
            f"seed = {self.seed}",
            f"source = {_quoted(self.source)}",
        ]
        ranges = self.ranges or ((None, None),) * len(self.channels)
        for name, unit, ends in zip(self.channels, self.units, ranges, strict=True):
            lines += ["", "[[channels]]", f"name = {_quoted(name)}", f"unit = {_quoted(unit)}"]
            lines += [
                f"{key} = {value!r}"
                for key, value in zip(("min", "max"), ends, strict=True)
                if value is not None
            ]
        limits = {**self.budget, **self.detection}
        for title, table in (("architecture", self.architecture), ("budget", limits)):
            if table:
                lines += ["", f"[{title}]", *(f"{key} = {value}" for key, value in table.items())]
        return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    escaped = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped)
    return f'"{escaped}"'


def is_name(text: str) -> bool:
    """Return whether C names can begin with `safe_` and this text."""
    return text.isascii() and text.isidentifier() and text == text.lower()


def resolve(model: str | Path) -> Path:
    """Return the folder of a model: a name under `models/`, or a path.

    Raises:
        ModelError: Neither has a `model.toml`.
    """
    shipped = Path(next(iter(models.__path__)))
    for candidate in (shipped / model, Path(model)):
        if (candidate / FILE).is_file():
            return candidate
    known = sorted(path.parent.name for path in shipped.glob(f"*/{FILE}"))
    raise ModelError(
        f"{model}: no such model: give one of {', '.join(known)}, or a folder with a {FILE}"
        f"{did_you_mean(str(model), known)}"
    )


def load(directory: Path) -> Description:
    """Read the `model.toml` of a folder.

    Raises:
        DataError: Missing, not TOML, or a key is missing, unknown or wrong; the message names it.
    """
    path = directory / FILE
    content = toml_file.read(path, DataError)
    if unknown := sorted(set(content) - _KEYS - _OF_THE_BUILD):
        raise DataError(f'{path}: unknown key "{unknown[0]}": known are {", ".join(sorted(_KEYS))}')
    channels = _value(path, content, "channels", list, [])
    rows = [row if isinstance(row, dict) else {} for row in channels]
    name = _value(path, content, "name", str)
    if not is_name(name):
        raise DataError(f'{path}: name "{name}" {NAMES}')
    network = _value(path, content, "network", str, TFLITE)
    if network not in (TFLITE, NO_NETWORK):
        raise DataError(f'{path}: "network" must be "{TFLITE}" or "{NO_NETWORK}", not {network!r}')
    budgets = {"budget": _bytes(path, content)}
    shape = {key: _extent(path, content, key, network) for key in ("window", "horizon")}
    return Description(
        name=name,
        **shape,
        network=network,
        rate_hz=_rate(path, content),
        seed=_value(path, content, "seed", int),
        source=_value(path, content, "source", str),
        channels=tuple(_value(path, row, "name", str) for row in rows),
        units=tuple(_value(path, row, "unit", str, "") for row in rows),
        architecture=_integers(path, content, "architecture", None),
        budget=_integers(path, budgets, "budget", _BUDGETS),
        detection=_limits(path, content),
        ranges=tuple(_range(path, row) for row in rows) if any(map(_has_range, rows)) else (),
    )


def _bytes(path: Path, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the table of budgets without the limits of the detector."""
    table = _value(path, content, "budget", dict, {})
    return {key: value for key, value in table.items() if key not in detection_budget.LIMITS}


def _limits(path: Path, content: Mapping[str, Any]) -> dict[str, float]:
    try:
        return detection_budget.limits(content.get("budget", {}), str(path))
    except BuildError as error:
        raise DataError(str(error)) from None


def _has_range(row: Mapping[str, Any]) -> bool:
    return "min" in row or "max" in row


def _range(path: Path, row: Mapping[str, Any]) -> tuple[float | None, float | None]:
    low, high = (
        float(_value(path, row, key, float)) if key in row else None for key in ("min", "max")
    )
    if low is not None and high is not None and not low < high:
        raise DataError(f'{path}: channel "{row.get("name")}": "min" must be below "max"')
    return low, high


def _value(path: Path, table: Mapping[str, Any], key: str, kind: type, default: Any = None) -> Any:
    value = table.get(key, default)
    if kind is float and type(value) is int and abs(value) < 2**1023:  # what float can hold
        value = float(value)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise DataError(f'{path}: "{key}" must be {kind.__name__}, not {value!r}')
    return value


def _rate(path: Path, table: Mapping[str, Any]) -> float:
    value: float = _value(path, table, "rate_hz", float)
    if not 0 < value < math.inf:
        raise DataError(f'{path}: "rate_hz" must be a positive finite number, not {value!r}')
    return value


def _extent(path: Path, table: Mapping[str, Any], key: str, network: str) -> int:
    if network != NO_NETWORK:
        return _positive(path, table, key)
    if table.get(key, 0) != 0:
        raise DataError(f'{path}: "{key}" is given, and there is no network: leave it out')
    return 0


def require_network(directory: Path, what: str) -> None:
    """Raise ModelError when a model directory has no network, and `what` needs one."""
    if (directory / FILE).is_file() and not load(directory).has_network:
        raise ModelError(f"{directory} has no network: {what}")


def _positive(path: Path, table: Mapping[str, Any], key: str) -> int:
    value: int = _value(path, table, key, int)
    if not 1 <= value <= 10_000:
        raise DataError(f'{path}: "{key}" must be 1 … 10000, not {value}')
    return value


def _integers(
    path: Path, content: Mapping[str, Any], title: str, known: set[str] | None
) -> dict[str, int]:
    table = _value(path, content, title, dict, {})
    for key in table:
        if known is not None and key not in known:
            listed = ", ".join(sorted(known))
            raise DataError(f'{path}: unknown {title} "{key}": known are {listed}')
        _positive_any(path, table, title, key)
    return dict(table)


def _positive_any(path: Path, table: Mapping[str, Any], title: str, key: str) -> None:
    value = table[key]
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise DataError(f'{path}: {title} "{key}" must be a positive integer, not {value!r}')
