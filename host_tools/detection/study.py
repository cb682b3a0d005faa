"""Score a detector on labelled runs: one global model, fitted on training rows only.

Protocol: the first `learn_rows` rows of each run train (with the quiet recordings in blocks of
that length), the rest counts. Nothing after the training rows of a run, and no label, reaches
the fit. Each chain then learns its own baseline from its run's training rows, as a device does
when it is put to work, and gives verdicts on the rest.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.data.runs import Recording, Runs
from host_tools.detection import baselines, metrics, statistic_fit
from host_tools.detection.chain import read_edges
from host_tools.detection.statistic import Detector
from host_tools.detection.statistic_chain import (
    Chain,
    FloatForecaster,
    Forecaster,
    IntegerForecaster,
    State,
)
from host_tools.detection.statistic_fit import F64, Normalizer, Rule
from host_tools.errors import DataError
from host_tools.training import oracle, segments

Batch = Callable[[NDArray[np.generic]], NDArray[np.generic]]
"""Model: windows [N, window, channels] to outputs [N, horizon, channels], from reset state."""
Say = Callable[[str], None]

NETWORK = {"conv_filters": 16, "conv_kernel": 3, "lstm_units": 40}
EPOCHS = 12
HELD_EVERY = 8
"""Every eighth training segment chooses the epoch instead of training."""
CALIBRATION_WINDOWS = 1000
LEAST_ROWS = Rule().learn_rows + 1
"""Rows that a file needs: those that train and one that counts."""


@dataclass(frozen=True)
class Study:
    """What came out: the detector, figures by method, and int8 against float by run."""

    detector: Detector
    scored: tuple[str, ...]
    left_out: tuple[str, ...]
    figures: dict[str, metrics.Summary]
    runs: dict[str, metrics.Summary]
    rmse: dict[str, float]
    train_windows: int
    models: segments.Models

    def fields(self) -> dict[str, Any]:
        """JSON: rates in percent, delay in seconds, RMSE in the model's normalized units."""
        return {
            "scored_channels": list(self.scored),
            "left_out_channels": list(self.left_out),
            "train_windows": self.train_windows,
            "validation_loss": self.models.loss,
            "methods": {name: _finite(asdict(found)) for name, found in self.figures.items()},
            "runs": {name: _finite(asdict(found)) for name, found in self.runs.items()},
            "rmse_int8_float": self.rmse,
            "delta_f1_int8_float": self.figures[INT8].f1 - self.figures[FLOAT].f1,
        }


FLOAT, INT8 = "SAFE float", "SAFE int8 chain"


def _finite(record: dict[str, Any]) -> dict[str, Any]:
    return {k: v if np.isfinite(v) else None for k, v in record.items()}


def training_segments(runs: Runs, rule: Rule) -> tuple[list[F64], list[F64]]:
    """Return the training segments and, of them, the heads of the labelled runs.

    Raises:
        DataError: A run is not longer than its training rows, or they hold a missing value.
    """
    size = rule.learn_rows
    for run in (*runs.labelled, *runs.quiet):
        head = run.values[:size]
        if len(run.values) <= size or not np.isfinite(head).all():
            raise DataError(
                f"{run.name}: the first {size} rows must be complete and more must follow"
                f" (it has {len(run.values)}): leave the file out"
            )
    heads = [run.values[:size] for run in runs.labelled]
    blocks = [
        one.values[i : i + size]
        for one in runs.quiet
        for i in range(0, len(one.values) - size + 1, size)
        if np.isfinite(one.values[i : i + size]).all()
    ]
    return heads + blocks, heads


def windows_of(parts: Sequence[F64], norm: Normalizer, rule: Rule) -> NDArray[np.float32]:
    """Return clipped inputs and what follows, float32 [N, window + horizon, channels]."""
    size = rule.window + rule.horizon
    found = []
    for part in parts:
        values = np.clip(norm.inputs(part, rule), -rule.clip, rule.clip).astype(np.float32)
        view = np.lib.stride_tricks.sliding_window_view(values, size, axis=0)
        found.append(view.transpose(0, 2, 1))
    return np.ascontiguousarray(np.concatenate(found))


def representative(windows: NDArray[np.float32], rule: Rule, seed: int) -> NDArray[np.float32]:
    """Return calibration windows: half as they are, half with a level step in some channels.

    A fault saturates the input; its windows must be in the calibrated range without any test row.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    count = min(CALIBRATION_WINDOWS, len(windows))
    picked = windows[rng.choice(len(windows), count, replace=False), : rule.window].copy()
    half, channels = count // 2, picked.shape[2]
    step = rng.uniform(-2 * rule.clip, 2 * rule.clip, (half, 1, channels))
    step *= rng.random((half, 1, channels)) < 0.5
    begin = rng.integers(0, rule.window, (half, 1, 1))
    picked[:half] += (np.arange(rule.window)[None, :, None] >= begin) * step
    return np.asarray(np.clip(picked, -rule.clip, rule.clip), np.float32)


def run_chains(
    detector: Detector, forecasters: Sequence[Forecaster], runs: Sequence[Recording], model: Batch
) -> tuple[list[NDArray[np.float64]], list[NDArray[np.bool_]]]:
    """Feed each run to its own chain, in step so that the model works on batches.

    Returns:
        Smoothed score and alarm of every row of every run.
    """
    chains = [Chain(detector, f) for f in forecasters]
    samples = [run.values.astype(np.float32) for run in runs]
    scores = [np.zeros(len(s)) for s in samples]
    alarms = [np.zeros(len(s), dtype=np.bool_) for s in samples]
    for row in range(max(len(s) for s in samples)):
        waiting: list[tuple[Chain, NDArray[np.generic]]] = []
        for k, chain in enumerate(chains):
            if row >= len(samples[k]):
                continue
            result, window = chain.score(samples[k][row])
            scores[k][row], alarms[k][row] = result.score, result.state == State.ALARM
            if window is not None:
                waiting.append((chain, window))
        if waiting:
            outputs = model(np.stack([window for _, window in waiting]))
            for (chain, _), output in zip(waiting, outputs, strict=True):
                chain.forecaster.accept(output)
    return scores, alarms


def counted(
    runs: Sequence[Recording],
    scores: Sequence[NDArray[np.float64]],
    alarms: Sequence[NDArray[np.bool_]],
    first: int,
) -> list[metrics.Run]:
    """Return the rows that count, from `first` on."""
    return [
        metrics.Run(r.name, r.labels[first:], a[first:], s[first:], r.seconds[first:])
        for r, s, a in zip(runs, scores, alarms, strict=True)
    ]


def study(
    runs: Runs, architecture: Path, say: Say, *, seed: int = 1, epochs: int = EPOCHS
) -> Study:
    """Train, fit, and score float and int8 beside the baselines.

    Args:
        runs: Labelled runs and quiet recordings.
        architecture: `architecture.py` of the forecaster.
        say: Takes one line of news.
        seed: Of training and calibration.
        epochs: Of training.

    Raises:
        DataError, TrainingError, ConversionError: See the parts.
    """
    rule = Rule()
    parts, heads = training_segments(runs, rule)
    norm = statistic_fit.fit_normalizer(parts, rule)
    held = parts[::HELD_EVERY]
    train = [p for i, p in enumerate(parts) if i % HELD_EVERY]
    windows = windows_of(train, norm, rule)
    job = segments.Job(
        architecture, NETWORK, rule.window, rule.horizon, len(runs.channels), seed, epochs
    )
    say(f"training one global forecaster on {len(windows)} windows of {len(train)} segments")
    models = segments.train(
        job, windows, windows_of(held, norm, rule), representative(windows, rule, seed)
    )
    with tempfile.TemporaryDirectory(prefix="safe-study-") as folder:
        floating = Path(folder, "model_float.tflite")
        floating.write_bytes(models.floating)
        say("fitting the detector on training rows")
        detector = statistic_fit.fit_statistic(
            parts, heads, lambda w: oracle.forecast_float(floating, w), rule, norm
        )
        say(f"scoring {len(runs.labelled)} runs: float, int8, baselines")
        figures, by_run, rmse = _score(runs.labelled, detector, floating, models.int8, rule)
    kept = detector.statistic.scored
    return Study(
        detector,
        tuple(runs.channels[c] for c in kept),
        tuple(name for c, name in enumerate(runs.channels) if c not in kept),
        figures,
        by_run,
        rmse,
        len(windows),
        models,
    )


def _score(
    runs: Sequence[Recording], detector: Detector, floating: Path, int8: bytes, rule: Rule
) -> tuple[dict[str, metrics.Summary], dict[str, metrics.Summary], dict[str, float]]:
    first = rule.learn_rows
    figures = {}
    for name, method in baselines.ALL.items():
        verdicts = [method(np.nan_to_num(run.values), first) for run in runs]
        rows = counted(runs, [v[0] for v in verdicts], [v[1] for v in verdicts], first)
        figures[name] = metrics.summarize(rows)
    plain = run_chains(
        detector,
        [FloatForecaster(detector) for _ in runs],
        runs,
        lambda w: oracle.forecast_float(floating, np.asarray(w, np.float32)),
    )
    figures[FLOAT] = metrics.summarize(counted(runs, *plain, first))
    recorder = _Recorder(int8, floating, detector)
    whole = run_chains(detector, [recorder.forecaster() for _ in runs], runs, recorder)
    rows = counted(runs, *whole, first)
    figures[INT8] = metrics.summarize(rows)
    by_run = {row.name: metrics.summarize([row]) for row in rows}
    return figures, by_run, recorder.rmse([run.name for run in runs], runs, detector)


class _Recorder:
    """The int8 model through the oracle, with its edges."""

    def __init__(self, int8: bytes, floating: Path, detector: Detector) -> None:
        self._int8, self._floating, self._detector = int8, floating, detector
        with tempfile.NamedTemporaryFile(suffix=".tflite") as file:
            file.write(int8)
            file.flush()
            self._edges = read_edges(Path(file.name))

    def __call__(self, windows: NDArray[np.generic]) -> NDArray[np.generic]:
        return oracle.forecast(self._int8, windows.astype(np.int8))

    def forecaster(self) -> IntegerForecaster:
        """A fresh window and horizon ring with the model's quantization."""
        edges = self._edges
        return IntegerForecaster(
            self._detector,
            1.0 / edges.input_scale,
            edges.input_zero_point,
            edges.output_scale,
            edges.output_zero_point,
        )

    def rmse(
        self, names: Sequence[str], runs: Sequence[Recording], detector: Detector
    ) -> dict[str, float]:
        """RMSE of int8 against float on the same windows of each run, normalized units."""
        edges, found = self._edges, {}
        for name, run in zip(names, runs, strict=True):
            windows = np.stack(_windows(detector, run))[::4]
            scaled = windows * np.float32(1.0 / edges.input_scale)
            rounded = np.trunc(scaled + np.where(scaled >= 0, np.float32(0.5), np.float32(-0.5)))
            quantized = np.clip(rounded + edges.input_zero_point, -128, 127).astype(np.int8)
            output = self(quantized).astype(np.float64) - edges.output_zero_point
            exact = oracle.forecast_float(self._floating, windows)
            found[name] = float(np.sqrt(np.mean((output * edges.output_scale - exact) ** 2)))
        return found


def _windows(detector: Detector, run: Recording) -> list[NDArray[np.float32]]:
    """Return the float windows that a chain would run, without feeding forecasts back."""
    chain, found = Chain(detector, FloatForecaster(detector)), []
    silent = np.zeros((detector.horizon, detector.channels), np.float32)
    for row in run.values.astype(np.float32):
        _, window = chain.score(row)
        if window is not None:
            found.append(np.asarray(window, np.float32))
            chain.forecaster.accept(silent)
    return found
