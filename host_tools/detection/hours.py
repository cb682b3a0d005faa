"""The mean of each channel in each hour of the day, where days of quiet rows tell it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from host_tools.detection.features import F64
from host_tools.formats.detector import HOURS
from host_tools.formats.scaler import Scaler

if TYPE_CHECKING:
    from host_tools.detection.fit import Material
    from host_tools.detection.rule import Rule

STEPS = 32000
"""Of the int16 table: the largest mean of a channel takes so many."""


@dataclass(frozen=True, eq=False)
class Hours:
    """int16 [24 C] in steps of `scale` [C]; empty with day_samples 0."""

    day_samples: int
    steps: NDArray[np.int16]
    scale: NDArray[np.float32]

    @classmethod
    def none(cls) -> "Hours":
        """The hour does not count."""
        return cls(0, np.zeros(0, np.int16), np.zeros(0, np.float32))

    @classmethod
    def fit(cls, material: "Material", scaler: Scaler, rule: "Rule") -> "Hours":
        """Means of each hour, smoothed 1-2-1 over the hours; none without enough days."""
        day = material.day_samples
        rows = sum(len(s) for s, held in zip(material.segments, material.held, strict=True)
                   if not held)  # fmt: skip
        if not day or not material.phases or rows < rule.hours * day:
            return cls.none()
        count = material.segments[0].shape[1]
        total, number = np.zeros((HOURS, count)), np.zeros(HOURS)
        for segment, phase, held in zip(
            material.segments, material.phases, material.held, strict=True
        ):
            if held:
                continue
            hour = _hours(phase, len(segment), day)
            z = (segment - scaler.mean.astype(np.float64)) * scaler.inv_std.astype(np.float64)
            np.add.at(total, hour, z)
            np.add.at(number, hour, 1)
        if not number.all():
            return cls.none()
        mean = total / number[:, None]
        mean = (np.roll(mean, 1, axis=0) + 2 * mean + np.roll(mean, -1, axis=0)) / 4
        scale = (np.abs(mean).max(axis=0) / STEPS).astype(np.float32)
        steps = np.rint(np.divide(mean, scale, out=np.zeros_like(mean), where=scale > 0))
        return cls(day, steps.astype(np.int16).ravel(), scale)

    def without(self, z: F64, phase: int | None) -> F64:
        """Return z [T, C] less the mean of each row's hour."""
        if not self.day_samples or phase is None:
            return z
        table = self.steps.reshape(HOURS, -1).astype(np.float64) * self.scale.astype(np.float64)
        return np.asarray(z - table[_hours(phase, len(z), self.day_samples)], np.float64)


def _hours(phase: int, rows: int, day: int) -> NDArray[np.int64]:
    return (phase + np.arange(rows)) % day * HOURS // day
