"""Requests over an unreliable line: stop and wait, retries, diagnosis of what is at the other end.

A request is sent again when its time runs out or when either end reports damage. The device
answers a repeated request (same type, seq and bytes) from memory, so nothing runs twice. A device
that restarted has no session and says so: DeviceRestartedError, after which connect() opens a new
one.
"""

import contextlib
import re
import secrets
import time
from dataclasses import dataclass

from host_tools.device import protocol
from host_tools.device.frame import Frame, Receiver, encode
from host_tools.device.protocol import DeviceInfo, Message, ReplyError, Status, status_name
from host_tools.device.serial_port import PortLostError, SerialPort
from host_tools.errors import (
    DeviceError,
    DeviceModelError,
    DeviceSilentError,
    DeviceUnknownError,
    DeviceVersionError,
    LinkLostError,
    PortNotFoundError,
)

TIMEOUT_SECONDS = 1.0
"""Length of the first wait for a reply; it is doubled each time it runs out."""
TIMEOUTS = 4
"""Number of waits that may run out for one request: 1 + 2 + 4 + 8 = 15 s."""
ATTEMPTS = 16
"""Largest number of times that one request is sent, whatever the reason."""
HELLO_ATTEMPTS = 5
HELLO_SHARE = 0.2
"""Length of the first wait for HELLO as a part of TIMEOUT_SECONDS; it is doubled each time, because
a device that is still starting loses the first HELLO. 0.2 + 0.4 + … + 3.2 = 6.2 s, longer than any
board takes to start."""
RATE_TIMEOUTS = 2
"""Number of waits that run out before a line at a raised rate returns to its first rate, as the
device does."""
REOPEN_SECONDS = 5.0
"""Longest time that a lost port (cable, USB reset) may stay away."""
_OF_ONE_RELEASE = "write an image of this release (`host_tools flash`), or use the device's tools"
_PRINTABLE = frozenset(range(0x20, 0x7F)) | {0x09, 0x0A, 0x0D}
_ERROR_REPLY = Message["ERROR"] | protocol.REPLY


_FAULT = re.compile(rb"safe fault: [ -~]*")
"""Line that the fault handlers under targets/arch print."""


class DeviceRestartedError(LinkLostError):
    """The device has started since the session was opened; its state is gone."""


class StatusError(DeviceError):
    """The device answered a request with an error; `status` is its code."""

    def __init__(self, request: str, status: int) -> None:
        """Name the request and the status."""
        super().__init__(f"the device answered {request} with {status_name(status)}")
        self.status = status


@dataclass
class Counters:
    """Counts of events on the line.

    Attributes:
        requests: Requests answered.
        retries: Frames sent again.
        timeouts: Waits that ran out.
        damaged_replies: Spans from the device that were no frame.
        damaged_requests: Damaged frames that the device told of.
        reopened: Times that the port was opened anew.
        rate_drops: Times that the line fell back to its first rate.
    """

    requests: int = 0
    retries: int = 0
    timeouts: int = 0
    damaged_replies: int = 0
    damaged_requests: int = 0
    reopened: int = 0
    rate_drops: int = 0


def _error(frame: Frame) -> tuple[int, int]:
    """Return (status, type that it answers) of an error frame; (0, -1) of any other frame."""
    if frame.type == _ERROR_REPLY:
        with contextlib.suppress(ReplyError):
            return protocol.parse_error(frame.payload)
    return 0, -1


class Link:
    """Requests to the device behind an open port."""

    def __init__(self, port: SerialPort, timeout: float = TIMEOUT_SECONDS) -> None:
        """Take an open port; nothing is sent before connect()."""
        self.port = port
        self.counters = Counters()
        self.first_baud = port.baud
        self._timeout = timeout
        self._receiver = Receiver()
        self._seq = secrets.randbelow(256)

    def connect(self) -> DeviceInfo:
        """Open a session.

        Raises:
            DeviceSilentError: Nothing, or nothing like a frame or text, came back.
            DeviceUnknownError: Something else is at the other end.
            DeviceVersionError: The device speaks another version of the protocol.
            DeviceError: The device refuses.
            LinkLostError: The port went away.
        """
        self._receiver.clear()
        before = self._receiver.received, self._receiver.frames
        for attempt in range(HELLO_ATTEMPTS):
            session = secrets.randbelow(2**32 - 1) + 1
            timeout = self._timeout * HELLO_SHARE * 2**attempt
            try:
                payload = self._exchange(Message["HELLO"], protocol.u32(session), timeout)
            except StatusError as error:
                raise DeviceVersionError(
                    f"{error}: it may speak another protocol version than this host's"
                    f" {protocol.PROTOCOL_VERSION}: {_OF_ONE_RELEASE}"
                ) from None
            if payload is not None:
                return self._checked_hello(payload, session)
        raise self._diagnosis(*before)

    def request(self, name: str, payload: bytes = b"") -> bytes:
        """Send request `name` and return the payload of its reply.

        Raises:
            StatusError: The device answered with an error.
            DeviceRestartedError: The device has no session: it restarted.
            LinkLostError: No answer after all retries, or the port went away.
        """
        kind = Message[name]
        timeout, timeouts = self._timeout, 0
        self._seq = (self._seq + 1) % 256
        for attempt in range(ATTEMPTS):
            if attempt:
                self.counters.retries += 1
            ran_out = self.counters.timeouts
            reply = self._attempt(kind, payload, timeout)
            if reply is not None:
                self.counters.requests += 1
                return reply
            if self.counters.timeouts != ran_out:
                timeouts += 1
                timeout *= 2
            if timeouts == TIMEOUTS:
                break
            if timeouts >= RATE_TIMEOUTS and self.port.baud != self.first_baud:
                self.set_baud(self.first_baud)
                self.counters.rate_drops += 1
        raise LinkLostError(
            f"no answer to {name} on {self.port.url} after {attempt + 1} attempts:"
            " check cable and power, then run again"
        )

    def set_baud(self, baud: int) -> bool:
        """Run this end of the line at another rate; False when the port cannot.

        Raises:
            PortLostError: The port went away.
        """
        self._receiver.clear()
        return self.port.set_baud(baud)

    def echo(self, payload: bytes, timeout: float) -> bool:
        """Send `payload` once and return whether it came back whole, with no damage around it."""
        return self._exchange(Message["PING"], payload, timeout) == payload

    def require_model(self, info: DeviceInfo, sha256: str) -> None:
        """Check that the device holds the model with this hash.

        Raises:
            DeviceModelError: It holds another one; both hashes are named.
        """
        if info.model_sha256 != sha256:
            raise DeviceModelError(
                f'the device holds model "{info.model}" {info.model_sha256}, the host compares'
                f" with {sha256}: build and flash the same model"
            )

    @property
    def fault(self) -> str:
        """The last fault report that the device printed; empty when there was none."""
        found = _FAULT.findall(self._receiver.remains)
        return found[-1].decode("ascii", "replace") if found else ""

    def _exchange(self, kind: int, payload: bytes, timeout: float) -> bytes | None:
        self._seq = (self._seq + 1) % 256
        return self._attempt(kind, payload, timeout)

    def _attempt(self, kind: int, payload: bytes, timeout: float) -> bytes | None:
        """Send once and wait; None when it must be sent again."""
        line = encode(Frame(kind, self._seq, 0, payload))
        try:
            self.port.send(line)
            wire = self.port.wire_seconds(len(line) + protocol.CHUNK_HEADER_BYTES + len(payload))
            return self._await(kind, time.monotonic() + timeout + 2 * wire)
        except PortLostError as error:
            self._reopen(error)
            return None

    def _await(self, kind: int, deadline: float) -> bytes | None:
        while time.monotonic() < deadline:
            data = self.port.receive()
            if not data:
                continue
            damaged = self._receiver.damaged
            again = False
            for frame in self._receiver.feed(data):
                if self._is_reply(frame, kind):
                    return frame.payload
                again = again or self._is_notice(frame)
            if self._receiver.damaged != damaged:
                self.counters.damaged_replies += self._receiver.damaged - damaged
                again = True
            if again:
                return None
        self.counters.timeouts += 1
        return None

    def _is_reply(self, frame: Frame, kind: int) -> bool:
        """True for the reply that is waited for; raises when it is an error reply to it."""
        if frame.seq != self._seq:
            return False
        if frame.type == kind | protocol.REPLY:
            return True
        status, answers = _error(frame)
        if answers == kind:
            self._raise_status(kind, status)
        return False

    def _raise_status(self, kind: int, status: int) -> None:
        if status == Status["NO_SESSION"]:
            raise DeviceRestartedError(
                f"the device on {self.port.url} restarted: it has no session any more"
            )
        raise StatusError(Message(kind).name, status)

    def _is_notice(self, frame: Frame) -> bool:
        """True when the device tells of a damaged frame."""
        if _error(frame)[1] != 0:
            return False
        self.counters.damaged_requests += 1
        return True

    def _reopen(self, lost: PortLostError) -> None:
        deadline = time.monotonic() + REOPEN_SECONDS
        pause = 0.05
        while time.monotonic() < deadline:
            time.sleep(pause)
            pause = min(2 * pause, 1.0)
            try:
                self.port.reopen(self.first_baud)  # whoever was unplugged has started anew
            except PortNotFoundError:
                continue
            self.counters.reopened += 1
            self._receiver.clear()
            return
        raise LinkLostError(f"{lost}; it did not come back within {REOPEN_SECONDS:.0f} s")

    def _checked_hello(self, payload: bytes, session: int) -> DeviceInfo:
        version = protocol.hello_version(payload)
        if version is not None and version != protocol.PROTOCOL_VERSION:
            raise DeviceVersionError(
                f"the device on {self.port.url} speaks protocol version {version}, this host"
                f" {protocol.PROTOCOL_VERSION}: {_OF_ONE_RELEASE}"
            )
        try:
            info = protocol.parse_hello(payload)
        except ReplyError as error:
            raise DeviceUnknownError(f"{self.port.url}: {error}: not a SAFE device") from None
        if info.session != session:
            raise DeviceUnknownError(f"{self.port.url}: HELLO was not echoed: not a SAFE device")
        return info

    def _diagnosis(self, received: int, frames: int) -> Exception:
        """Return the error that says best what is at the other end."""
        heard = self._receiver.received - received
        url = self.port.url
        if not heard:
            return DeviceSilentError(
                f"no bytes at all from {url}: check power, RX/TX wiring and that the firmware runs"
            )
        remains = self._receiver.remains[-heard:]
        if b"safe error: " in remains:
            reason = remains.split(b"safe error: ", 1)[1].split(b"\r")[0]
            return DeviceError(f"the device on {url} refuses: {reason.decode('ascii', 'replace')}")
        if self.fault:
            return DeviceError(f"the device on {url} faults and restarts: {self.fault}")
        if self._receiver.frames != frames:
            return DeviceUnknownError(
                f"{heard} bytes from {url} hold frames but no reply to HELLO: an echo (RX tied to"
                " TX?) or another device"
            )
        printable = sum(byte in _PRINTABLE for byte in remains)
        if remains and printable >= 0.9 * len(remains):
            text = remains[:60].decode("ascii", "replace").strip()
            return DeviceUnknownError(
                f"{url} sends text ({text!r}) but never answers HELLO: not a SAFE device, or"
                " another firmware"
            )
        return DeviceSilentError(
            f"{heard} bytes from {url} but no valid frame: wrong baud rate ({self.port.baud})?"
        )
