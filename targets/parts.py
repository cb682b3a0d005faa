"""Device facts from modm-devices: interrupts, core, memories of the parts that it knows.

It is independent of the packs, so that the two check each other. Its data are read where they are
installed; only facts leave this module.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from targets.load import Memory
from targets.pack import merged

_DIE = 11
"""Number of characters of an ST part name that name the die and its memory, e.g. `stm32u595zi`."""


@dataclass(frozen=True)
class ChipPart:
    """One part.

    Attributes:
        name: As modm-devices writes it, e.g. `stm32u585aii6`.
        version: Of modm-devices.
        core: E.g. `cortex-m33`.
        fpu: E.g. `fpv5-sp-d16`; empty without one.
        interrupts: Lines of the vector table beyond the core's 16 words.
        vectors: Position to name, e.g. 61: `USART1`.
        ram: Contiguous RAM merged, aliases left out.
    """

    name: str
    version: str
    core: str
    fpu: str
    interrupts: int
    vectors: dict[int, str]
    ram: tuple[Memory, ...]

    @property
    def source(self) -> str:
        """Package and part, for comments and messages."""
        return f"modm-devices {self.version} {self.name}"


def _files(part: str) -> Iterator[Path]:
    """Give the files whose family (up to the first dash) the part's name begins with."""
    import modm_devices

    folder = Path(modm_devices.__file__).parent / "resources" / "devices"
    for path in sorted(folder.glob("*/*.xml")):
        if part.startswith(path.stem.split("-")[0]):
            yield path


@cache
def _devices(path: Path) -> tuple[Any, ...]:
    from modm_devices.parser import DeviceParser

    return tuple(DeviceParser().parse(str(path)).get_devices())


def _memories(entries: list[dict[str, str]]) -> tuple[Memory, ...]:
    return merged(
        [
            Memory(m["name"].upper(), "ram", int(m["start"], 0), int(m["size"], 0))
            for m in entries
            if "w" in m["access"] and "alias" not in m
        ]
    )


def _part(device: Any) -> ChipPart | None:
    from importlib.metadata import version

    core = device.get_driver("core")
    if core is None or not core.get("vector"):
        return None
    vectors = {int(v["position"]): str(v["name"]) for v in core["vector"]}
    return ChipPart(
        name=device.partname,
        version=version("modm-devices"),
        core=re.sub(r"(?<=\d)fd?$", "", core["type"]),
        fpu=core.get("fpu", ""),
        interrupts=max(vectors) + 1,
        vectors=vectors,
        ram=_memories(core.get("memory", [])),
    )


def find(part: str) -> ChipPart | None:
    """Return the facts of a pack's device; None when modm-devices is absent or knows none.

    An `x` in a pack's name stands for any character. A package that is not listed is taken from
    another one of the same die: interrupts do not depend on it.
    """
    name = part.lower()
    try:
        devices = {d.partname: d for path in _files(name) for d in _devices(path)}
    except ImportError:
        return None
    exact = [d for d in sorted(devices) if re.fullmatch(name.replace("x", "."), d)]
    same_die = [d for d in sorted(devices) if len(name) >= _DIE and d.startswith(name[:_DIE])]
    for candidate in (*exact, *same_die):
        found = _part(devices[candidate])
        if found is not None:
            return found
    return None
