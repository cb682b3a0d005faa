"""What the flash costs a model: lines that its caches did not hold, times wait states.

The caches are simulated on the executed stream by QEMU's plugin (`targets/emulate/icount.c`), as
`[flash.cache]` of the target describes them: whole lines, replaced by least recent use, one for
instructions and one for data. An estimate: prefetching, which hides part of the waits of straight
code, and the order in which a chip replaces lines are not in it; loads that the core overlaps are
taken one by one. On straight code it is too high by up to a third, beside measured figures of such
chips within 10 to 15%.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from targets.chip_flash import Flash
from targets.emulate.count import Misses
from targets.errors import TargetError
from targets.load import ClockTree, Target

UNCERTAINTY_PERCENT = 15
LABEL = (
    "estimate: caches by [flash.cache], least recently used, nothing fetched ahead;"
    f" ±{UNCERTAINTY_PERCENT}%"
)


@dataclass(frozen=True)
class Waits:
    """Mean misses of one call, and the cycles for which the core waits."""

    fetches: int
    loads: int
    cycles: int


def with_flash_of(target: Target, other: Target) -> Target:
    """Return `target` with the caches and wait states of another one; TargetError without them."""
    if other.flash is None or other.flash.cache is None or other.clock is None:
        raise TargetError(f"target {other.name} does not describe its flash: add [flash.cache]")
    clock = target.clock or ClockTree(hz=other.clock.hz)
    states = other.clock.flash_wait_states
    return replace(
        target,
        clock=replace(clock, flash_wait_states=states),
        flash=replace(target.flash or Flash(), cache=other.flash.cache),
    )


def waits(target: Target, misses: Mapping[int, Misses], calls: int) -> dict[int, Waits]:
    """Return the waits of one call by marker (see `Executed`); misses are those of all calls."""
    states = 0 if target.clock is None else target.clock.flash_wait_states
    return {
        marker: Waits(
            round(found.fetches / calls),
            round(found.loads / calls),
            round(states * (found.fetches + found.loads) / calls),
        )
        for marker, found in misses.items()
    }


def total(found: Mapping[int, Waits]) -> Waits:
    """Return the sum over all markers."""
    rows = found.values()
    return Waits(
        sum(w.fetches for w in rows), sum(w.loads for w in rows), sum(w.cycles for w in rows)
    )
