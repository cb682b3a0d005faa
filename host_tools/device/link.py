"""Requests over an unreliable line: stop and wait, retries, diagnosis of what is at the other end.

A request is sent again when its time runs out, or once the line is quiet after either end reported
damage. The device
answers a repeated request (same type, seq and bytes) from memory, so nothing runs twice. A device
that restarted has no session and says so: DeviceRestartedError, after which connect() opens a new
one.
"""

import contextlib
import secrets
import time
from collections import deque
from dataclasses import dataclass
from enum import Enum

from host_tools.device import chunk, diagnosis, protocol
from host_tools.device.chunk import ChunkSize
from host_tools.device.frame import Frame, Receiver, encode
from host_tools.device.protocol import DeviceInfo, Message, ReplyError, Status, status_name
from host_tools.device.serial_port import PortLostError, SerialPort
from host_tools.errors import (
    DeviceError,
    DeviceModelError,
    DeviceUnknownError,
    DeviceVersionError,
    LinkLostError,
    PortNotFoundError,
)

TIMEOUT_SECONDS = 1.0
"""Length of the first wait for a reply; it is doubled each time it runs out."""
TIMEOUTS = 4
"""Number of waits in a row that may run out for one request: 1 + 2 + 4 + 8 = 15 s."""
ATTEMPTS = 128
"""Largest number of times that one request is sent, whatever the reason: where one byte in a
hundred is damaged, a frame of 75 bytes and its reply of as many come through once in five times."""
PATIENCE = 4
"""Number of damaged sendings after which a request is given up that can be made in smaller ones."""
REOPENINGS = 8
"""Number of times that the port may be lost during one request."""
HELLO_ATTEMPTS = 5
HELLO_SHARE = 0.2
"""Length of the first wait for HELLO as a part of TIMEOUT_SECONDS; it is doubled each time, because
a device that is still starting loses the first HELLO. 0.2 + 0.4 + … + 3.2 = 6.2 s, longer than any
board takes to start."""
RATE_TIMEOUTS = 2
"""Number of waits that run out before a line at a raised rate returns to its first rate, as the
device does."""
CUT_SECONDS = 0.5
"""A frame under way that stands still for so long was cut, as for the device."""
REOPEN_SECONDS = 5.0
"""Longest time that a lost port (cable, USB reset) may stay away."""
MOST_UNASKED = 4096
"""Number of frames that the device sent without a request and that nobody took yet."""
_OF_ONE_RELEASE = "write an image of this release (`host_tools flash`), or use the device's tools"
_ERROR_REPLY = Message["ERROR"] | protocol.REPLY


_SENSOR = Message["SENSOR"] | protocol.REPLY


class ChunkDamagedError(LinkLostError):
    """The line damages a frame again and again that can be smaller: `Link.chunk` now says so."""


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


class _Trouble(Enum):
    """Why a request must be sent again."""

    SILENT = "no answer in time"
    DAMAGED = "either end had a damaged frame"
    LOST = "the port went away, and is back"


def _error(frame: Frame) -> tuple[int, int]:
    """Return (status, type that it answers) of an error frame; (0, -1) of any other frame."""
    if frame.type == _ERROR_REPLY:
        with contextlib.suppress(ReplyError):
            return protocol.parse_error(frame.payload)
    return 0, -1


def _is_hello(frame: Frame) -> bool:
    """True for a reply to HELLO, to whichever attempt."""
    if frame.type != Message["HELLO"] | protocol.REPLY:
        return False
    return protocol.hello_version(frame.payload) == protocol.PROTOCOL_VERSION


class Link:
    """Requests to the device behind an open port."""

    def __init__(self, port: SerialPort, timeout: float = TIMEOUT_SECONDS) -> None:
        """Take an open port; nothing is sent before connect()."""
        self.port = port
        self.counters = Counters()
        self.first_baud = port.baud
        self._timeout = timeout
        self._receiver = Receiver()
        self._text_seen = 0
        self._unasked: deque[Frame] = deque(maxlen=MOST_UNASKED)
        self._seq = secrets.randbelow(256)
        self._session = 0
        self.chunk = ChunkSize()
        """How many bytes of data the next frame should take."""
        self._sent = self._spoiled = self._own = 0

    def connect(self) -> DeviceInfo:
        """Open a session.

        Raises:
            DeviceSilentError: Nothing, or nothing like a frame or text, came back.
            DeviceUnknownError: Something else is at the other end.
            DeviceVersionError: The device speaks another version of the protocol.
            DeviceError: The device refuses.
            LinkLostError: The port went away, or the line damages all that a SAFE device sends.
        """
        self._receiver.clear()
        before = self._receiver.received, self._receiver.frames
        waits, sent, self._own = 0, 0, 0
        while waits < HELLO_ATTEMPTS and sent < ATTEMPTS:
            sent += 1
            session = secrets.randbelow(2**32 - 1) + 1
            timeout = self._timeout * HELLO_SHARE * 2**waits
            try:
                payload = self._exchange(Message["HELLO"], protocol.u32(session), timeout)
            except StatusError as error:
                raise DeviceVersionError(
                    f"{error}: it may speak another protocol version than this host's"
                    f" {protocol.PROTOCOL_VERSION}: {_OF_ONE_RELEASE}"
                ) from None
            if isinstance(payload, bytes):
                self.chunk.note(sent - 1 - waits, 0)
                self._session = session
                return self._checked_hello(payload, session)
            waits += payload != _Trouble.DAMAGED
        heard = self._receiver.received - before[0]
        raise diagnosis.error(
            diagnosis.Heard(
                self.port.url,
                self.port.baud,
                heard,
                self._receiver.remains[-heard:] if heard else b"",
                has_frames=self._receiver.frames != before[1],
                damage=self._damage() if self._own else "",
            )
        )

    def request(self, name: str, payload: bytes = b"", *, is_chunk: bool = False) -> bytes:
        """Send request `name` and return the payload of its reply.

        With `is_chunk` the caller can begin anew with smaller frames.

        Raises:
            ChunkDamagedError: It should, because the line damages this one.
            StatusError: The device answered with an error.
            DeviceRestartedError: The device has no session: it restarted.
            LinkLostError: No answer after all retries, or the port went away.
        """
        kind = Message[name]
        most = PATIENCE if is_chunk and self.chunk.size > chunk.LEAST else ATTEMPTS
        waits = damaged = lost = 0
        self._seq = (self._seq + 1) % 256
        for attempt in range(ATTEMPTS):
            if attempt:
                self.counters.retries += 1
            reply = self._attempt(kind, payload, self._timeout * 2**waits)
            if isinstance(reply, bytes):
                self.counters.requests += 1
                self.chunk.note(damaged, max(len(payload), len(reply)))
                return reply
            waits = {_Trouble.SILENT: waits + 1, _Trouble.DAMAGED: 0, _Trouble.LOST: waits}[reply]
            damaged += reply == _Trouble.DAMAGED
            lost += reply == _Trouble.LOST
            if waits == TIMEOUTS or lost == REOPENINGS or damaged == most:
                break
            if waits >= RATE_TIMEOUTS and self.port.baud != self.first_baud:
                self.set_baud(self.first_baud)
                self.counters.rate_drops += 1
        if damaged == most < ATTEMPTS:
            self.chunk.note(damaged, len(payload))
            raise ChunkDamagedError(self._damage())
        if lost == REOPENINGS:
            raise LinkLostError(
                f"port {self.port.url} was lost {lost} times during {name}: check its plug"
            )
        damage = self._damage() if damaged else ""
        raise LinkLostError(diagnosis.no_answer(self.port, name, attempt + 1, damage))

    def reset(self) -> None:
        """Restart the device, once, whatever the line does; connect() opens the next session.

        Raises:
            StatusError, LinkLostError: see request().
        """
        with contextlib.suppress(DeviceRestartedError):  # the reply was lost; it has restarted
            self.request("RESET", protocol.u32(self._session))

    def listen(self) -> list[Frame]:
        """Return the frames that came without a request since the last call.

        Waits as a read of the port does, if there are none. Late copies of replies are among them.

        Raises:
            PortLostError: The port went away.
        """
        if not self._unasked:
            damaged = self._receiver.damaged
            for frame in self._receiver.feed(self.port.receive()):
                if not self._is_notice(frame):
                    self._unasked.append(frame)
            self.counters.damaged_replies += self._receiver.damaged - damaged
        found = list(self._unasked)
        self._unasked.clear()
        return found

    def texts(self) -> list[str]:
        """Return the lines of text that the device said since the last call, whole or not."""
        said = self._receiver.text(self._text_seen)
        self._text_seen = self._receiver.text_bytes
        return said.decode("ascii", "replace").splitlines()

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
        return diagnosis.fault(self._receiver.remains)

    def _exchange(self, kind: int, payload: bytes, timeout: float) -> bytes | _Trouble:
        self._seq = (self._seq + 1) % 256
        return self._attempt(kind, payload, timeout)

    def _attempt(self, kind: int, payload: bytes, timeout: float) -> bytes | _Trouble:
        """Send once and wait; return the reply, or why it must be sent again."""
        line = encode(Frame(kind, self._seq, 0, payload))
        self._sent += 1
        try:
            self.port.send(line)
            wire = self.port.wire_seconds(len(line) + protocol.CHUNK_HEADER_BYTES + len(payload))
            return self._await(kind, time.monotonic() + timeout + 2 * wire)
        except PortLostError as error:
            self._reopen(error)
            return _Trouble.LOST

    def _await(self, kind: int, deadline: float) -> bytes | _Trouble:
        """Wait for the reply; after damage only until the line is quiet, for a damaged frame may
        fall into many, and each repeat would meet what is left of the one before.
        """
        is_damaged, last = False, time.monotonic()
        while (now := time.monotonic()) < deadline:
            data = self.port.receive()
            if not data and is_damaged:
                break
            damaged = self._receiver.damaged
            last = now if data else last
            if now - last >= CUT_SECONDS:
                self._receiver.give_up()
            reply = None
            for frame in self._receiver.feed(data):
                if reply is None and self._is_reply(frame, kind):
                    reply = frame.payload
                elif self._is_notice(frame):
                    is_damaged = True
                else:
                    self._unasked.append(frame)
            if reply is not None:
                return reply
            if self._receiver.damaged != damaged:
                self.counters.damaged_replies += self._receiver.damaged - damaged
                is_damaged = True
        if is_damaged:
            self._spoiled += 1
            return _Trouble.DAMAGED
        self.counters.timeouts += 1
        return _Trouble.SILENT

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
        """True when the device tells of a damaged frame; frames of SAFE's own are counted."""
        if _error(frame)[1] != 0:
            self._own += frame.type == _SENSOR or _is_hello(frame)
            return False
        self._own += 1
        self.counters.damaged_requests += 1
        return True

    def _damage(self) -> str:
        if not self._spoiled:
            return f"the line on {self.port.url} delays frames for too long"
        return f"the line on {self.port.url} damages frames ({self._spoiled} of {self._sent})"

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
