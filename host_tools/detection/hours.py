"""The mean of each channel in each hour of the day, where days of quiet rows tell it.

What is fitted sees rows less that mean, as the device takes it off with the time of day that it
was told. The day is that of the log's own clock: its local time, or UTC.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from host_tools.data.table import Table
from host_tools.data.window import TimeSplit
from host_tools.detection.features import F64
from host_tools.detection.rule import Rule
from host_tools.formats.detector import HOURS, MAX_SAMPLES, Detector
from host_tools.formats.scaler import Scaler

DAY = 86_400.0
CALENDAR = 1e8
"""Seconds since 1970, in March 1973: a clock that shows less began at a zero of its own, and does
not know the time of day."""
STEPS = 32000
"""Of the int16 table: the largest mean of a channel takes so many."""


@dataclass(frozen=True, eq=False)
class Hours:
    """float64 [24, C], what each hour is above the mean of all, raw units; day_samples 0: none."""

    day_samples: int
    mean: F64

    def without(self, part: Table) -> Table:
        """Return the table less the mean of each row's hour."""
        if not self.day_samples or part.seconds is None:
            return part
        known = np.isfinite(part.seconds)
        hour = _hours(np.where(known, part.seconds, 0.0))
        less = np.where(known[:, None], self.mean[hour], 0.0)
        return replace(part, samples=(part.samples - less).astype(np.float32))

    def since_midnight(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return rows of `without` as they would be from midnight on, with the mean of the hour."""
        if not self.day_samples:
            return samples
        hour = np.arange(len(samples)) % self.day_samples * HOURS // self.day_samples
        return np.asarray(samples + self.mean[hour], np.float32)

    def onto(self, detector: Detector, scaler: Scaler) -> Detector:
        """Return the detector with the hours in its own units."""
        if not self.day_samples:
            return detector
        mean = self.mean * scaler.inv_std.astype(np.float64)
        scale = (np.abs(mean).max(axis=0) / STEPS).astype(np.float32)
        steps = np.rint(np.divide(mean, scale, out=np.zeros_like(mean), where=scale > 0))
        return replace(
            detector,
            day_samples=self.day_samples,
            hour_mean=steps.astype(np.int16).ravel(),
            hour_scale=scale,
        )

    def words(self) -> str:
        """Return what was found, and what the device needs."""
        return (
            "the hour of the day counts: its mean is taken off each channel; the device must be"
            " told the time of day (phase of STREAM_RESET, safe_detector_set_phase), else it stays"
            " in warm-up"
        )


def split(parts: TimeSplit, rule: Rule) -> tuple[Hours, TimeSplit]:
    """Return the hours of the training part, and the parts less them.

    None are found with a learned baseline, without a clock that knows the time of day, with fewer
    quiet days than the rule asks for, or where an hour was never seen.
    """
    found = _fit(parts.train, rule)
    if not found.day_samples:
        return found, parts
    three = (found.without(part) for part in (parts.train, parts.validation, parts.test))
    return found, TimeSplit(*three)


def less_hours(z: F64, detector: Detector, phase: int | None) -> F64:
    """Return z [T, C] less the mean of each row's hour, as a device with the time of day has it.

    `phase` is the sample of the day of the first row; None: the time is not known.
    """
    day = detector.day_samples
    if not day or phase is None:
        return z
    table = detector.hour_mean.reshape(HOURS, -1).astype(np.float64) * detector.hour_scale
    return np.asarray(z - table[(phase + np.arange(len(z))) % day * HOURS // day], np.float64)


def phase(seconds: float, day_samples: int) -> int | None:
    """Return which sample of its day a time since 1970 is; None where that cannot be told."""
    if not day_samples or not np.isfinite(seconds) or seconds < CALENDAR:
        return None
    return int(seconds % DAY * day_samples / DAY)


def _fit(train: Table, rule: Rule) -> Hours:
    """Means of each hour over quiet rows, smoothed 1-2-1 over the hours."""
    none = Hours(0, np.zeros((HOURS, train.channels)))
    day = round(DAY * train.rate_hz)
    if rule.learn_rows or train.seconds is None or not HOURS <= day <= MAX_SAMPLES // HOURS:
        return none
    quiet = (train.labels == 0) & np.isfinite(train.samples).all(axis=1)
    quiet &= np.isfinite(train.seconds) & (train.seconds >= CALENDAR)
    if quiet.sum() < rule.hours * day:
        return none
    hour = _hours(train.seconds[quiet])
    rows = train.samples[quiet].astype(np.float64)
    total, number = np.zeros((HOURS, train.channels)), np.zeros(HOURS)
    np.add.at(total, hour, rows - rows.mean(axis=0))
    np.add.at(number, hour, 1)
    if not number.all():
        return none
    mean = total / number[:, None]
    return Hours(day, (np.roll(mean, 1, axis=0) + 2 * mean + np.roll(mean, -1, axis=0)) / 4)


def _hours(seconds: F64) -> NDArray[np.int64]:
    return (seconds % DAY * HOURS // DAY).astype(np.int64)
