# ruff: noqa: ARG002 (every fault has the same signature)
"""Faults of a line by their name and their rate, for the grid of the line."""

import contextlib
import socket
import time
import zlib

from tests.unit.host_tools.device.faults import TO_DEVICE, Every, Fault, Resets

BYTES = ("drop", "flip", "duplicate", "insert")
FAULTS = (*BYTES, "delay", "cut", "reset", "unplug", "throttle")
RATES = (1e-4, 1e-3, 1e-2)
MEAN_DELAY, MOST_DELAY = 0.1, 2.0
"""Seconds for which a line stands still."""
PIECE = 16
"""Bytes that a slow line passes at once."""


class At(Every):
    """Does something to a block of bytes, each of which begins it with a chance of one in `period`.

    Subclasses change `act`.
    """

    def pass_on(self, direction, data, proxy):
        self._next -= len(data)
        if self._next > 0:
            return data
        self._next = self._gap()
        self.hits += 1
        return self.act(data, proxy)

    def act(self, data, proxy):
        """Return what arrives of the block."""
        return data


class Delay(At):
    """The line stands still for a tenth of a second in the mean."""

    def act(self, data, proxy):
        time.sleep(min(MOST_DELAY, self.random.expovariate(1 / MEAN_DELAY)))
        return data


class CutBlock(At):
    """The end of a block is lost, from somewhere on."""

    def act(self, data, proxy):
        return data[: self.random.randrange(len(data))]


class Unplug(At):
    """The connection ends; what was on the way is lost."""

    def act(self, data, proxy):
        with contextlib.suppress(OSError):
            proxy.client.shutdown(socket.SHUT_RDWR)
        return b""


class Throttle(Fault):
    """A byte takes `rate` seconds: 1e-3 are the 9,600 baud of old."""

    def __init__(self, rate: float) -> None:
        self.rate, self.hits = rate, 0

    def pass_on(self, direction, data, proxy):
        sink = proxy.device if direction == TO_DEVICE else proxy.client
        for start in range(0, len(data), PIECE):
            piece = data[start : start + PIECE]
            time.sleep(self.rate * len(piece))
            sink.sendall(piece)
            self.hits += 1
        return b""


def fault(name: str, rate: float, cell: str) -> Fault:
    """Return a fault whose course follows from the name of its cell."""
    period, seed = round(1 / rate), zlib.crc32(cell.encode())
    if name in BYTES:
        return Every(name, period, seed)
    if name == "reset":
        return Resets(period, period, 10**9)
    if name == "throttle":
        return Throttle(rate)
    return {"delay": Delay, "cut": CutBlock, "unplug": Unplug}[name](name, period, seed)
