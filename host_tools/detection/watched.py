"""One statistic of the chain: its features' tracker, and the numbers of its channels."""

import numpy as np
from numpy.typing import NDArray

from host_tools.detection.baseline import Tracker
from host_tools.detection.regimes import nearest_exactly
from host_tools.detection.statistic import form
from host_tools.formats.detector import Detector, Form
from host_tools.formats.packed import unpack
from host_tools.runtimes.adapter import F32


class Watched:
    """One form: its features' tracker, and the numbers of its channels."""

    def __init__(self, detector: Detector, shape: Form, *, has_mean: bool, all_: bool) -> None:
        self.channels = np.array(shape.channels, dtype=np.intp)
        self.tracked = np.arange(detector.channels) if all_ else self.channels
        self.factor = unpack(shape.factor, len(self.channels))
        self.tracker = Tracker(detector, shape.prior, has_mean)
        self._pick = self.channels if all_ else slice(None)
        self._regimes = detector.regimes if all_ else detector.regimes[:0]

    def statistic(self, values: F32, masked: NDArray[np.bool_]) -> tuple[np.float32, F32]:
        """The form of the tracked values [tracked], and the vector that names channels."""
        if len(self._regimes):
            values = values - nearest_exactly(values, self._regimes, self.tracker.inv, masked)
        feature = self.tracker.feature(values)[self._pick]
        return form(self.factor, feature, np.flatnonzero(masked[self.channels]).tolist())
