"""Source of each fact of a description: the comment behind the fact in the TOML file.

`write` turns a target into TOML with such comments, `read` finds them again, `compare` sets a
target against a pack and modm-devices.
"""

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from targets.load import Target
from targets.pack import PackDevice
from targets.parts import ChipPart

_COLUMN = 32
_GROUPED = 1_000_000
"""Least number whose digits are written in groups."""
_HEAD = re.compile(r"^\s*\[(\[?)([\w.]+)\]\]?")
_KEY = re.compile(r"^\s*([\w-]+)\s*=")
_HEXADECIMAL = ("origin", "size", "address", "base")


def _number(value: int) -> str:
    digits = f"{value:08x}"
    return f"0x{digits[:-4]}_{digits[-4:]}"


def _value(key: str, value: object) -> str:
    """Return a TOML value: hexadecimal for addresses and sizes."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        if key in _HEXADECIMAL:
            return _number(value)
        return f"{value:_}" if value >= _GROUPED else str(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(_value("", item) for item in value) + "]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _line(key: str, value: object, source: str) -> str:
    text = f"{key} = {_value(key, value)}"
    return f"{text:<{_COLUMN - 1}} # {source}" if source else text


def _table(
    name: str, table: Any, sources: Mapping[str, str], path: str, head: str
) -> Iterator[str]:
    yield f"\n{head}"
    nested = []
    for entry in dataclasses.fields(table):
        value = getattr(table, entry.name)
        required = entry.default is entry.default_factory is dataclasses.MISSING
        if not required and value == entry.default:
            continue
        if dataclasses.is_dataclass(value):
            nested.append((entry.name, value))
            continue
        source = sources.get(f"{path}.{entry.name}", sources.get(path, ""))
        yield _line(entry.name, value, source)
    for key, value in nested:
        inner = f"{path}.{key}"
        known = {inner: sources.get(inner, sources.get(path, "")), **sources}
        yield from _table(f"{name}.{key}", value, known, inner, f"[{name}.{key}]")


def write(target: Target, sources: Mapping[str, str], head: Sequence[str]) -> str:
    """Return a target as TOML, the source of each fact behind it, comment lines `head` first."""
    lines = [f"# {line}".rstrip() for line in head]
    for entry in dataclasses.fields(target):
        value = getattr(target, entry.name)
        if entry.name == "memory":
            for index, memory in enumerate(value):
                lines += _table("memory", memory, sources, f"memory.{index}", "[[memory]]")
        elif value is not None and value != entry.default:
            lines += _table(entry.name, value, sources, entry.name, f"[{entry.name}]")
    return "\n".join(lines) + "\n"


def _comment(line: str) -> str:
    """Return the comment of a TOML line; a # in a string is none."""
    quote = ""
    for at, sign in enumerate(line):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign == "#":
            return line[at + 1 :].strip()
    return ""


def read(text: str) -> dict[str, str]:
    """Return the comment behind each fact of a description, by dotted key; arrays count from 0."""
    found: dict[str, str] = {}
    table, counts = "", dict[str, int]()
    for line in text.splitlines():
        head = _HEAD.match(line)
        if head:
            table = head[2]
            if head[1]:
                counts[table] = counts.get(table, -1) + 1
                table = f"{table}.{counts[table]}"
            found[table] = _comment(line)
            continue
        key = _KEY.match(line)
        if key and not line.lstrip().startswith("#"):
            found[f"{table}.{key[1]}"] = _comment(line)
    return found


def head(text: str) -> tuple[str, ...]:
    """Return the comment that a description begins with, line by line."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line[1:].strip())
    return tuple(lines)


def facts(target: Target) -> Iterator[tuple[str, str]]:
    """Give the dotted key and TOML value of each fact of a target that is not left to default."""

    def walk(table: Any, path: str) -> Iterator[tuple[str, str]]:
        for entry in dataclasses.fields(table):
            value = getattr(table, entry.name)
            where = f"{path}.{entry.name}" if path else entry.name
            if dataclasses.is_dataclass(value):
                yield from walk(value, where)
            elif entry.name == "memory":
                for index, memory in enumerate(value):
                    yield from walk(memory, f"{where}.{index}")
            elif value is not None and value != entry.default:
                yield where, _value(entry.name, value)

    return walk(target, "")


@dataclass(frozen=True)
class ComparedFact:
    """One fact that another source knows, too."""

    key: str
    ours: str
    theirs: str
    source: str

    @property
    def agrees(self) -> bool:
        """Whether both say the same."""
        return self.ours == self.theirs


def _memory_findings(target: Target, device: PackDevice) -> Iterator[ComparedFact]:
    flash, ram = target.region("flash"), target.region("ram")
    pairs = (("flash", flash, device.flash), ("ram", ram, device.ram[0]))
    for kind, ours, theirs in pairs:
        for what in ("origin", "size"):
            mine, other = getattr(ours, what), getattr(theirs, what)
            yield ComparedFact(f"{kind} {what}", _number(mine), _number(other), device.source)


def compare(target: Target, device: PackDevice | None, part: ChipPart | None) -> list[ComparedFact]:
    """Return every fact of `target` that a pack or modm-devices knows, too."""
    found: list[ComparedFact] = []
    if device is not None:
        core = device.core.replace("CortexM", "cortex-m").lower()
        found.append(ComparedFact("cpu name", target.cpu.name, core, device.source))
        found += _memory_findings(target, device)
        if target.clock is not None and device.clock_hz is not None:
            ours = "within" if target.clock.hz <= device.clock_hz else f"{target.clock.hz}"
            limit = f"at most {device.clock_hz}"
            theirs = "within" if ours == "within" else limit
            found.append(ComparedFact("clock hz", ours, theirs, device.source))
    if part is not None:
        found.append(ComparedFact("cpu name", target.cpu.name, part.core, part.source))
        if target.uart is not None and target.uart.interrupt:
            vector = part.vectors.get(target.uart.interrupt, "none")
            found.append(ComparedFact("uart interrupt", target.uart.name, vector, part.source))
        ours, theirs = str(target.cpu.interrupts), str(part.interrupts)
        found.append(ComparedFact("cpu interrupts", ours, theirs, part.source))
        ram = target.region("ram")
        sizes = [_number(r.size) for r in part.ram if r.origin == ram.origin]
        found += [ComparedFact("ram size", _number(ram.size), size, part.source) for size in sizes]
    return found
