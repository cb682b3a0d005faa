"""Description of a driver folder: `targets/driver/<family>/family.toml`.

A pack knows neither clock tree nor pins. Where a driver of the family exists they are taken from a
target that runs on it, and changed where a sub-family has other limits.
"""

from dataclasses import dataclass
from pathlib import Path

from targets import load, tables, toml_file
from targets.errors import TargetError
from targets.load import ClockTree, Target

DRIVERS = load.TARGETS_DIR / "driver"


@dataclass(frozen=True)
class FamilyVariant:
    """One [[variant]]: parts that share a clock tree."""

    parts: tuple[str, ...]
    """Beginnings of part names."""
    like: str
    """Name of the target whose [stack], [clock], [uart], [flash] and [store] are taken."""
    source: str
    """Manual and section that the limits come from."""
    clock: ClockTree | None = None
    """ClockTree that stands instead of that target's."""


@dataclass(frozen=True)
class ClockBit:
    """[crc_clock]: the bit that switches the clock of a peripheral on."""

    register: int
    """Address of the clock register."""
    bit: int
    source: str
    """Manual and section."""


@dataclass(frozen=True)
class _File:
    variant: tuple[FamilyVariant, ...]
    crc_clock: ClockBit | None = None


@dataclass(frozen=True)
class Family:
    """A driver for a part."""

    driver: str
    variant: FamilyVariant
    target: Target

    @property
    def clock(self) -> ClockTree | None:
        """The clock tree of the part."""
        return self.variant.clock or self.target.clock


def read(path: Path) -> tuple[FamilyVariant, ...]:
    """Return the variants of a family file; TargetError names file, table and key."""
    return _file(path).variant


def crc_clock(driver: str) -> ClockBit | None:
    """Return the clock of the CRC unit in the family of a driver; None where none is told.

    ST's network runtime uses the CRC unit to know that it runs on an STM32.
    """
    path = DRIVERS / driver / "family.toml"
    return _file(path).crc_clock if driver and path.is_file() else None


def _file(path: Path) -> _File:
    where = f"{path.parent.name}/{path.name}"
    return tables.table(_File, toml_file.read(path, TargetError), where)


def find(part: str) -> Family | None:
    """Return the driver that serves a part, with its clock tree; None when there is none."""
    for path in sorted(DRIVERS.glob("*/family.toml")):
        for variant in read(path):
            if part.upper().startswith(variant.parts):
                return Family(path.parent.name, variant, load.load(variant.like))
    return None
