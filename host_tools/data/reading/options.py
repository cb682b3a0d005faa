"""What the user says about a log: the options that every verb shares, and reading.toml."""

import tomllib
from collections.abc import Collection
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from host_tools.errors import DataError

FILE = "reading.toml"
_INNER = ("kept", "wanted")
"""Attributes that no file and no command line says."""


@dataclass(frozen=True)
class ReadingOptions:
    """What is said; everything else is found in the file.

    Attributes:
        time: The column of the time, or several that are joined (date, time of day).
        time_format: `s`, `ms`, `us`, `ns`, `min`, `h`, `excel`, `compact`, or a format of
            strptime with `%`.
        day_first: Whether 01/03/2024 is the first of March; None: found.
        rate: Rows per second, for a log without time or with stamps coarser than its rows.
        label: NAME or NAME=VALUE, columns that label faults.
        channels: These columns are the channels, no others.
        ignore: Columns that are left out.
        missing: More cells that mean "no value".
        skip: Lines before the header (or the first row).
        encoding: As Python calls it.
        delimiter: One character.
        decimal: "." or ",".
        long: Columns of time, name and value of a log with one value per row.
        group: The column that says which machine a row is of.
        state: Columns of text that become one channel per text.
        wanted: Channels of a model: these columns are channels whatever they look like.
        kept: Whether this comes from a model's reading: a column that is not there is passed over.
    """

    time: tuple[str, ...] = ()
    time_format: str | None = None
    day_first: bool | None = None
    rate: float | None = None
    label: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    skip: int | None = None
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    long: tuple[str, ...] = ()
    group: str | None = None
    state: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    kept: bool = False

    def __post_init__(self) -> None:
        """Check what does not depend on a file; raises DataError."""
        if self.rate is not None and not 0 < self.rate < 1e9:
            raise DataError(f"--rate {self.rate:g}: must be above 0, in hertz")
        if self.decimal not in (None, ".", ","):
            raise DataError(f"--decimal {self.decimal}: must be . or ,")
        if self.long and len(self.long) != 3:
            raise DataError("--long takes three columns: TIME,NAME,VALUE")
        if self.skip is not None and self.skip < 0:
            raise DataError(f"--skip {self.skip}: must be 0 or more lines")
        known = ("s", "ms", "us", "ns", "min", "h", "excel", "compact")
        if self.time_format and "%" not in self.time_format and self.time_format not in known:
            raise DataError(
                f"--time-format {self.time_format}: one of {', '.join(known)}, or a format such as"
                " %d/%m/%Y %H:%M:%S"
            )

    def merged(self, other: "ReadingOptions") -> "ReadingOptions":
        """Return these options, where the other says something as it says."""
        said = {
            one.name: getattr(other, one.name)
            for one in fields(other)
            if getattr(other, one.name) not in ((), None, False) or one.name == "day_first"
        }
        if other.day_first is None:
            said.pop("day_first")
        kept = self.kept and not any(name in said for name in ("time", "label", "channels"))
        return replace(self, **{**said, "kept": kept})

    def present(self, names: Collection[str]) -> "tuple[ReadingOptions, list[str]]":
        """Return what of a kept reading speaks of a log's columns, and notes on the rest."""
        if not self.kept:
            return self, []
        said = {
            "time": self.time if set(self.time) <= set(names) else (),
            "label": tuple(name for name in self.label if name.split("=", 1)[0] in names),
            "channels": tuple(name for name in self.channels if name in names),
            "ignore": tuple(name for name in self.ignore if name in names),
            "state": tuple(name for name in self.state if name in names),
            "long": self.long if set(self.long) <= set(names) else (),
            "group": self.group if self.group in names else None,
        }
        gone = {key for key in said if said[key] != getattr(self, key) and key != "ignore"}
        words = ", ".join(f"--{key}" for key in sorted(gone))
        notes = [f"the kept reading names columns that are not there: {words}"] if gone else []
        if "time" in gone:
            said["time_format"] = None
        return replace(self, **said), notes  # type: ignore[arg-type]

    def text(self) -> str:
        """Return reading.toml: what is said, one line each."""
        lines = ["# How this log is read: options of host_tools read, train, eda and the others."]
        for name, value in asdict(self).items():
            if name in _INNER or value in ((), None):
                continue
            lines.append(f"{name} = {_toml(value)}")
        return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    escaped = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped)
    return f'"{escaped}"'


def load(path: Path, *, kept: bool = False) -> ReadingOptions:
    """Read a reading.toml.

    Raises:
        DataError: Missing, not TOML, or a key is unknown or of another type.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not TOML: {error}") from error
    known = {one.name: one for one in fields(ReadingOptions) if one.name not in _INNER}
    values: dict[str, Any] = {}
    for key, value in content.items():
        if key not in known:
            raise DataError(f'{path}: unknown key "{key}": known are {", ".join(known)}')
        values[key] = _checked(path, key, value, str(known[key].type))
    return ReadingOptions(**values, kept=kept)


def _checked(path: Path, key: str, value: Any, kind: str) -> Any:
    if kind.startswith("tuple"):
        items = [value] if isinstance(value, str) else value
        if isinstance(items, list) and all(isinstance(item, str) for item in items):
            return tuple(items)
    elif kind.startswith("float") and type(value) in (int, float):
        return float(value)
    elif kind.partition(" ")[0] == type(value).__name__:
        return value
    raise DataError(f'{path}: "{key}" must be {kind}, not {value!r}')


def kept(folder: Path, said: ReadingOptions) -> ReadingOptions:
    """Return the options for a log that a model in `folder` is used on: as it was trained."""
    path = folder / FILE
    return load(path, kept=True).merged(said) if path.is_file() else said
