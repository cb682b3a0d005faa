"""Register tables by part: within a family the peripherals, and the bits that exist, differ.

A part that no table names is refused instead of given the table of another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from targets.errors import EmulatorError
from targets.load import Target


@dataclass(frozen=True)
class Variant:
    """Parts whose modelled registers have the same bits."""

    parts: tuple[str, ...]
    """Beginnings of part names, as packs write them."""
    manual: str
    bits: Mapping[str, int]
    """Mask of the bits that exist, by register; 0 where the register does not."""


V = TypeVar("V", bound=Variant)


def find(part: str, variants: Sequence[V]) -> V | None:
    """Return the variant of a part, None when no table names it."""
    return next((v for v in variants if part.upper().startswith(v.parts)), None)


def choose(target: Target, variants: Sequence[V]) -> V:
    """Return the variant of the target's [device]; EmulatorError when there is no table for it."""
    known = ", ".join(part for variant in variants for part in variant.parts)
    if target.device is None:
        raise EmulatorError(
            f"target {target.name} does not say which chip it is, so the soft board cannot know its"
            f' registers: add [device] with part = "…", one of {known}'
        )
    found = find(target.device.part, variants)
    if found is None:
        raise EmulatorError(
            f"the soft board has no register tables for {target.device.part} of target"
            f" {target.name}; it has them for {known}"
        )
    return found


def ports(bits: int, count: int) -> dict[int, str]:
    """Return the GPIO ports by their bit in the register that switches their clocks."""
    return {i: chr(ord("A") + i) for i in range(count) if bits >> i & 1}
