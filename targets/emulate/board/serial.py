"""The wire of the command UART: a TCP server on the loopback that one client may use at a time.

No baud rate is paced. Bytes of the client wait in the socket until the receiver takes them one by
one; bytes to a client that does not read are kept up to a bound, then the transmitter is held up.
Without a client, bytes are lost, as on a wire that ends nowhere.
"""

import contextlib
import select
import socket
from collections import deque

_CHUNK = 65536
_MOST_KEPT = 65536


class Serial:
    """One end of the wire."""

    def __init__(self) -> None:
        """Listen on a free port of the loopback."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self._client: socket.socket | None = None
        self._received: deque[int] = deque()
        self._kept = bytearray()

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
        self._kept.clear()

    def poll(self) -> None:
        """Take what came and send what waits, without blocking."""
        self._send()
        if self._received:
            return None
        if self._client is None:
            return self._take_client()
        try:
            data = self._client.recv(_CHUNK)
        except BlockingIOError:
            return None
        except OSError:
            return self._drop()
        if not data:
            return self._drop()
        self._received.extend(data)
        return None

    def wait(self, seconds: float) -> None:
        """Sleep until something comes, or `seconds` have passed."""
        self._send()
        source = self._client if self._client is not None else self._listener
        writers = [source] if self._kept else []
        select.select([source], writers, [], seconds)

    def _send(self) -> None:
        while self._kept and self._client is not None:
            try:
                sent = self._client.send(self._kept)
            except BlockingIOError:
                return
            except OSError:
                self._drop()
                return
            del self._kept[:sent]

    @property
    def has_received(self) -> bool:
        """Whether a byte waits for the receiver."""
        return bool(self._received)

    def take(self) -> int | None:
        """Return the next received byte, None when there is none."""
        return self._received.popleft() if self._received else None

    @property
    def is_held_up(self) -> bool:
        """Whether the client reads too slowly for one more byte."""
        return len(self._kept) >= _MOST_KEPT

    def put(self, byte: int) -> None:
        """Send one byte."""
        if self._client is not None:
            self._kept.append(byte)

    def flush(self) -> None:
        """Send what is kept, as far as the client takes it, and hang up."""
        if self._client is not None:
            self._client.setblocking(True)
            self._client.settimeout(1.0)
            self._send()
        self._drop()
        self._listener.close()
