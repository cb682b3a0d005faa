"""One line of a disassembly, as the estimates of cycles read it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TimedInstruction:
    """One instruction of the listing."""

    address: int
    mnemonic: str
    operands: str
    neighbour_is_access: bool
    """Whether the instruction before it in memory is a single load or store, so that the two
    overlap."""
