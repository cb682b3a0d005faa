"""What is at the other end of a line on which HELLO stays without a reply."""

import re
from dataclasses import dataclass

from host_tools.device.serial_port import SerialPort
from host_tools.errors import DeviceError, DeviceSilentError, DeviceUnknownError, LinkLostError
from targets.errors import SafeError

_PRINTABLE = frozenset(range(0x20, 0x7F)) | {0x09, 0x0A, 0x0D}
_FAULT = re.compile(rb"safe fault: [ -~]*")
"""Line that the fault handlers under targets/arch print."""
_BANNER = re.compile(rb"safe \S+ [\w.-]+ (model|channels)=")
"""Line that an image of SAFE begins with."""
_REFUSAL = b"safe error: "


@dataclass(frozen=True)
class Heard:
    """What came while HELLO was sent.

    Attributes:
        url: The port.
        baud: Its rate.
        count: Number of bytes.
        remains: Those that are no frame.
        has_frames: Whether there were frames, whoever sent them.
        damage: How many frames the line has damaged, in words, where some were SAFE's own.
    """

    url: str
    baud: int
    count: int
    remains: bytes
    has_frames: bool
    damage: str


def fault(remains: bytes) -> str:
    """Return the last fault report in what was received; empty when there is none."""
    found = _FAULT.findall(remains)
    return found[-1].decode("ascii", "replace") if found else ""


def no_answer(port: SerialPort, name: str, attempts: int, damage: str) -> str:
    """Return why a request is given up; `damage` tells of damaged frames, or is empty."""
    if damage:
        return (
            f"{damage}: no answer to {name} after {attempts} attempts; a shorter or shielded cable,"
            f" a common ground or a lower rate than {port.baud} baud helps"
        )
    return (
        f"no answer to {name} on {port.url} after {attempts} attempts: check cable and power, then"
        " run again"
    )


def error(heard: Heard) -> SafeError:
    """Return the error that says best what is at the other end."""
    url, remains = heard.url, heard.remains
    if not heard.count:
        return DeviceSilentError(
            f"no bytes at all from {url}: check power, RX/TX wiring and that the firmware runs"
        )
    if _REFUSAL in remains:
        reason = remains.split(_REFUSAL, 1)[1].split(b"\r")[0]
        return DeviceError(f"the device on {url} refuses: {reason.decode('ascii', 'replace')}")
    if report := fault(remains):
        return DeviceError(f"the device on {url} faults and restarts: {report}")
    if heard.damage:
        return LinkLostError(f"{heard.damage}: a SAFE device is there, HELLO is not answered")
    if heard.has_frames:
        return DeviceUnknownError(
            f"{heard.count} bytes from {url} hold frames but no reply to HELLO: an echo (RX tied to"
            " TX?) or another device"
        )
    if _BANNER.search(remains):
        return LinkLostError(
            f"a SAFE device on {url} says that it starts, but answers nothing: check the wire to"
            " its RX, and whether it restarts"
        )
    printable = sum(byte in _PRINTABLE for byte in remains)
    if remains and printable >= 0.9 * len(remains):
        text = remains[:60].decode("ascii", "replace").strip()
        return DeviceUnknownError(
            f"{url} sends text ({text!r}) but never answers HELLO: not a SAFE device, or another"
            " firmware"
        )
    return DeviceSilentError(
        f"{heard.count} bytes from {url} but no valid frame: wrong baud rate ({heard.baud})?"
    )
