"""Nested vectored interrupt controller: DDI 0403E section B3.4 (Armv8-M: DDI 0553 section D1.2).

Sixteen priority levels, as every STM32F4 and U5 has them (PM0214 section 4.3.7, PM0264).
"""

from targets.emulate.board.peripheral.bus import Peripheral, Register

PRIORITY_BITS = 0xF0
"""Mask of the implemented bits of a priority."""
_WORDS = 5
"""Number of words of 32 interrupt lines: enough for 160."""
_LINES = 32 * _WORDS
_BANKS = {"ISER": 0x100, "ICER": 0x180, "ISPR": 0x200, "ICPR": 0x280, "IABR": 0x300}
_PRIORITIES = 0x400


class Nvic(Peripheral):
    """Lines by number; one that is still high after its handler is pending again."""

    name = "NVIC"
    registers = tuple(
        Register(
            offset + 4 * i, f"{bank}{i}", 0xFFFFFFFF, read_only=0xFFFFFFFF if bank == "IABR" else 0
        )
        for bank, offset in _BANKS.items()
        for i in range(_WORDS)
    ) + tuple(Register(_PRIORITIES + 4 * i, f"IPR{i}", 0xFFFFFFFF) for i in range(_LINES // 4))

    def reset(self) -> None:
        """Disable and forget every line."""
        super().reset()
        self.enabled = 0
        self.pending = 0
        self.active = 0
        self.high = 0
        """Lines that their peripherals hold up."""

    def set_line(self, number: int, on: bool) -> None:
        """Take the level of a peripheral's line; a rising one becomes pending."""
        mask = 1 << number
        if on and not self.high & mask:
            self.pending |= mask
        self.high = self.high | mask if on else self.high & ~mask

    def enter(self, number: int) -> None:
        """Note that the core has begun to serve line `number`."""
        self.pending &= ~(1 << number)
        self.active |= 1 << number

    def leave(self, number: int) -> None:
        """Note that the handler of line `number` has returned."""
        self.active &= ~(1 << number)
        if self.high >> number & 1:
            self.pending |= 1 << number

    def best(self) -> tuple[int, int] | None:
        """Return priority and number of the enabled pending line that goes first."""
        waiting = self.pending & self.enabled
        found: tuple[int, int] | None = None
        while waiting:
            line = waiting.bit_length() - 1
            waiting ^= 1 << line
            candidate = (self.priority(line), line)
            found = candidate if found is None else min(found, candidate)
        return found

    def priority(self, number: int) -> int:
        """Return the priority of a line, 0 to 240."""
        return self.value[f"IPR{number // 4}"] >> 8 * (number % 4) & PRIORITY_BITS

    def read(self, name: str) -> int:
        """Return lines as bits of a word."""
        if name.startswith("IPR"):
            return self.value[name] & 0x01010101 * PRIORITY_BITS
        word = {"ISE": self.enabled, "ICE": self.enabled, "IAB": self.active}
        return word.get(name[:3], self.pending) >> 32 * int(name[4:]) & 0xFFFFFFFF

    def write(self, name: str, value: int) -> None:
        """Apply a write: enable, disable, set or clear lines."""
        if name.startswith("IPR"):
            self.value[name] = value
            return
        bits = value << 32 * int(name[4:])
        if name.startswith("ISER"):
            self.enabled |= bits
        elif name.startswith("ICER"):
            self.enabled &= ~bits
        elif name.startswith("ISPR"):
            self.pending |= bits
        elif name.startswith("ICPR"):
            self.pending &= ~bits | self.high
