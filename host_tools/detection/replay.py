"""A whole recording through the chain: what a device answers to it."""

import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from host_tools.detection.chain import Chain
from host_tools.detection.result import Result
from host_tools.detection.rings import forecaster_of
from host_tools.errors import DataError
from host_tools.formats import detector as detectors
from host_tools.formats.detector import Detector
from host_tools.formats.record import (
    HAS_DRIFT,
    HAS_FORECAST,
    IS_MISSING,
    NO_CHANNEL,
    RECORD,
    TOP,
)
from host_tools.runtimes import adapter as adapters
from host_tools.runtimes.adapter import F32, Adapter

Forecast = Callable[[NDArray[np.int8]], NDArray[np.int8]]
"""int8 [N, window, channels] to int8 [N, horizon, channels], each from reset state."""

STATUS_OK, STATUS_NOT_FINITE = 0, 4
AHEAD = 64
"""Windows that are run in one batch, in the hope that nothing unusual comes."""


@dataclass(frozen=True, eq=False)
class ChainConfig:
    """Everything that a chain is made of."""

    adapter: Adapter
    detector: Detector


def load(directory: Path) -> ChainConfig:
    """Return the chain of a model directory: model, `scaler.json`, `detector.json`.

    Raises:
        DataError: A file is missing or malformed, or they do not fit each other.
    """
    adapter = adapters.load(directory)
    return ChainConfig(
        adapter, detectors.load(directory / detectors.FILE, len(adapter.scaler.channels))
    )


def run_chain(
    config: ChainConfig,
    samples: NDArray[np.float32],
    forecast: Forecast | None,
    resets: Collection[int] = (),
    phase: int | None = None,
    *,
    stales: Collection[int] = (),
    counter: NDArray[np.int64] | None = None,
) -> NDArray[np.void]:
    """Run the whole chain from power-up.

    Args:
        config: Constants.
        samples: float32 [rows, channels], raw; a row without a finite value is missing.
        forecast: The model; None in a product without a network.
        resets: Rows before which the detector is told to forget everything.
        phase: Sample of the day of the first row; None: the time is not known.
        stales: Rows before which nothing came for so long that all is stale.
        counter: Number of each row, ascending from 0; where it jumps, samples were lost.

    Returns:
        RECORD [rows].

    Raises:
        DataError: Another channel count.
    """
    player = Player(config, samples, forecast)
    if phase is not None:
        player.chain.set_phase(phase)
    lost = np.zeros(len(samples), np.int64) if counter is None else np.diff(counter, prepend=-1) - 1
    records = np.zeros(len(samples), dtype=RECORD)
    for row in range(len(samples)):
        if row in resets:
            player.chain.reset()
        if row in stales:
            player.chain.stale()
        records[row] = player.take(row, int(lost[row]))
    return records


class Player:
    """A chain that the rows of one recording go through, in ascending order."""

    def __init__(
        self, config: ChainConfig, samples: NDArray[np.float32], forecast: Forecast | None
    ) -> None:
        """Start as after power-up; the arguments are those of `run_chain`. Raises DataError."""
        a = config.adapter
        if samples.ndim != 2 or samples.shape[1] != a.channels:
            raise DataError(f"samples have shape {samples.shape}, the chain {a.channels} channels")
        self._config = config
        self._samples = samples.astype(np.float32)
        self._model = None if forecast is None else _Batch(a, self._samples, forecast)
        self.power_up()

    def power_up(self) -> None:
        """Forget everything, the time of day too."""
        adapter = self._config.adapter
        self.chain = Chain(self._config.detector, adapter, forecaster_of(adapter))

    def take(self, row: int, lost: int) -> np.void:
        """Take a row through, `lost` samples after the one before; return its RECORD."""
        missed = min(lost, self._config.detector.max_missed + 1)
        for _ in range(missed):
            self._look_ahead(row - 1, self.chain.miss())
        self.chain.skip(lost - missed)
        result, window = self.chain.step(self._samples[row])
        return record(result, self._look_ahead(row, window))

    def _look_ahead(self, row: int, window: NDArray[np.generic] | None) -> NDArray[np.int8] | None:
        if window is None or self._model is None:
            return None
        output = self._model.output(row, window, self.chain.baseline.mean)
        self.chain.forecaster.accept(output)
        return output


def record(result: Result, output: NDArray[np.generic] | None) -> np.void:
    """Return one RECORD of a result and the model's output bytes, None when it did not run."""
    flags = IS_MISSING if result.is_missing else 0
    flags |= HAS_FORECAST if output is not None else 0
    flags |= HAS_DRIFT if result.drift != NO_CHANNEL else 0
    found = np.zeros(1, dtype=RECORD)
    found[0] = (
        min(result.index, 2**32 - 1),
        result.state,
        flags,
        STATUS_NOT_FINITE if result.is_missing else STATUS_OK,
        *result.forms,
        result.score,
        result.limit,
        0 if output is None else zlib.crc32(np.ascontiguousarray(output).tobytes()),
        _names(result.top),
        _names(result.masked),
        min(len(result.masked), 255),
        result.event,
        result.drift,
    )
    row: np.void = found[0]
    return row


def _names(channels: tuple[int, ...]) -> list[int]:
    return [*channels, *[NO_CHANNEL] * TOP][:TOP]


class _Batch:
    """The model, run on some windows ahead: as they will be if no value is bad meanwhile and the
    baseline does not move. What comes otherwise is run alone.
    """

    def __init__(self, adapter: Adapter, samples: F32, forecast: Forecast) -> None:
        self._a, self._forecast = adapter, forecast
        limit = adapter.scaler.score_limit
        with np.errstate(over="ignore", invalid="ignore"):
            z = np.clip(adapter.scaler.standardize(samples), -limit, limit)
        self._z = np.nan_to_num(z).astype(np.float32)
        self._ahead: dict[bytes, NDArray[np.int8]] = {}
        self._reach = 1

    def output(self, row: int, window: NDArray[np.generic], mean: F32) -> NDArray[np.int8]:
        """Return the output of the window that ends with `row`."""
        key = window.tobytes()
        if key in self._ahead:
            self._reach = AHEAD
        else:
            # While the baseline moves with every row, looking ahead is of no use.
            reach, self._reach = self._reach, 2
            limit = self._a.scaler.score_limit
            coming = np.clip(self._z[row + 1 : row + reach] - mean, -limit, limit)
            rows = np.concatenate([window.astype(np.int8), self._a.quantize(coming)])
            size = self._a.window
            windows = np.stack([rows[i : i + size] for i in range(len(rows) - size + 1)])
            outputs = self._forecast(np.ascontiguousarray(windows))
            self._ahead = {w.tobytes(): o for w, o in zip(windows, outputs, strict=True)}
        return np.asarray(self._ahead[key], np.int8)
