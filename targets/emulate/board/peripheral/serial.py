"""The wire of the command UART: a TCP server on the loopback that one client may use at a time.

No baud rate is paced. Bytes of the client wait in the socket until the receiver takes them one by
one; bytes to a client that does not read are kept up to a bound, then the transmitter is held up.
Without a client, bytes are lost, as on a wire that ends nowhere.
"""

import contextlib
import ctypes
import select
import socket

from targets.emulate.board.peripheral.line import MOST_KEPT, Buffers


class Serial:
    """The board's end of the wire."""

    def __init__(self) -> None:
        """Listen on a free port of the loopback."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self._client: socket.socket | None = None
        self._buffers = Buffers()
        self._received = memoryview(self._buffers.received).cast("B")
        self._kept = memoryview(self._buffers.kept).cast("B")
        self.line = self._buffers.line
        """Counts of both directions, for native code too."""

    @property
    def port(self) -> int:
        """The port that listens."""
        return int(self._listener.getsockname()[1])

    def accept(self) -> None:
        """Wait for the first client."""
        select.select([self._listener], [], [])
        self._take_client()

    def _take_client(self) -> None:
        with contextlib.suppress(BlockingIOError):
            client, _ = self._listener.accept()
            client.setblocking(False)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._drop()
            self._client = client

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None
        self.line.output_count = 0

    def poll(self) -> None:
        """Take what came and send what waits, without blocking."""
        self._send()
        if self.has_received:
            return None
        if self._client is None:
            return self._take_client()
        try:
            count = self._client.recv_into(self._received)
        except BlockingIOError:
            return None
        except OSError:
            return self._drop()
        if not count:
            return self._drop()
        self.line.input_next, self.line.input_count = 0, count
        return None

    def wait(self, seconds: float) -> None:
        """Sleep until something comes, or `seconds` have passed."""
        self._send()
        source = self._client if self._client is not None else self._listener
        writers = [source] if self.line.output_count else []
        select.select([source], writers, [], seconds)

    def _send(self) -> None:
        while self.line.output_count and self._client is not None:
            try:
                sent = self._client.send(self._kept[: self.line.output_count])
            except BlockingIOError:
                return
            except OSError:
                self._drop()
                return
            self.line.output_count -= sent
            start = ctypes.addressof(self._buffers.kept)
            ctypes.memmove(start, start + sent, self.line.output_count)

    @property
    def has_received(self) -> bool:
        """Whether a byte waits for the receiver."""
        return self.line.input_next < self.line.input_count

    def take(self) -> int | None:
        """Return the next received byte, None when there is none."""
        if not self.has_received:
            return None
        byte = self._received[self.line.input_next]
        self.line.input_next += 1
        return byte

    @property
    def has_client(self) -> bool:
        """Whether somebody is at the other end."""
        return self._client is not None

    @property
    def is_held_up(self) -> bool:
        """Whether the client reads too slowly for one more byte."""
        return self.line.output_count >= MOST_KEPT

    def put(self, byte: int) -> None:
        """Send one byte."""
        if self._client is not None and self.line.output_count < len(self._kept):
            self._kept[self.line.output_count] = byte
            self.line.output_count += 1

    def flush(self) -> None:
        """Send what is kept, as far as the client takes it, and hang up."""
        if self._client is not None:
            self._client.setblocking(True)
            self._client.settimeout(1.0)
            self._send()
        self._drop()
        self._listener.close()
