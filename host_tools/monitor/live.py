"""Samples that a device sends by itself: of its own sensors, with or without its verdicts."""

import struct

from host_tools.device import protocol, sensors
from host_tools.device.frame import Frame
from host_tools.device.link import Link
from host_tools.device.protocol import DeviceInfo, Message
from host_tools.monitor.models import split_units
from host_tools.monitor.watched import Device, Facts, Sample
from host_tools.recording.frames import CountedClock

SILENT_SECONDS = 2.0
"""Without a frame for so long, or ten periods, the device is asked whether it still streams."""
_SENSOR = Message["SENSOR"] | protocol.REPLY
_VERDICT = Message["VERDICT"] | protocol.REPLY


class LiveStream:
    """The stream of a detector with sensors of its own (WATCH), or of a logger (SENSORS)."""

    def __init__(self, link: Link, info: DeviceInfo, device: Device, epoch: float) -> None:
        """Ask what the device sends; nothing comes before `begin`.

        Raises:
            StatusError, LinkLostError: see Link.request.
        """
        self._link, self._device, self._epoch = link, device, epoch
        self._has_verdicts = bool(info.features & protocol.FEATURE_WATCH)
        self._request = "WATCH" if self._has_verdicts else "SENSORS"
        self.told = self._switch(on=False)
        self._clock = CountedClock(self.told.period_us / 1e6)
        self._next = -1
        self._heard = 0.0
        self.silent_seconds = max(SILENT_SECONDS, 10 * self.told.period_us / 1e6)

    def names(self) -> tuple[str, ...]:
        """Return the names that a logger tells of its channels, units included."""
        replies = (
            self._link.request("CHANNEL", struct.pack("<H", c)) for c in range(self.told.channels)
        )
        return tuple(
            reply[2:].decode("utf-8", "replace") or f"ch{c}" for c, reply in enumerate(replies)
        )

    def begin(self, now: float) -> None:
        """Let the samples come."""
        self._heard = now
        self._switch(on=True)

    def end(self) -> None:
        """Let no more samples come."""
        self._switch(on=False)

    def take(self, now: float) -> int:
        """Give the samples that have come to the device's history; return how many.

        Raises:
            DeviceRestartedError: The device has begun anew.
            LinkLostError: The port is gone, or the device says nothing any more.
        """
        count = sum(self._frame(frame, now) for frame in self._link.listen())
        if count:
            self._heard = now
        elif now - self._heard > self.silent_seconds:
            self._heard = now
            self._switch(on=True)
        return count

    def control(self, what: int, state: int) -> None:
        """Ask the detector to relearn or to save; see Link.request for errors."""
        self._link.request("CONTROL", sensors.control(what, state))

    def _switch(self, *, on: bool) -> sensors.SensorStream:
        return sensors.parse_sensors(self._link.request(self._request, bytes([on])), self._request)

    def _frame(self, frame: Frame, now: float) -> int:
        if frame.type == _VERDICT and self._has_verdicts:
            return self._verdict(frame.payload, now)
        if frame.type == _SENSOR and not self._has_verdicts:
            return self._rows(frame.payload, now)
        return 0

    def _stamps(self, first: int, count: int, now: float) -> list[float]:
        if first < self._next:
            self._clock.restart()
        self._next = first + count
        return [self._epoch + stamp for stamp in self._clock.take(first, count, now)]

    def _verdict(self, payload: bytes, now: float) -> int:
        found = sensors.parse_verdict(payload, self.told.channels)
        if found is None:
            return 0
        (stamp,) = self._stamps(found.index, 1, now)
        self._device.take(Sample(stamp, found.index, found.values, found.record, found.cycles))
        return 1

    def _rows(self, payload: bytes, now: float) -> int:
        found = sensors.parse_sensor_rows(payload, self.told.channels)
        if found is None:
            return 0
        first, values = found
        stamps = self._stamps(first, len(values), now)
        for i, stamp in enumerate(stamps):
            self._device.take(Sample(stamp, first + i, values[i]))
        return len(values)


def logger_facts(names: tuple[str, ...], info: DeviceInfo, period: float) -> Facts:
    """Return what is known of a logger."""
    channels, units = split_units(names)
    return Facts(channels, units, period, "", "", info.version)
