"""A port whose line fails on demand: bytes that are damaged, lost or come twice, pauses, a plug
that is pulled. What fails, and after how many bytes, follows from a seed.
"""

import random
import time

from host_tools.device.serial_port import PortLostError, SerialPort

BYTES = ("flip", "drop", "duplicate", "insert")
KINDS = (*BYTES, "cut", "delay", "unplug")
"""A byte with an inverted bit, without, twice, followed by another; the rest of a block lost; a
stretch of silence; the port closed."""
_GAP_BYTES = (20, 900)
"""Range of the number of bytes from one hit to the next, of both directions together."""
_DELAY_SECONDS = (0.02, 0.3)


class FaultyPort(SerialPort):
    """An open line that behaves, until `arm` says how it does not."""

    def __init__(self, url: str, seed: int) -> None:
        """Open `url`; PortNotFoundError when that fails."""
        super().__init__(url)
        self._random = random.Random(seed)
        self._kind = ""
        self._left = self._next = 0
        self.hits = 0
        """Number of times that the line failed."""

    def arm(self, kind: str, hits: int) -> None:
        """Let the line fail `hits` times from now on."""
        self._kind, self._left = kind, hits
        self._next = self._random.randint(*_GAP_BYTES)

    def disarm(self) -> None:
        """Let the line be a good one."""
        self._left = 0

    def send(self, data: bytes) -> None:
        """Send what the line passes on of `data`; see `SerialPort.send`."""
        super().send(self._passed(data))

    def receive(self) -> bytes:
        """Return what the line passes on of what has come; see `SerialPort.receive`."""
        return self._passed(super().receive())

    def _passed(self, data: bytes) -> bytes:
        if not self._left or not data:
            return data
        if self._kind in BYTES:
            return b"".join(self._byte(data[i : i + 1]) for i in range(len(data)))
        self._next -= len(data)
        if self._next > 0:
            return data
        self._hit()
        if self._kind == "cut":
            return data[: self._random.randrange(len(data))]
        if self._kind == "delay":
            time.sleep(self._random.uniform(*_DELAY_SECONDS))
            return data
        self.close()
        raise PortLostError(f"port {self.url} was lost: its plug was pulled")

    def _byte(self, byte: bytes) -> bytes:
        self._next -= 1
        if self._next > 0 or not self._left:
            return byte
        self._hit()
        return {
            "flip": bytes([byte[0] ^ 1 << self._random.randrange(8)]),
            "drop": b"",
            "duplicate": byte + byte,
            "insert": byte + self._random.randbytes(1),
        }[self._kind]

    def _hit(self) -> None:
        self.hits += 1
        self._left -= 1
        self._next = self._random.randint(*_GAP_BYTES)
