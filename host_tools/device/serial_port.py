"""A byte line to a device: any pyserial URL, a real port, a pseudo terminal.

Opening never depends on modem lines: setting DTR or RTS fails on a pseudo terminal and may reset
a board. Loss of the line is one exception, PortLostError, whatever the system calls it.
"""

import contextlib
import os
from typing import Any

import serial
from serial.tools import list_ports

from host_tools.errors import LinkLostError, PortNotFoundError

SLICE_SECONDS = 0.02
"""How long one read waits: the reaction time to a time-out or an interrupt from the keyboard."""
WRITE_SECONDS = 5.0
_STLINK_VID = 0x0483
_STLINK_PIDS = frozenset((0x374B, 0x3752, 0x374A, 0x374E, 0x374F, 0x3753, 0x3754, 0x3755, 0x3757))


class PortLostError(LinkLostError):
    """The line went away while it was open."""


class SerialPort:
    """An open line. Use as a context manager."""

    def __init__(self, url: str, baud: int = 115200) -> None:
        """Open `url`; PortNotFoundError when that fails."""
        self.url = url
        self.baud = baud
        self.is_socket = url.startswith("socket://")
        self._serial = _open(url, baud)
        self._identity = _usb_identity(url)

    def __enter__(self) -> "SerialPort":
        """Return the open port."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the port."""
        self.close()

    def close(self) -> None:
        """Close the port; closing twice is fine."""
        with contextlib.suppress(OSError, serial.SerialException):
            self._serial.close()

    def reopen(self) -> None:
        """Open the same line again; PortNotFoundError when it is not there.

        A USB device is found by its serial number: it may come back under another name.
        """
        self.close()
        if self._identity is not None:
            same = [p.device for p in list_ports.comports() if _identity(p) == self._identity]
            self.url = str(same[0]) if same else self.url
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
        except (OSError, serial.SerialException, TypeError) as error:
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
        except (OSError, serial.SerialException) as error:
            raise PortLostError(f"port {self.url} was lost while writing: {error}") from None

    def wire_seconds(self, length: int) -> float:
        """Return how long `length` bytes take on the wire (8N1: ten bits each)."""
        return 0.0 if self.is_socket else length * 10 / self.baud


def _identity(port: Any) -> tuple[int, int, str] | None:
    """Return vendor, product and serial number of a USB port; None when it has no number."""
    if port.vid is None or not port.serial_number:
        return None
    return int(port.vid), int(port.pid), str(port.serial_number)


def _usb_identity(url: str) -> tuple[int, int, str] | None:
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
    except (OSError, ValueError, serial.SerialException) as error:
        raise PortNotFoundError(f"cannot open port {url}: {error}; {_listed()}") from None
    return port


def _listed() -> str:
    names = sorted(port.device for port in list_ports.comports())
    return f"ports here: {', '.join(names)}" if names else "this machine has no serial port"


def find_port() -> str:
    """Return the port to use when none is given: SAFE_PORT, else the only ST-LINK, else the only
    USB serial port.

    Raises:
        PortNotFoundError: None, or several.
    """
    chosen = os.environ.get("SAFE_PORT")
    if chosen:
        return chosen
    usb = [port for port in list_ports.comports() if port.vid is not None]
    probes = [p for p in usb if p.vid == _STLINK_VID and p.pid in _STLINK_PIDS]
    candidates = sorted(p.device for p in (probes or usb))
    if len(candidates) == 1:
        return str(candidates[0])
    if not candidates:
        raise PortNotFoundError("no USB serial port found: connect a board or give --port")
    raise PortNotFoundError(f"several ports, choose one with --port: {', '.join(candidates)}")
