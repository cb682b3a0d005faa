"""An I2C bus with thermometers: what its lines and devices do, over the time of the board.

The devices have the register interface of a TMP102 (Texas Instruments, SBOS397): a pointer, and
registers of 16 bits with the high byte first, of which register 0 is the temperature in steps of
1/16 degree, left-justified. An LM75 has the same pointer and the same first byte.
"""

import csv
from bisect import bisect_right
from collections.abc import Callable
from pathlib import Path

from targets.emulate.board.peripheral.gpio import Gpio
from targets.errors import EmulatorError

STUCK, DEAD = "stuck", "dead"
_CLOCKS = 9
"""Clocks after which a device that was interrupted in the middle of a byte releases SDA."""
_RESETS = {0: 0, 1: 0x60A0, 2: 0x4B00, 3: 0x5000}
_STEPS = 16
_CELLS = "degrees, nothing, stuck or dead"


class I2cBus:
    """Devices of a CSV file: `seconds,0x48,0x49,…`; a row holds from its time to the next one's.

    A cell is the temperature in degrees; empty: the device does not answer; `stuck`: it holds SDA
    low until it was clocked on, and then goes on with the temperature of before; `dead`: for ever.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Read `path`; without one there is no device. Raises EmulatorError."""
        self._times: list[float] = []
        self._rows: list[dict[int, str]] = []
        self._released = -1
        self._clocks = 0
        self._port: Gpio | None = None
        self._pins = (0, 0)
        self._scl = True
        self.seconds: Callable[[], float] = lambda: 0.0
        """Time of the board; set by the chip."""
        self._device = 0
        self._pointer = 0
        self._place = -1
        """Byte of a transfer that comes next; -1: the pointer of a write."""
        self._registers: dict[int, dict[int, int]] = {}
        if path is not None:
            self._read(path)

    def _read(self, path: Path) -> None:
        try:
            with path.open(newline="", encoding="utf-8") as stream:
                for row in csv.DictReader(stream, strict=True):
                    self._times.append(float(row.pop("seconds")))
                    self._rows.append({int(a, 16): _cell(text) for a, text in row.items()})
        except (OSError, ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
            raise EmulatorError(
                f"{path}: no CSV of devices with a header seconds,0x48,… and {_CELLS}: {error}"
            ) from error
        if self._times != sorted(self._times):
            raise EmulatorError(f"{path}: seconds must not go back")

    def _row(self) -> tuple[int, dict[int, str]]:
        at = bisect_right(self._times, self.seconds()) - 1
        return at, self._rows[at] if at >= 0 else {}

    @property
    def is_held(self) -> bool:
        """Whether a device, or the port, holds SDA low."""
        at, row = self._row()
        if DEAD in row.values() or (self._port is not None and self._port.pulls(self._pins[1])):
            return True
        return STUCK in row.values() and self._released != at

    def connect(self, port: Gpio, scl: int, sda: int) -> None:
        """Put the lines on two pins of a port."""
        self._port, self._pins = port, (scl, sda)
        port.on_write = self._follow
        port.levels = lambda: self._scl << scl | (not self.is_held) << sda

    def _follow(self) -> None:
        """Count a rising edge of SCL that the port makes."""
        assert self._port is not None
        scl = not self._port.pulls(self._pins[0])
        if scl and not self._scl:
            self._clocks += 1
            if self._clocks == _CLOCKS:
                self._released = self._row()[0]
        self._scl = scl

    def call(self, address: int, *, reads: bool) -> bool:
        """Return whether a device acknowledges its address."""
        self._clocks = 0
        self._device, self._place = address, 0 if reads else -1
        return self._row()[1].get(address, "") not in ("", DEAD)

    def put(self, byte: int) -> bool:
        """Take a byte for the device that was called; return whether it is acknowledged."""
        if self._place < 0:
            self._pointer, self._place = byte & 3, 0
            return True
        if self._pointer == 0:
            return True  # the temperature is read-only; the byte is ignored
        registers = self._registers.setdefault(self._device, dict(_RESETS))
        shift = 8 * (1 - self._place % 2)
        registers[self._pointer] = registers[self._pointer] & ~(0xFF << shift) | byte << shift
        self._place += 1
        return True

    def _degrees(self) -> float:
        """Return the last temperature of the device that was called."""
        for row in reversed(self._rows[: self._row()[0] + 1]):
            if (cell := row.get(self._device, "")) not in ("", STUCK, DEAD):
                return float(cell)
        return 0.0

    def get(self) -> int:
        """Return the next byte of the device that was called."""
        registers = self._registers.setdefault(self._device, dict(_RESETS))
        value = registers[self._pointer]
        if self._pointer == 0:
            value = max(-2048, min(2047, round(self._degrees() * _STEPS))) << 4 & 0xFFFF
        byte = value >> 8 * (1 - self._place % 2) & 0xFF
        self._place += 1
        return byte


def _cell(text: str) -> str:
    text = text.strip()
    if text not in ("", STUCK, DEAD):
        float(text)
    return text
