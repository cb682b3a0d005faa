"""Run detectors over labelled runs and summarize: float, int8 and baselines on equal rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from host_tools.data.runs import Recording
from host_tools.detection import baselines, metrics
from host_tools.detection.chain import Chain, ChainConfig, record
from host_tools.detection.rings import FloatForecaster, Forecaster, IntegerForecaster
from host_tools.formats.record import RECORD, State
from host_tools.runtimes import tflm as oracle

Batch = Callable[[NDArray[np.generic]], NDArray[np.generic]]
"""Model: windows [N, window, channels] to outputs [N, horizon, channels], from reset state."""
Records = Sequence[NDArray[np.void]]
"""RECORD [rows] of each run."""

RMSE_STRIDE = 4
"""Every fourth window of a run is compared between int8 and float."""


def run_chains(
    config: ChainConfig, forecasters: Sequence[Forecaster], runs: Sequence[Recording], model: Batch
) -> list[NDArray[np.void]]:
    """Feed each run to its own chain, in step so that the model works on batches.

    Returns:
        RECORD [rows] of every run.
    """
    chains = [Chain(config.detector, config.adapter, f) for f in forecasters]
    samples = [run.values.astype(np.float32) for run in runs]
    found = [np.zeros(len(s), dtype=RECORD) for s in samples]
    for row in range(max((len(s) for s in samples), default=0)):
        results = []
        for k, chain in enumerate(chains):
            if row < len(samples[k]):
                results.append((k, *chain.step(samples[k][row])))
        windows = [window for _, _, window in results if window is not None]
        outputs = iter(model(np.stack(windows)) if windows else ())
        for k, result, window in results:
            output = None if window is None else next(outputs)
            if output is not None:
                chains[k].forecaster.accept(output)
            found[k][row] = record(result, output)
    return found


@dataclass(frozen=True, eq=False)
class ScoredModels:
    """A chain and the two models that can fill it."""

    config: ChainConfig
    floating: Path
    int8: bytes
    output_scale: float

    def run_float(self, windows: NDArray[np.generic]) -> NDArray[np.generic]:
        """Run the float model."""
        return oracle.forecast_float(self.floating, np.asarray(windows, np.float32))

    def run_int8(self, windows: NDArray[np.generic]) -> NDArray[np.generic]:
        """Run the int8 model in TensorFlow Lite Micro's arithmetic."""
        return oracle.forecast(self.int8, windows.astype(np.int8))

    def float_records(self, runs: Sequence[Recording]) -> list[NDArray[np.void]]:
        """Return the records of every run with the float model."""
        a = self.config.adapter
        rings = [FloatForecaster(a.window, a.horizon, a.channels, a.scaler.clip) for _ in runs]
        return run_chains(self.config, rings, runs, self.run_float)

    def int8_records(self, runs: Sequence[Recording]) -> list[NDArray[np.void]]:
        """Return the records that a device must give."""
        rings = [IntegerForecaster(self.config.adapter) for _ in runs]
        return run_chains(self.config, rings, runs, self.run_int8)

    def rmse(self, run: Recording) -> float:
        """RMSE of int8 against float on the same windows of a run, in the model's units."""
        windows = np.stack(self._windows(run))[::RMSE_STRIDE]
        output = np.asarray(self.run_int8(self.config.adapter.quantize(windows)), np.float64)
        real = (output - self.config.adapter.output_zero_point) * self.output_scale
        return float(
            np.sqrt(np.mean((real - np.asarray(self.run_float(windows), np.float64)) ** 2))
        )

    def _windows(self, run: Recording) -> list[NDArray[np.float32]]:
        """Return the float windows that a chain would run, without feeding forecasts back."""
        a = self.config.adapter
        ring = FloatForecaster(a.window, a.horizon, a.channels, a.scaler.clip)
        chain, found = Chain(self.config.detector, a, ring), []
        silent = np.zeros((a.horizon, a.channels), np.float32)
        for row in run.values.astype(np.float32):
            _, window = chain.step(row)
            if window is not None:
                found.append(np.asarray(window, np.float32))
                chain.forecaster.accept(silent)
        return found


def counted(runs: Sequence[Recording], records: Records, first: int) -> list[metrics.Run]:
    """Return the rows that count, from `first` on."""
    return [
        metrics.Run(
            run.name,
            run.labels[first:],
            found["state"][first:] == State.ALARM,
            found["score"][first:].astype(np.float64),
            run.seconds[first:],
        )
        for run, found in zip(runs, records, strict=True)
    ]


def by_run(runs: Sequence[Recording], records: Records, first: int) -> dict[str, metrics.Summary]:
    """Return the figures of each run alone."""
    return {row.name: metrics.summarize([row]) for row in counted(runs, records, first)}


def compare(runs: Sequence[Recording], first: int) -> dict[str, metrics.Summary]:
    """Return the figures of every baseline."""
    found = {}
    for name, method in baselines.ALL.items():
        rows = []
        for run in runs:
            score, alarm = method(np.nan_to_num(run.values), first)
            rows.append(
                metrics.Run(
                    run.name, run.labels[first:], alarm[first:], score[first:], run.seconds[first:]
                )
            )
        found[name] = metrics.summarize(rows)
    return found


@dataclass(frozen=True)
class Quiet:
    """A recording without faults: how much of it is in alarm after its baseline is learned."""

    rows: int
    alarm_rows: int
    alarms: int


def quiet(runs: Sequence[Recording], records: Records, first: int) -> Mapping[str, Quiet]:
    """Return the false alarms of each quiet recording from row `first` on."""
    found = {}
    for run, row in zip(runs, records, strict=True):
        alarm = row["state"][first:] == State.ALARM
        found[run.name] = Quiet(len(alarm), int(alarm.sum()), len(metrics.events(alarm)))
    return found
