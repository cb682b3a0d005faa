"""I2C1: RM0090 section 27, of which the master with 7-bit addresses, polled.

Bytes take nine periods of SCL, as CCR makes them; the flags tell when they are over. Other ways to
use the controller (slave, DMA, interrupts, SMBus, PEC, 10-bit addresses) are reported.
"""

from collections.abc import Callable
from dataclasses import dataclass

from targets.emulate.board.peripheral.bus import Peripheral, Register
from targets.emulate.board.peripheral.clock import MHZ, Speed
from targets.emulate.board.peripheral.gpio import Gpio
from targets.emulate.board.peripheral.i2c_bus import I2cBus

_PE, _START, _STOP, _ACK, _POS, _SWRST = 0, 8, 9, 10, 11, 15
_SB, _ADDR, _BTF, _RXNE, _TXE, _AF = 1 << 0, 1 << 1, 1 << 2, 1 << 6, 1 << 7, 1 << 10
_MSL, _BUSY, _TRA = 1 << 0, 1 << 1, 1 << 2
_CLEARED_BY_ZERO = 0xDF00
_OTHER_CR1, _OTHER_CR2 = 0x30FA, 0x1F00
"""Bits that select what is not modelled."""
_BITS = 9
"""Periods of SCL for a byte and its acknowledgement."""
_SCL, _SDA, _FUNCTION = 6, 7, 4
"""Pins of port B, and their alternate function."""
_STANDARD_HZ, _FAST_HZ = 100_000, 400_000


@dataclass(frozen=True)
class Around:
    """Clock, port and devices that the controller works with."""

    cycles: Callable[[], int]
    speed: Callable[[], Speed]
    port: Gpio
    bus: I2cBus


class I2c(Peripheral):
    """The controller as a master."""

    name = "I2C1"
    registers = (
        Register(0x00, "CR1", 0xBFFB),
        Register(0x04, "CR2", 0x1F3F),
        Register(0x08, "OAR1", 0x83FF, modelled=False),
        Register(0x0C, "OAR2", 0xFF, modelled=False),
        Register(0x10, "DR", 0xFF),
        Register(0x14, "SR1", 0xDFDF),
        Register(0x18, "SR2", 0xFFF7, read_only=0xFFF7),
        Register(0x1C, "CCR", 0xCFFF),
        Register(0x20, "TRISE", 0x3F, reset=2),
    )

    def __init__(self, base: int, clocked: Callable[[], bool], around: Around) -> None:
        """Be the master of `around.bus`, on PB6 and PB7."""
        self._around = around
        around.bus.connect(around.port, _SCL, _SDA)
        super().__init__(base, clocked)

    def reset(self) -> None:
        """Forget every transfer."""
        super().reset()
        self._over_at: int | None = None
        """Cycle in which what is on the wire is over; None: nothing is."""
        self._over: Callable[[], None] = lambda: None
        self._seen = 0
        """Flags of SR1 that were read: the second half of a clearing sequence may come."""
        self._waiting: int | None = None
        """Byte that waits in the shift register (received) or in DR (to send)."""
        self._is_first = self._is_acknowledged = False

    # What is on the wire.

    def _period(self) -> float:
        """Return the core's cycles of one period of SCL."""
        speed, ccr = self._around.speed(), max(1, self.field("CCR", 0, 12))
        fast = 25 if self.bit("CCR", 14) else 3
        return (fast if self.bit("CCR", 15) else 2) * ccr * speed.core / speed.apb1

    def _later(self, periods: int, over: Callable[[], None]) -> None:
        self._over_at = self._around.cycles() + int(periods * self._period())
        self._over = over

    def _go_on(self) -> None:
        """Let everything happen that is over by now."""
        while self._over_at is not None and self._around.cycles() >= self._over_at:
            self._over_at = None
            self._over()
        self._condition()

    def _condition(self) -> None:
        """Make the stop or start condition that was asked for, when the wire is free for it."""
        if self._over_at is not None or not self.bit("CR1", _PE) or self.value["SR1"] & _SB:
            return
        if self.bit("CR1", _STOP) and self.value["SR2"] & _MSL:
            if self._is_acknowledged and not self.value["SR2"] & _TRA:
                self.complain("I2C1: STOP after a byte that was acknowledged: SDA is the device's")
            self._later(1, self._stopped)
        elif self.bit("CR1", _START) and (self.value["SR2"] & _MSL or not self._around.bus.is_held):
            self._check()
            self._later(1, self._started)

    def _stopped(self) -> None:
        self.assign("CR1", 1 << _STOP, on=False)
        self.value["SR1"] &= ~(_TXE | _BTF | _ADDR)
        self.value["SR2"] = 0

    def _started(self) -> None:
        self.assign("CR1", 1 << _START, on=False)
        self.value["SR1"] = self.value["SR1"] & ~(_TXE | _BTF) | _SB
        self.value["SR2"] |= _MSL | _BUSY
        self._waiting = None

    def _check(self) -> None:
        port, speed = self._around.port, self._around.speed()
        for pin in (_SCL, _SDA):
            if port.function(pin) != _FUNCTION or not port.is_open_drain(pin):
                self.complain(
                    f"I2C1: PB{pin} is not open-drain with alternate function {_FUNCTION}"
                )
        if self.field("CR2", 0, 6) * MHZ != speed.apb1:
            self.complain(f"I2C1_CR2: FREQ is not {speed.apb1 / MHZ:g} MHz")
        is_fast = self.bit("CCR", 15)
        hz, most = speed.core / self._period(), _FAST_HZ if is_fast else _STANDARD_HZ
        if hz > most:
            self.complain(f"I2C1_CCR: SCL is {hz:.0f} Hz, at most {most} Hz are allowed")
        if not is_fast and self.value["TRISE"] != self.field("CR2", 0, 6) + 1:
            self.complain("I2C1_TRISE: not the 1000 ns of the standard mode")

    # A transfer.

    def _addressed(self, byte: int) -> None:
        reads = bool(byte & 1)
        if not self._around.bus.call(byte >> 1, reads=reads):
            self.value["SR1"] |= _AF
            return
        self.value["SR1"] |= _ADDR
        self.assign("SR2", _TRA, on=not reads)
        self._is_first = True

    def _accepted(self) -> None:
        """ADDR was cleared: bytes may go."""
        self.value["SR1"] &= ~_ADDR
        if self.value["SR2"] & _TRA:
            self.value["SR1"] |= _TXE
        else:
            self._receive()

    def _send(self, byte: int) -> None:
        self.value["SR1"] = self.value["SR1"] & ~_BTF | _TXE
        self._later(_BITS, lambda: self._sent(byte))

    def _sent(self, byte: int) -> None:
        if not self._around.bus.put(byte):
            self.value["SR1"] |= _AF
        elif self._waiting is not None:
            byte, self._waiting = self._waiting, None
            self._send(byte)
        else:
            self.value["SR1"] |= _BTF

    def _receive(self) -> None:
        byte = self._around.bus.get()
        self._later(_BITS, lambda: self._received(byte))

    def _received(self, byte: int) -> None:
        # With POS the bit ACK is that of the next byte: the first one is acknowledged.
        self._is_acknowledged = self.bit("CR1", _ACK) or (self._is_first and self.bit("CR1", _POS))
        self._is_first = False
        if not self.value["SR1"] & _RXNE:
            self.value["DR"] = byte
            self.value["SR1"] |= _RXNE
            if self._is_acknowledged and not self.bit("CR1", _STOP):
                self._receive()
        else:
            self._waiting = byte
            self.value["SR1"] |= _BTF

    def _take(self) -> int:
        """Return DR; what waits in the shift register comes after it."""
        found = self.value["DR"]
        self.value["SR1"] &= ~_RXNE
        if self._waiting is not None:
            self.value["DR"], self._waiting = self._waiting, None
            self.value["SR1"] = self.value["SR1"] & ~_BTF | _RXNE
            if self._is_acknowledged and not self.bit("CR1", _STOP):
                self._receive()
        return found

    # Registers.

    def read(self, name: str) -> int:
        """Return a register, and take part in the sequences that clear flags."""
        self._go_on()
        if name == "SR1":
            self._seen |= self.value["SR1"]
        elif name == "SR2":
            if self._around.bus.is_held:
                return self.value["SR2"] | _BUSY
            found = self.value["SR2"]
            if self._seen & self.value["SR1"] & _ADDR:
                self._seen = 0
                self._accepted()
            return found
        elif name == "DR":
            return self._take()
        return self.value[name]

    def write(self, name: str, value: int) -> None:
        """Take a register."""
        self._go_on()
        if name == "SR1":
            self.value["SR1"] &= value | ~_CLEARED_BY_ZERO
        elif name == "DR":
            self._put(value)
        elif name == "CR1":
            self._control(value)
        else:
            if name in ("CCR", "TRISE") and self.bit("CR1", _PE):
                self.complain(f"I2C1_{name}: written while PE is 1")
            if name == "CR2" and value & _OTHER_CR2:
                self.complain(f"I2C1_CR2 {value:#06x}: modelled is the polled master")
            super().write(name, value)

    def _put(self, byte: int) -> None:
        if self._seen & self.value["SR1"] & _SB:
            self._seen = 0
            self.value["SR1"] &= ~_SB
            self._later(_BITS, lambda: self._addressed(byte))
        elif not self.value["SR2"] & _TRA or self.value["SR1"] & (_ADDR | _AF):
            self.complain("I2C1_DR: written while no byte can be sent")
        elif self._over_at is None:
            self._send(byte)
        else:
            self._waiting = byte
            self.value["SR1"] &= ~_TXE

    def _control(self, value: int) -> None:
        if value & _OTHER_CR1:
            self.complain(f"I2C1_CR1 {value:#06x}: modelled is the polled master")
        if value >> _SWRST & 1 or not value >> _PE & 1:
            kept = {n: self.value[n] for n in ("CR2", "CCR", "TRISE")}
            self.reset()
            if not value >> _SWRST & 1:
                self.value |= kept
            value &= ~(1 << _START | 1 << _STOP)
        self.value["CR1"] = value
        self._condition()
