"""A device that runs SAFE's logger: samples of its sensors in frames, counted."""

import contextlib
import math
import struct
from collections.abc import Callable, Sequence

import numpy as np

from host_tools.device import protocol, sensors
from host_tools.device.frame import Receiver
from host_tools.device.link import Link
from host_tools.device.protocol import Message
from host_tools.device.serial_port import SerialPort
from host_tools.errors import DataError, DeviceSilentError, DeviceUnknownError
from host_tools.recording.source import Row, Timing
from targets.errors import SafeError

SILENT_SECONDS = 2.0
"""Without a frame for so long, or ten periods, the device is asked to begin anew: it restarted."""
_FOLLOWING_SECONDS = 4.0
"""Time in which the stamps follow a frame that comes late."""
_MOST_GAIN = 1 / 16


class CountedClock:
    """Stamps of rows that the device counts: only its crystal and the way to the host are unknown.

    A frame comes when its last row was taken, and later by what the line and the host need. The
    stamps go on by the period and follow how late the frames come slowly; the count tells gaps.
    """

    def __init__(self, period: float) -> None:
        """Take the period that the device tells, in seconds."""
        self.timing = Timing(1 / period)
        self._period = period
        self._index, self._stamp = -1, -math.inf
        self._sums = [0.0, 0.0, 0.0]

    def restart(self) -> None:
        """Note that the device counts anew."""
        self._index = -1

    def take(self, first: int, count: int, arrival: float) -> list[float]:
        """Return the stamps of rows `first` to `first + count − 1`, which came at `arrival`."""
        last = first + count - 1
        if self._index < 0:
            begin = arrival - (count - 1) * self._period
            if math.isfinite(self._stamp):
                begin = max(begin, self._stamp + self._period)
                self.timing.gaps.append((self._stamp, begin - self._stamp))
            end = begin + (count - 1) * self._period
        else:
            if first > self._index + 1:
                self.timing.gaps.append((self._stamp, (first - self._index) * self._period))
            passed = (last - self._index) * self._period
            late = arrival - self._stamp - passed
            self._note(late)
            gain = min(_MOST_GAIN, passed / _FOLLOWING_SECONDS)
            self._period += (gain / 2) ** 2 * late * self._period / passed
            end = self._stamp + passed + gain * max(late, -passed / 2)
        self._index, self._stamp = last, end
        self.timing.rate_hz = 1 / self._period
        return [end - (count - 1 - i) * self._period for i in range(count)]

    def _note(self, late: float) -> None:
        for i, value in enumerate((1.0, late, late * late)):
            self._sums[i] += value
        count, total, squares = self._sums
        self.timing.jitter_seconds = math.sqrt(max(0.0, squares / count - (total / count) ** 2))


class FrameSource:
    """Rows of a logger."""

    def __init__(self, port: SerialPort, names: Sequence[str]) -> None:
        """Connect and begin the stream; `names` replace those of the device.

        Raises:
            DeviceUnknownError: The device is no logger.
            DataError: As many names as channels are needed.
            SafeError: Those of `Link.connect`.
        """
        self.first_dropped = ""
        self.note = ""
        self._link, self._receiver = Link(port), Receiver()
        self._next = -1
        self._last: float | None = None
        info = self._link.connect()
        if not info.features & protocol.FEATURE_SENSORS:
            raise DeviceUnknownError(
                f'the device on {port.url} runs model "{info.model}", not the logger: build and'
                " flash app=logger (docs/live.md)"
            )
        channels, self._period = self._switch(on=False)
        self.names = tuple(names) or tuple(self._name(i) for i in range(channels))
        if len(self.names) != channels:
            raise DataError(
                f"--channels names {len(names)}, the device sends {channels}: name each"
            )
        self._clock = CountedClock(self._period)
        self._switch(on=True)

    def _switch(self, *, on: bool) -> tuple[int, float]:
        """Begin or end the stream; return channels and period in seconds."""
        told = sensors.parse_sensors(self._link.request("SENSORS", bytes([on])), "SENSORS")
        return told.channels, told.period_us / 1e6

    def _name(self, channel: int) -> str:
        reply = self._link.request("CHANNEL", struct.pack("<H", channel))
        return reply[2:].decode("utf-8", "replace") or f"ch{channel}"

    @property
    def dropped(self) -> int:
        """Frames that were damaged on the line."""
        return self._receiver.damaged

    def take(self, data: bytes, now: float, *, is_fault: bool) -> list[Row]:
        """See `Source.take`."""
        self._last = now if self._last is None else self._last
        found = []
        for frame in self._receiver.feed(data):
            if frame.type != Message["SENSOR"] | protocol.REPLY:
                continue
            found_rows = sensors.parse_sensor_rows(frame.payload, len(self.names))
            if found_rows is None:
                continue
            self._last = now
            first, values = found_rows
            rows = len(values)
            if first < self._next:
                self._clock.restart()
            self._next = first + rows
            stamps = self._clock.take(first, rows, now)
            found += [
                Row(stamp, _texts(row), is_fault) for stamp, row in zip(stamps, values, strict=True)
            ]
        if now - self._last > max(SILENT_SECONDS, 10 * self._period):
            self._last = now
            with contextlib.suppress(SafeError):
                self._resume()
        return found

    def _resume(self) -> None:
        self._link.connect()
        self._switch(on=True)

    @property
    def waiting(self) -> int:
        """No row waits: the device counts them."""
        return 0

    def rest(self) -> list[Row]:
        """See `Source.rest`; the stream of the device ends."""
        with contextlib.suppress(SafeError):
            self._switch(on=False)
        return []

    def lose(self, say: Callable[[str], None]) -> None:
        """See `Source.lose`."""
        self._receiver.clear()
        self._clock.restart()
        try:
            self._resume()
        except SafeError as error:
            say(f"{error}; waiting for it")

    def timing(self) -> Timing:
        """See `Source.timing`."""
        return self._clock.timing

    def diagnosis(self, seconds: float) -> DeviceSilentError:
        """See `Source.diagnosis`."""
        return DeviceSilentError(
            f"the logger on {self._link.port.url} sent no sample in {seconds:g} s"
        )


def _texts(row: "np.ndarray[tuple[int], np.dtype[np.float32]]") -> list[str]:
    """Return the shortest texts that are these numbers; empty for NaN and infinity."""
    return [np.format_float_positional(v, trim="-") if np.isfinite(v) else "" for v in row]
