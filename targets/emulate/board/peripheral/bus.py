"""Peripherals as tables of registers, and the bus that checks every access against them.

A register says which bits exist. Reported, and with `--strict` answered by a BusFault as well: an
access to an address that no table declares, to a peripheral whose clock is off, of another width
than a word, a reserved bit that is written with another value than it has after reset, and a
write to a register without a model.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

WORD = 4
_BLOCK_BITS = 10
"""Number of address bits within a peripheral: peripherals are at least 1 KiB apart."""


@dataclass(frozen=True)
class Register:
    """One 32-bit register; every mask is of bit positions."""

    offset: int
    name: str
    bits: int
    """Mask of the bits that exist; the others are reserved."""
    reset: int = 0
    read_only: int = 0
    modelled: bool = True
    """Whether writing the register has the effect that it has on the chip. If not, a write is
    refused."""


class Peripheral:
    """Registers at a base address. A subclass gives those that do more than hold a value."""

    name: str
    registers: tuple[Register, ...]

    def __init__(self, base: int, clocked: Callable[[], bool] = lambda: True) -> None:
        """Place it at `base`; `clocked` tells whether its bus clock runs."""
        self.base = base
        self.clocked = clocked
        self.value: dict[str, int] = {}
        self.complain: Callable[[str], None] = lambda _text: None
        """Set by the bus: report that the program does what the manual forbids."""
        self.reset()

    def reset(self) -> None:
        """Give every register its value after a system reset."""
        self.value = {register.name: register.reset for register in self.registers}

    def read(self, name: str) -> int:
        """Return what the core reads from register `name`."""
        return self.value[name]

    def write(self, name: str, value: int) -> None:
        """Take what the core writes to register `name`; read-only bits are already kept."""
        self.value[name] = value

    def bit(self, name: str, position: int) -> bool:
        """Return whether a bit of a register is set."""
        return bool(self.value[name] >> position & 1)

    def field(self, name: str, position: int, width: int) -> int:
        """Return a field of a register."""
        return self.value[name] >> position & ((1 << width) - 1)

    def assign(self, name: str, mask: int, on: bool) -> None:
        """Set or clear bits of a register."""
        self.value[name] = self.value[name] | mask if on else self.value[name] & ~mask


class Bus:
    """Bus that passes accesses to peripherals and checks them."""

    def __init__(
        self,
        peripherals: Iterable[Peripheral],
        report: Callable[[str], None],
        fault: Callable[[int], None],
    ) -> None:
        """Serve `peripherals`; `report` takes a line, `fault` the address of a refused access."""
        self.peripherals = tuple(peripherals)
        self._report = report
        self._fault = fault
        self._at: dict[int, tuple[Peripheral, Register]] = {}
        self._blocks: dict[int, Peripheral] = {}
        for peripheral in self.peripherals:
            peripheral.complain = report
            self._blocks.setdefault(peripheral.base >> _BLOCK_BITS, peripheral)
            for register in peripheral.registers:
                address = peripheral.base + register.offset
                if address in self._at:
                    raise ValueError(f"{peripheral.name}_{register.name} at {address:#x}: taken")
                self._at[address] = (peripheral, register)

    def _find(self, address: int, width: int, what: str) -> tuple[Peripheral, Register] | None:
        """Return the register of an access that is in order, else report it and return None."""
        found = self._at.get(address)
        if found is None or width != WORD:
            block = self._blocks.get(address >> _BLOCK_BITS)
            where = f"{block.name}+{address - block.base:#x}" if block else "no peripheral"
            told = "is not declared" if width == WORD else f"has {width} bytes, not a word"
            self._refuse(f"{what} of {address:#010x} ({where}) {told}", address)
            return None
        peripheral, register = found
        if not peripheral.clocked():
            self._refuse(f"{what} of {peripheral.name}_{register.name}: its clock is off", address)
            return None
        return found

    def _refuse(self, text: str, address: int) -> None:
        self._report(text)
        self._fault(address)

    def read(self, address: int, width: int) -> int:
        """Return what the core reads; a refused access reads 0."""
        found = self._find(address, width, "read")
        return found[0].read(found[1].name) if found else 0

    def write(self, address: int, width: int, value: int) -> None:
        """Take what the core writes; a refused access changes nothing."""
        found = self._find(address, width, "write")
        if found is None:
            return
        peripheral, register = found
        if not register.modelled:
            name = f"{peripheral.name}_{register.name}"
            self._refuse(f"write of {value:#010x} to {name}: it is not modelled", address)
            return
        reserved = (value ^ register.reset) & ~register.bits & 0xFFFFFFFF
        if reserved:
            name = f"{peripheral.name}_{register.name}"
            self._refuse(f"write of {value:#010x} to {name}: {reserved:#010x} is reserved", address)
            return
        keep = register.read_only | ~register.bits
        old = peripheral.value[register.name]
        peripheral.write(register.name, old & keep | value & ~keep & 0xFFFFFFFF)
