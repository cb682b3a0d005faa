"""Which channels can be believed: the masks of the chain (`sdk/src/sensors.c`).

A value is *bad* when it is not finite, outside of the channel's physical range, or the last of
`stuck_samples` that stand still: each differs from the good one before by at most `stuck_band`. A
channel is *masked* from a bad value until `return_samples` good ones came in a row, and for good
when it was masked for more than half of the learning: then nothing is known of it.
"""

import numpy as np
from numpy.typing import NDArray

from host_tools.detection.statistic import F32
from host_tools.formats.detector import MAX_COUNT, Detector

Flags = NDArray[np.bool_]


class Sensors:
    """Validity of each channel, sample by sample."""

    def __init__(self, detector: Detector, mean: F32) -> None:
        """Starts as after power-up; `mean` [C] stands for a channel without a good value yet."""
        self._d, self._mean = detector, mean
        self._band = detector.stuck_band
        self._limits = detector.stuck_samples.astype(np.int64)
        self.reset()

    def reset(self) -> None:
        """Every channel is believed."""
        count = self._d.channels
        self.last = self._mean
        self._still = np.zeros(count, np.int64)
        self._good = np.full(count, self._d.return_samples)
        self.unlearned = np.zeros(count, np.bool_)
        self.bad = np.zeros(count, np.bool_)
        self.returned = np.zeros(count, np.bool_)

    def are_missing(self, sample: F32) -> bool:
        """Whether no value of the sample is finite and in range: it was not taken at all."""
        return bool(self._invalid(sample).all())

    def _invalid(self, sample: F32) -> Flags:
        with np.errstate(invalid="ignore"):
            outside = (sample < self._d.low) | (sample > self._d.high)
        return np.asarray(~np.isfinite(sample) | outside, np.bool_)

    def take(self, sample: F32) -> None:
        """Judge one sample: sets `bad`, `returned` where the one before was bad, and `last`, the
        last value of each channel that was finite and in range, raw.
        """
        invalid = self._invalid(sample)
        valid = ~invalid
        with np.errstate(over="ignore", invalid="ignore"):
            step = sample - self.last
        still = valid & (self._still > 0) & (step >= -self._band) & (step <= self._band)
        more = np.minimum(self._still + 1, MAX_COUNT)
        self._still = np.where(still, more, np.where(valid, 1, self._still))
        self.last = np.where(valid, sample, self.last)
        bad = invalid | ((self._limits > 0) & (self._still >= self._limits))
        self.returned = self.bad & ~bad
        self.bad = bad
        grown = np.minimum(self._good + 1, self._d.return_samples)
        self._good = np.where(bad, 0, grown)

    @property
    def masked(self) -> Flags:
        """Which channels are left out of the statistics."""
        return np.asarray((self._good < self._d.return_samples) | self.unlearned, np.bool_)
