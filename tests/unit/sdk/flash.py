"""Slots of simulated flash that lose power at a chosen operation: of a store, of updates."""

import ctypes
import random
from dataclasses import dataclass, field

OK, CORRUPT, STORAGE = 0, 15, 19
UNIT, SLOTS = 16, 2
READ = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_uint32,
    ctypes.c_uint32,
    ctypes.POINTER(ctypes.c_uint8),
    ctypes.c_size_t,
)
ERASE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint32)
TEARS = ("before", "part", "noise", "after")


class Interface(ctypes.Structure):
    """`safe_store_flash_t`."""

    _fields_ = (
        ("slot_bytes", ctypes.c_uint32),
        ("read", READ),
        ("erase", ERASE),
        ("program", READ),
    )


@dataclass
class Flash:
    """Two slots of simulated flash that lose power at a chosen operation."""

    slot_bytes: int
    ecc: bool = False
    """A unit that was torn cannot be read, and none can be programmed twice."""
    cut_at: int | None = None
    tear: str = "before"
    seed: int = 0
    refuse: set[int] = field(default_factory=set)
    """Operations, by number, that the flash refuses without losing power."""

    def __post_init__(self) -> None:
        self.slots = [bytearray(b"\xff" * self.slot_bytes) for _ in range(SLOTS)]
        self.torn: set[tuple[int, int]] = set()
        self.operations = 0
        self.erases = 0
        self.dead = False
        self.misuse: list[str] = []
        """What the store did wrong: an exception would end in the C caller."""
        self.interface = Interface(
            self.slot_bytes, READ(self._read), ERASE(self._erase), READ(self._program)
        )

    def reboot(self) -> None:
        self.dead, self.cut_at = False, None

    def _next(self) -> str:
        """Return what becomes of the next operation: "whole", "refused" or a kind of tear."""
        number, self.operations = self.operations, self.operations + 1
        if number in self.refuse:
            return "refused"
        if number != self.cut_at:
            return "whole"
        self.dead = True
        return self.tear

    def _read(self, slot, offset, out, length):
        units = {(slot, at) for at in range(offset // UNIT, (offset + length + UNIT - 1) // UNIT)}
        if self.dead or self.torn & units:
            return CORRUPT
        if offset + length > self.slot_bytes:
            self.misuse.append(f"reads {length} bytes at {offset}")
        ctypes.memmove(out, bytes(self.slots[slot][offset : offset + length]), length)
        return OK

    def _erase(self, slot):
        if self.dead:
            return STORAGE
        fate, chance = self._next(), random.Random(self.seed)
        memory = self.slots[slot]
        if fate == "refused":
            return STORAGE
        if fate in ("whole", "after"):
            memory[:] = b"\xff" * self.slot_bytes
            self.torn = {unit for unit in self.torn if unit[0] != slot}
            self.erases += 1
        elif fate == "part":
            half = self.slot_bytes // 2 // UNIT * UNIT
            memory[:half] = b"\xff" * half
        elif fate == "noise":
            memory[:] = bytes(byte | chance.randrange(256) for byte in memory)
            if self.ecc:
                self.torn |= {(slot, at) for at in range(0, self.slot_bytes // UNIT, 3)}
        return OK if fate == "whole" else STORAGE

    def _program(self, slot, offset, data, length):
        if self.dead:
            return STORAGE
        content = bytes(data[:length])
        memory = self.slots[slot]
        if offset % UNIT or length % UNIT:
            self.misuse.append(f"programs {length} bytes at {offset}")
        if memory[offset : offset + length] != b"\xff" * length:
            self.misuse.append(f"programs what is not erased at {offset}")
        fate, chance = self._next(), random.Random(self.seed)
        if fate == "refused":
            return STORAGE
        if fate in ("whole", "after"):
            memory[offset : offset + length] = content
        elif fate == "part":
            memory[offset : offset + length // 2] = content[: length // 2]
        elif fate == "noise":
            memory[offset : offset + length] = bytes(b | chance.randrange(256) for b in content)
        if fate in ("part", "noise") and self.ecc:
            self.torn.add((slot, offset // UNIT))
        return OK if fate == "whole" else STORAGE
