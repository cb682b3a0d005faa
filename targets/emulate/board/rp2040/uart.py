"""UART, a PL011: RP2040 Datasheet, chapter UART; DDI 0183.

A byte is sent in no time. Errors of the line do not happen; received bytes interrupt at once, as no
time passes between those that lie on the wire.
"""

from collections import deque
from collections.abc import Callable

from targets.emulate.board.peripheral.bus import Register
from targets.emulate.board.peripheral.line import Line
from targets.emulate.board.peripheral.uart import Uart, Wiring

_BUSY, _RXFE, _TXFF, _RXFF, _TXFE = 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7
_RX, _RT = 1 << 4, 1 << 6
_FIFO_BYTES = 32
_FEN, _UARTEN, _TXE, _RXE = 4, 0, 8, 9


class Pl011(Uart):
    """UART with a receive FIFO."""

    name = "UART0"
    status = "FR"
    receiver = "DR"
    transmitter = "DR"
    registers = (
        Register(0x00, "DR", 0xFFF),
        Register(0x04, "RSR", 0xF),
        Register(0x18, "FR", 0x1FF, _TXFE | _RXFE, read_only=0x1FF),
        Register(0x24, "IBRD", 0xFFFF),
        Register(0x28, "FBRD", 0x3F),
        Register(0x2C, "LCR_H", 0xFF),
        Register(0x30, "CR", 0xFF87, 0x300),
        Register(0x34, "IFLS", 0x3F, 0x12),
        Register(0x38, "IMSC", 0x7FF),
        Register(0x3C, "RIS", 0x7FF, read_only=0x7FF),
        Register(0x40, "MIS", 0x7FF, read_only=0x7FF),
        Register(0x44, "ICR", 0x7FF),
    )

    def __init__(self, base: int, clocked: Callable[[], bool], wiring: Wiring | None) -> None:
        """Place the UART at its address."""
        self._bytes: deque[int] = deque()
        super().__init__(base, clocked, wiring)

    def reset(self) -> None:
        """Take the values after reset; bytes in the FIFO are lost."""
        super().reset()
        self._bytes.clear()

    def is_enabled(self, direction: int) -> bool:
        """Return whether RXE (9) or TXE (8), the UART and its divider are on."""
        is_on = self.bit("CR", _UARTEN) and self.bit("CR", direction)
        return is_on and self.value["IBRD"] > 0

    def divider(self) -> int:
        """Return the clock's periods in a bit: 16 * (IBRD + FBRD / 64), rounded."""
        return (64 * self.value["IBRD"] + self.value["FBRD"] + 2) // 4

    def _receives(self) -> bool:
        return self.clocked() and self.is_enabled(_RXE)

    def deliver(self) -> None:
        """Let the bytes of the wire arrive as far as the FIFO has room."""
        if self._wiring is None or not self._receives():
            return
        room = _FIFO_BYTES if self.bit("LCR_H", _FEN) else 1
        while len(self._bytes) < room and self._wiring.serial.has_received:
            byte = self._wiring.serial.take()
            if byte is None:
                break
            self._bytes.append(byte)
        self.update()

    def update(self) -> None:
        """Drive the interrupt line: a byte that lies there has reached a level, or the timeout."""
        raw = _RX | _RT if self._bytes else 0
        if self._wiring is not None:
            self._wiring.set_line(bool(raw & self.value["IMSC"]))

    def lend(self, line: Line) -> None:
        """Keep the registers: native code knows USARTs without a FIFO only."""
        line.armed = 0

    def read(self, name: str) -> int:
        """Return a register; reading DR takes a byte of the FIFO."""
        if name == "DR":
            byte = self._bytes.popleft() if self._bytes else 0
            self.deliver()
            self.update()
            return byte
        if name == "FR":
            self.deliver()
            held_up = self._wiring is not None and self._wiring.serial.is_held_up
            return (0 if self._bytes else _RXFE) | (_TXFF | _BUSY if held_up else _TXFE)
        if name in ("RIS", "MIS"):
            raw = _RX | _RT if self._bytes else 0
            return raw & (self.value["IMSC"] if name == "MIS" else 0x7FF)
        return super().read(name)

    def write(self, name: str, value: int) -> None:
        """Take a register."""
        if name == "DR":
            self.transmit(value, _TXE)
        elif name in ("IBRD", "FBRD") and self.bit("CR", _UARTEN):
            self.complain(f"{self.name}_{name} is written while the UART is on")
        elif name not in ("ICR", "RSR"):
            super().write(name, value)
        self.update()
