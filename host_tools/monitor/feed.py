"""A log that goes through a device whose samples come over the line: at its own pace or another."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from host_tools.detection import hours
from host_tools.device import protocol
from host_tools.device.link import Link
from host_tools.device.protocol import DeviceInfo
from host_tools.device.stream import SampleStream
from host_tools.monitor.watched import Device, Sample

BATCH_SECONDS = 0.25
"""Rows of so much time travel together when the line allows it: the page shows no more."""


@dataclass(frozen=True, eq=False)
class Log:
    """Rows to be sent.

    Attributes:
        samples: float32 [rows, channels], raw; NaN is missing.
        numbers: int64 [rows] from 0 on, ascending: a jump is what the log lost.
        rate_hz: Numbers in a second.
        start: Time of number 0 in seconds since 1970; 0: not known.
    """

    samples: NDArray[np.float32]
    numbers: NDArray[np.int64]
    rate_hz: float
    start: float = 0.0

    @property
    def has_calendar(self) -> bool:
        """Whether the stamps are those of a calendar."""
        return self.start > hours.CALENDAR


class Feed:
    """A log on its way through a device."""

    def __init__(self, log: Log, speed: float) -> None:
        """Begin at the first row, at `speed` times the log's rate; 0: as fast as it goes."""
        self.log, self.speed = log, speed
        self.at = 0
        """The next row."""
        self._begin = 0.0
        self._stream: SampleStream | None = None
        self._base = 0

    def open(self, link: Link, info: DeviceInfo, now: float, epoch: float) -> None:
        """Open a stream that begins with the next row.

        Args:
            link: With an open session.
            info: What the device is.
            now: Time of the monotonic clock.
            epoch: Seconds since 1970 at its time 0.
        """
        log = self.log
        self._base = int(log.numbers[min(self.at, len(log.numbers) - 1)])
        self._begin = now
        self._start = log.start if log.has_calendar else epoch + now
        phase = None
        if info.day_samples and log.has_calendar:
            phase = hours.phase(log.start + self._base / log.rate_hz, info.day_samples)
        pace = protocol.PACE_PLANT if self.speed == 1 else protocol.PACE_REPLAY
        self._most = info.max_samples
        self._stream = SampleStream(link, info, phase, pace=pace)

    @property
    def is_done(self) -> bool:
        """Whether all rows are sent."""
        return self.at >= len(self.log.samples)

    def due(self, now: float) -> int:
        """Return how many rows may be sent now."""
        left = len(self.log.samples) - self.at
        if not self.speed:
            return left
        passed = (now - self._begin) * self.log.rate_hz * self.speed
        return int(np.searchsorted(self.log.numbers[self.at :] - self._base, passed, "right"))

    def wait(self, now: float) -> float:
        """Return the seconds until the next row is due."""
        if not self.speed or self.is_done:
            return 0.0
        ahead = (int(self.log.numbers[self.at]) - self._base) / (self.log.rate_hz * self.speed)
        return max(0.0, ahead - (now - self._begin))

    def send(self, device: Device, count: int) -> None:
        """Send the next rows, at most as many as fit a frame; the device's records follow.

        Raises:
            DeviceRestartedError, StatusError, LinkLostError: see Link.request.
        """
        assert self._stream is not None
        log, rows = self.log, slice(self.at, self.at + min(count, self._most))
        numbers = log.numbers[rows]
        records = self._stream.send(log.samples[rows], numbers - self._base)
        self.at = rows.stop
        for values, number, record in zip(log.samples[rows], numbers, records, strict=True):
            stamp = self._start + float(number) / log.rate_hz
            device.take(Sample(stamp, int(number), values, record))

    def relearn(self, state: int) -> None:
        """See `SampleStream.relearn`."""
        assert self._stream is not None
        self._stream.relearn(state)
