"""What a forecaster remembers: its window of inputs and the sums of its forecasts."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from host_tools.detection.statistic import row_mean
from host_tools.formats.detector import F32
from host_tools.runtimes.adapter import Adapter


class Rows:
    """The last `rows` rows of `width` floats (`sdk/src/rows.c`)."""

    def __init__(self, rows: int, width: int) -> None:
        """Starts empty."""
        self._values = np.zeros((rows, width), np.float32)
        self._inverse = np.float32(1) / np.float32(rows)
        self._head = self.count = 0

    @property
    def is_full(self) -> bool:
        """Whether `rows` rows were pushed."""
        return self.count == len(self._values)

    def push(self, row: F32) -> None:
        """Takes the newest row; the oldest one is lost."""
        self._values[self._head] = row
        self._head = (self._head + 1) % len(self._values)
        self.count = min(self.count + 1, len(self._values))

    def mean(self) -> F32:
        """Mean of all rows, summed slot 0 first, whatever its age; the ring is full."""
        return row_mean(self._values, self._inverse)


class Forecaster(Protocol):
    """The model between its inputs and the mean of its forecasts, float or integer."""

    def forecast(self) -> F32 | None:
        """Mean of the `horizon` forecasts of the present sample, [C]; None while too few."""

    def push(self, inputs: F32) -> npt.NDArray[np.generic] | None:
        """Takes the present model input [C]; returns a full window [W, C] to run, or None."""

    def accept(self, output: npt.NDArray[np.generic]) -> None:
        """Takes the model's output [H, C] for the window that push returned."""

    def reset(self) -> None:
        """Forgets all samples."""


class IntegerForecaster:
    """The device's rings: int8 window, int32 sums of forecasts (`sdk/src/window.c`)."""

    def __init__(self, adapter: Adapter) -> None:
        """Binds the model's quantization."""
        self._adapter = adapter
        self.reset()

    def reset(self) -> None:
        """Forgets all samples."""
        a = self._adapter
        self._ring = np.zeros((a.window, a.channels), np.int8)
        self._sums = np.zeros((a.horizon, a.channels), np.int32)
        self._samples = 0

    def forecast(self) -> F32 | None:
        """float32(S − horizon · output_zero_point) · forecast_scale, S the sum of forecasts."""
        a = self._adapter
        if self._samples < a.window + a.horizon - 1:
            return None
        centred = self._sums[self._samples % a.horizon] - np.int32(a.horizon * a.output_zero_point)
        return np.asarray(centred.astype(np.float32) * a.forecast_scale, np.float32)

    def push(self, inputs: F32) -> npt.NDArray[np.generic] | None:
        """See Forecaster."""
        a = self._adapter
        self._sums[self._samples % a.horizon] = 0
        self._ring[self._samples % a.window] = a.quantize(inputs)
        self._samples += 1
        if self._samples < a.window:
            return None
        return np.roll(self._ring, -(self._samples % a.window), axis=0)

    def accept(self, output: npt.NDArray[np.generic]) -> None:
        """See Forecaster; forecast h belongs to the sample h + 1 after the last one pushed."""
        for h in range(self._adapter.horizon):
            self._sums[(self._samples + h) % self._adapter.horizon] += output[h].astype(np.int32)


class NoForecaster:
    """A product without a network: no window, no forecast."""

    def forecast(self) -> F32 | None:
        """Return None: there are none."""
        return None

    def push(self, inputs: F32) -> npt.NDArray[np.generic] | None:
        """Return None: nothing is to be run."""
        del inputs
        return None

    def accept(self, output: npt.NDArray[np.generic]) -> None:
        """Is never called: no window was returned."""

    def reset(self) -> None:
        """Has nothing to forget."""


def forecaster_of(adapter: Adapter) -> Forecaster:
    """Return the rings of a device with such constants."""
    return IntegerForecaster(adapter) if adapter.window else NoForecaster()


class FloatForecaster:
    """The same with the float model: what int8 is compared with. Not on the device."""

    def __init__(self, window: int, horizon: int, channels: int, clip: np.float32) -> None:
        """Binds the shapes."""
        self._window, self._horizon, self._channels = window, horizon, channels
        self._clip = clip
        self.reset()

    def reset(self) -> None:
        """Forgets all samples."""
        self._ring = np.zeros((self._window, self._channels), np.float32)
        self._sums = np.zeros((self._horizon, self._channels), np.float64)
        self._samples = 0

    def forecast(self) -> F32 | None:
        """See Forecaster."""
        if self._samples < self._window + self._horizon - 1:
            return None
        mean = self._sums[self._samples % self._horizon] / self._horizon
        return np.asarray(mean, np.float32)

    def push(self, inputs: F32) -> npt.NDArray[np.generic] | None:
        """See Forecaster."""
        self._sums[self._samples % self._horizon] = 0.0
        self._ring[self._samples % self._window] = np.clip(inputs, -self._clip, self._clip)
        self._samples += 1
        if self._samples < self._window:
            return None
        return np.roll(self._ring, -(self._samples % self._window), axis=0)

    def accept(self, output: npt.NDArray[np.generic]) -> None:
        """See Forecaster."""
        for h in range(self._horizon):
            self._sums[(self._samples + h) % self._horizon] += output[h]
