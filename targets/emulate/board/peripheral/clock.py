"""Clocks that a clock tree gives to the board, and the settings that a fast clock needs."""

from dataclasses import dataclass

MHZ = 1_000_000


@dataclass(frozen=True)
class Speed:
    """Clocks of the core and the buses, in hertz."""

    core: int
    apb1: int
    apb2: int


def divider_of_apb(field: int) -> int:
    """Return the divider that a PPRE field means: 0xx is 1, 100 is 2, … 111 is 16."""
    return 1 if field < 4 else 2 << (field - 4)


def divider_of_ahb(field: int) -> int:
    """Return the divider that an HPRE field means: 0xxx is 1, 1000 is 2, … 1111 is 512."""
    if field < 8:
        return 1
    return (2, 4, 8, 16, 64, 128, 256, 512)[field - 8]


def baud_error(clock_hz: int, divider: int, baud: int) -> float:
    """Return how far a baud rate is off, as a fraction; infinite without a divider."""
    return abs(clock_hz / divider / baud - 1) if divider else float("inf")
