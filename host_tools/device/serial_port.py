"""A byte line to a device: any pyserial URL, a real port, a pseudo terminal.

Opening never depends on modem lines: setting DTR or RTS fails on a pseudo terminal and may reset
a board. Loss of the line is one exception, PortLostError, whatever the system calls it.
"""

import contextlib
import errno
import os
from collections.abc import Collection, Sequence
from typing import Any, Self

import serial
from serial.tools import list_ports

from host_tools.errors import LinkLostError, PortNotFoundError

SLICE_SECONDS = 0.02
"""Length of one read: the reaction time to a time-out or an interrupt from the keyboard."""
WRITE_SECONDS = 5.0
_LOST: tuple[type[Exception], ...] = (OSError, serial.SerialException)
"""Exceptions that mean that the line went away; termios has an error of its own, which is no
OSError."""
with contextlib.suppress(ImportError):  # not on every system
    import termios

    _LOST = (*_LOST, termios.error)
_LOST_READING: tuple[type[Exception], ...] = (*_LOST, TypeError)
"""Exceptions of a read that mean the same. pyserial raises TypeError when it reads from a port that
another thread, or a signal, has closed."""
_NOT_OPENED: tuple[type[Exception], ...] = (*_LOST, ValueError)


class PortLostError(LinkLostError):
    """Raised when the line goes away while it is open."""


class SerialPort:
    """An open line. Use as a context manager."""

    def __init__(self, url: str, baud: int = 115200) -> None:
        """Open `url`; PortNotFoundError when that fails."""
        self.url = url
        self.baud = baud
        self.is_socket = url.startswith("socket://")
        self._serial = _open(url, baud)
        self._identity = _usb_identity(url)

    def __enter__(self) -> Self:
        """Return the open port."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the port."""
        self.close()

    def close(self) -> None:
        """Close the port; closing twice is fine."""
        with contextlib.suppress(*_LOST):
            self._serial.close()

    def set_baud(self, baud: int) -> bool:
        """Change the rate of the open line; False when the port cannot run at it.

        Raises:
            PortLostError: The line is gone.
        """
        try:
            self._serial.baudrate = baud
            self._serial.reset_input_buffer()
        except ValueError:
            return False
        except _LOST as error:
            if error.args[:1] == (errno.EINVAL,):
                return False
            raise PortLostError(f"port {self.url} was lost: {error}") from None
        self.baud = baud
        return True

    def reopen(self, baud: int) -> None:
        """Open the same line again, at `baud`; PortNotFoundError when it is not there.

        A USB device is found by its serial number: it may come back under another name.
        """
        self.close()
        self.baud = baud
        if self._identity is not None:
            same = [p.device for p in list_ports.comports() if _identity(p) == self._identity]
            if not same:  # its name may be another device's by now
                raise PortNotFoundError(f"port {self.url} is unplugged: {_listed()}")
            self.url = str(same[0])
        self._serial = _open(self.url, self.baud)

    def receive(self) -> bytes:
        """Return what has come, after waiting up to SLICE_SECONDS for the first byte.

        Raises:
            PortLostError: The line is gone.
        """
        try:
            data: bytes = self._serial.read(1)
            if not data:
                return b""
            if self.is_socket:  # Its in_waiting only says whether there is a byte.
                self._serial.timeout = 0
                data += self._serial.read(4096)
                self._serial.timeout = SLICE_SECONDS
            else:
                data += self._serial.read(self._serial.in_waiting)
        except _LOST_READING as error:
            raise PortLostError(f"port {self.url} was lost while reading: {error}") from None
        return data

    def send(self, data: bytes) -> None:
        """Send all of `data`.

        Raises:
            PortLostError: The line is gone or takes nothing for WRITE_SECONDS.
        """
        try:
            self._serial.write(data)
            self._serial.flush()
        except _LOST as error:
            raise PortLostError(f"port {self.url} was lost while writing: {error}") from None

    def wire_seconds(self, length: int) -> float:
        """Return how long `length` bytes take on the wire (8N1: ten bits each)."""
        return 0.0 if self.is_socket else length * 10 / self.baud


def _identity(port: Any) -> tuple[int, int, str, str] | None:
    """Return vendor, product, serial number and interface of a USB port; None without a number.

    The interface tells the two ports of one adapter apart; the socket that it is plugged into does
    not matter.
    """
    if port.vid is None or not port.serial_number:
        return None
    interface = str(port.location or "").partition(":")[2]
    return int(port.vid), int(port.pid), str(port.serial_number), interface


def _usb_identity(url: str) -> tuple[int, int, str, str] | None:
    found = [_identity(port) for port in list_ports.comports() if port.device == url]
    return found[0] if found else None


def _open(url: str, baud: int) -> Any:
    """Return the open pyserial object, modem lines left alone where possible."""
    options: dict[str, Any] = {"timeout": SLICE_SECONDS, "write_timeout": WRITE_SECONDS}
    if "://" not in url:
        options["exclusive"] = True
    try:
        port = serial.serial_for_url(url, baudrate=baud, do_not_open=True, **options)
        port.open()
    except _NOT_OPENED as error:
        raise PortNotFoundError(f"cannot open port {url}: {error}; {_listed()}") from None
    return port


def _listed() -> str:
    names = sorted(port.device for port in list_ports.comports())
    return f"ports here: {', '.join(names)}" if names else "this machine has no serial port"


def _matches(port: Any, usb: Collection[str]) -> bool:
    product = f"{port.vid:04x}:{port.pid:04x}"
    return product in usb or f"{product[:5]}*" in usb


def _told(ports: Sequence[Any]) -> str:
    """Return ports as one line: name, VID:PID, serial number and product."""
    words = (
        f"{p.device} ({p.vid:04x}:{p.pid:04x} {p.serial_number or 'no number'},"
        f" {p.description or 'unnamed'})"
        for p in sorted(ports, key=lambda p: str(p.device))
    )
    return "; ".join(words)


def find_port(usb: Collection[str] = ()) -> str:
    """Return the port to use when none is given: SAFE_PORT, else the only one that matches `usb`.

    Args:
        usb: `VID:PID` of the adapters that the target's boards carry, from its [uart].

    Raises:
        PortNotFoundError: None, or several; the message lists what there is.
    """
    chosen = os.environ.get("SAFE_PORT")
    if chosen:
        return chosen
    ports = [port for port in list_ports.comports() if port.vid is not None]
    found = [port for port in ports if _matches(port, usb)]
    if len(found) == 1:
        return str(found[0].device)
    if found:
        raise PortNotFoundError(f"several ports, choose one with --port: {_told(found)}")
    if not ports:
        raise PortNotFoundError(
            "no USB serial port found: connect a board, give --port, or take an emulated one with"
            " --target NAME --emulate"
        )
    raise PortNotFoundError(
        f"no port of a known board ({', '.join(sorted(usb)) or 'none'}), choose one with --port:"
        f" {_told(ports)}"
    )
