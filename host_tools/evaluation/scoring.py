"""Run detectors over labelled runs and summarize: float, int8 and baselines on equal rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.data.runs import Recording
from host_tools.detection import baselines, fast, hours, metrics
from host_tools.detection.chain import Chain
from host_tools.detection.fit import Network
from host_tools.detection.quiet import network_of
from host_tools.detection.replay import ChainConfig, record
from host_tools.detection.rings import FloatForecaster, Forecaster, forecaster_of
from host_tools.formats.record import RAISED, RECORD, VERDICTS, State
from host_tools.runtimes import tflm as oracle

Batch = Callable[[NDArray[np.generic]], NDArray[np.generic]]
"""Model: windows [N, window, channels] to outputs [N, horizon, channels], from reset state."""
Records = Sequence[NDArray[np.void]]
"""RECORD [rows] of each run."""

LEAST_TRAINING = 100
"""Rows that a baseline method is fitted on where the detector learns from none."""
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
    for chain, run in zip(chains, runs, strict=True):
        if (phase := hours.phase(run.start, config.detector.day_samples)) is not None:
            chain.set_phase(phase)
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

    def network(self) -> Network | None:
        """Return the int8 model for float inputs; None where there is none."""
        if not self.config.adapter.window:
            return None
        return network_of(self.config.adapter, self.output_scale, self.run_exact)

    def run_exact(self, windows: NDArray[np.int8]) -> NDArray[np.int8]:
        """Run the int8 model on int8 windows."""
        return oracle.forecast(self.int8, windows)

    def float_records(self, runs: Sequence[Recording]) -> list[NDArray[np.void]]:
        """Return the records of every run with the float model."""
        a = self.config.adapter
        rings = [FloatForecaster(a.window, a.horizon, a.channels, a.scaler.clip) for _ in runs]
        return run_chains(self.config, rings, runs, self.run_float)

    def int8_records(self, runs: Sequence[Recording]) -> list[NDArray[np.void]]:
        """Return the records that a device must give."""
        rings = [forecaster_of(self.config.adapter) for _ in runs]
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


def relative(config_notice: float, found: NDArray[np.void]) -> NDArray[np.float64]:
    """Scores in units in which the notice is constant: a learned baseline moves its limit."""
    limit = np.maximum(found["limit"].astype(np.float64), 1e-300)
    return np.asarray(found["score"].astype(np.float64) * config_notice / limit, np.float64)


def counted(
    runs: Sequence[Recording], records: Records, first: int, *, alarm_only: bool = False
) -> list[metrics.Run]:
    """Return the rows that count, from `first` on; an alarm is a notice, too, or not."""
    raised = (State.ALARM,) if alarm_only else RAISED
    notice = min((float(found["limit"].min()) for found in records if len(found)), default=1.0)
    return [
        metrics.Run(
            run.name,
            run.labels[first:],
            np.isin(found["state"][first:], raised),
            relative(notice, found)[first:],
            run.seconds[first:],
            np.isin(found["state"][first:], VERDICTS),
        )
        for run, found in zip(runs, records, strict=True)
    ]


def spread(runs: Sequence[metrics.Run], times: int = 1000) -> dict[str, tuple[float, float]]:
    """Return the middle 90% of F1, FAR and MAR over runs drawn with replacement, seed 0."""
    if len(runs) < 2:
        return {}
    random = np.random.default_rng(0)
    parts = [np.array(metrics.confusion([run])) for run in runs]
    found = []
    for _ in range(times):
        drawn = random.integers(0, len(runs), len(runs))
        found.append(metrics.rates_of(*np.sum([parts[i] for i in drawn], axis=0).tolist()))
    low, high = np.nanquantile(found, [0.05, 0.95], axis=0)
    return {
        name: (float(a), float(b))
        for name, a, b in zip(("F1", "FAR", "MAR"), low, high, strict=True)
    }


def by_run(runs: Sequence[Recording], records: Records, first: int) -> dict[str, metrics.Summary]:
    """Return the figures of each run alone."""
    return {row.name: metrics.summarize([row]) for row in counted(runs, records, first)}


def compare(runs: Sequence[Recording], first: int) -> dict[str, metrics.Summary]:
    """Return the figures of every baseline."""
    found = {}
    for name, method in baselines.ALL.items():
        rows = []
        for run in runs:
            score, alarm = method(np.nan_to_num(run.values), max(first, LEAST_TRAINING))
            rows.append(
                metrics.Run(
                    run.name, run.labels[first:], alarm[first:], score[first:], run.seconds[first:]
                )
            )
        found[name] = metrics.summarize(rows)
    return found


COMMISSIONINGS = 13


@dataclass(frozen=True)
class Quiet:
    """A recording without faults, after its baseline is learned.

    Attributes:
        rows: That count.
        alarm_rows: Of them in notice or alarm, learned from the recording's first rows.
        alarms: Stretches of them.
        commissionings: Other rows from which the device was let learn, spread over the recording.
        notice_share: Percent of the rows after them in notice or alarm, the mean.
        alarm_share: The same in alarm.
        episodes_per_day: Stretches in notice or alarm a day.
    """

    rows: int
    alarm_rows: int
    alarms: int
    commissionings: int = 0
    notice_share: float = 0.0
    alarm_share: float = 0.0
    episodes_per_day: float = 0.0

    def words(self) -> str:
        """Return it as a sentence."""
        text = (
            f"{self.alarm_rows:,} of {self.rows:,} rows in notice or alarm, {self.alarms} times"
            " (its rows train, too)"
        )
        if self.commissionings:
            text += (
                f"; learned at {self.commissionings} times: {self.notice_share:.1f}% in notice or"
                f" alarm, {self.alarm_share:.1f}% in alarm, {self.episodes_per_day:.0f} a day"
            )
        return text + "."


def commissionings(
    config: ChainConfig, network: Network | None, run: Recording
) -> dict[str, float]:
    """Let a device learn at COMMISSIONINGS times of a quiet recording, each until its end.

    By the rule in float64 (`detection.fast`).
    """
    learn = config.detector.learn_samples
    starts = np.linspace(0, max(0, len(run.values) - 4 * learn), COMMISSIONINGS).astype(int)
    if not learn or len(run.values) < 8 * learn:
        return {}
    shares, episodes, days = [], 0, 0.0
    step = float(np.median(np.diff(run.seconds)))
    lanes = [fast.Lane(run.values[start:]) for start in starts.tolist()]
    for found in fast.run_all(config.detector, config.adapter.scaler, lanes, network):
        state = found.state[learn:]
        raised = np.isin(state, RAISED)
        shares.append((raised.mean(), (state == State.ALARM).mean()))
        episodes += len(metrics.events(raised))
        days += len(state) * step / 86400.0
    mean = 100.0 * np.mean(shares, axis=0)
    return {
        "commissionings": COMMISSIONINGS,
        "notice_share": float(mean[0]),
        "alarm_share": float(mean[1]),
        "episodes_per_day": episodes / days,
    }


def quiet(
    runs: Sequence[Recording],
    records: Records,
    first: int,
    commissioned: Mapping[str, Mapping[str, float]],
) -> Mapping[str, Quiet]:
    """Return the false alarms of each quiet recording from row `first` on."""
    found = {}
    for run, row in zip(runs, records, strict=True):
        alarm = np.isin(row["state"][first:], RAISED)
        counts = (len(alarm), int(alarm.sum()), len(metrics.events(alarm)))
        extra: Mapping[str, Any] = commissioned.get(run.name, {})
        found[run.name] = Quiet(*counts, **extra)
    return found
