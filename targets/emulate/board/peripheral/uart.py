"""What the USARTs of both families share: the wire, the interrupt, and checks of the set-up."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from targets.emulate.board.peripheral.bus import Peripheral
from targets.emulate.board.peripheral.clock import baud_error
from targets.emulate.board.peripheral.line import Line
from targets.emulate.board.peripheral.serial import Serial

RXNE, TC, TXE = 1 << 5, 1 << 6, 1 << 7
"""Bits of the status register, the same in both families."""
_MOST_BAUD_ERROR = 0.02
"""Largest error of the baud rate: a receiver with 16-fold oversampling tolerates 3% to 4% of both
ends together."""


class Pins(Protocol):
    """A port whose pins have functions."""

    name: str

    def function(self, pin: int) -> int | None:
        """Return the number of the function of a pin, None when it has none."""


@dataclass(frozen=True)
class Wiring:
    """Connections of a USART: interrupt line, baud rate, pins."""

    serial: Serial
    set_line: Callable[[bool], None]
    """Function that drives the USART's interrupt line."""
    clock_hz: Callable[[], int]
    baud: int
    """Baud rate of the other end."""
    port: Pins
    pins: tuple[int, int]
    function: int
    """Number of the alternate function that connects the pins with this USART."""


class Uart(Peripheral):
    """A USART whose subclass names the registers."""

    status = ""
    """Name of the status register."""
    receiver = ""
    """Name of the register that received bytes are read from."""
    transmitter = ""
    """Name of the register that bytes to send are written to."""

    def __init__(self, base: int, clocked: Callable[[], bool], wiring: Wiring | None) -> None:
        """Place the USART at its address; without wiring it is on no wire."""
        self._wiring = wiring
        self._held = 0
        super().__init__(base, clocked)

    def reset(self) -> None:
        """Take the values after reset; a byte in the receiver is lost."""
        super().reset()
        self._checked = False

    def is_enabled(self, direction: int) -> bool:
        """Return whether the receiver or transmitter (bit of CR1) and the USART are on."""
        raise NotImplementedError

    def divider(self) -> int:
        """Return what the clock is divided by for the baud rate."""
        raise NotImplementedError

    def update(self) -> None:
        """Drive the interrupt line from flags and enables, which have the same positions."""
        if self._wiring is not None:
            waiting = self.value[self.status] & self.value["CR1"] & (RXNE | TC | TXE)
            self._wiring.set_line(bool(waiting))

    def deliver(self) -> None:
        """Let the next byte of the wire arrive when the receiver is free for it."""
        if self._wiring is None or not self._wiring.serial.has_received:
            return
        if self.value[self.status] & RXNE or not self._receives():
            return
        byte = self._wiring.serial.take()
        if byte is not None:
            self._held = byte
            self.value[self.status] |= RXNE
            self.update()

    def answer(self) -> int:
        """Return what the core reads from the status register, nothing being held up."""
        return self.value[self.status]

    def lend(self, line: Line) -> None:
        """Let native code answer status and data while both directions are in plain use.

        Plain: clocked, on, set up and checked, received bytes interrupt and sent ones do not.
        """
        line.armed = (
            self._wiring is not None
            and self._checked
            and self._wiring.serial.has_client
            and self.clocked()
            and self.is_enabled(2)
            and self.is_enabled(3)
            and self.value["CR1"] & (RXNE | TC | TXE) == RXNE
        )
        line.status, line.held, line.rose = self.answer(), self._held, 0

    def take_back(self, line: Line) -> None:
        """Take over what native code did."""
        if not line.armed or self._wiring is None:
            return
        self._held = line.held
        self.assign(self.status, RXNE, on=bool(line.status & RXNE))
        if line.rose:  # a rising edge is pending even if the line has fallen again
            self._wiring.set_line(False)
            self._wiring.set_line(True)
        self.update()
        line.armed = 0

    def offset_of(self, name: str) -> int:
        """Return the offset of a register."""
        return next(r.offset for r in self.registers if r.name == name)

    def _receives(self) -> bool:
        return self.clocked() and self.is_enabled(2)

    def flags(self) -> int:
        """Return the status register, with the transmitter held up while the wire is."""
        self.deliver()
        held_up = self._wiring is not None and self._wiring.serial.is_held_up
        return self.value[self.status] & ~(TXE | TC if held_up else 0)

    def receive(self) -> int:
        """Return the received byte and make room for the next."""
        self.value[self.status] &= ~RXNE
        self.update()
        return self._held

    def transmit(self, value: int, transmitter: int) -> None:
        """Send a byte at once; `transmitter` is the bit of CR1."""
        if not self.is_enabled(transmitter):
            self.complain(f"{self.name}: a byte is written while the transmitter is off")
        elif self._wiring is not None:
            self._check_setup(self._wiring)
            self._wiring.serial.put(value & 0xFF)

    def _check_setup(self, wiring: Wiring) -> None:
        """Report, once, what would keep the first byte from arriving on a board."""
        if self._checked:
            return
        self._checked = True
        error = baud_error(wiring.clock_hz(), self.divider(), wiring.baud)
        if error > _MOST_BAUD_ERROR:
            self.complain(
                f"{self.name}: {wiring.clock_hz()} Hz / {self.divider()} is no {wiring.baud} baud"
            )
        for pin in wiring.pins:
            if wiring.port.function(pin) != wiring.function:
                self.complain(f"{wiring.port.name} pin {pin} is not on {self.name}")
