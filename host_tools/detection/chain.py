"""The on-device chain, written once: raw sample → scaler → model → residual → score → alarm.

This is the specification that `sdk/src/{scaler,window,detector}.c` follows to the last bit.
All arithmetic is float32 with one rounding per operation (no fused multiply-add), sums run in
channel order, and there is nothing from libm. For each sample x, float32 [channels]:

1. A value that is not finite: status NOT_FINITE, everything is forgotten (a gap), state WARMUP.
2. z = (x − mean) · inv_std; u = clamp(z, ±clip); t = u · input_inv_scale;
   q = clamp(trunc(t ± 0.5) + input_zero_point, −128, 127), with + for t ≥ 0, − otherwise.
3. With window + horizon − 1 samples before it since the last reset, the sample has been
   forecast `horizon` times; S is the sum of these int8 forecasts. Then
   p = float32(S − horizon · output_zero_point) · forecast_scale;
   v = clamp(z, ±score_limit) − p; s = Σ (weight · v) · v in channel order, from 0;
   e = s the first time, e + alpha · (s − e) later; ALARM when e > threshold, else OK.
   Before that: WARMUP, both scores 0.
4. q joins the window; a full window runs the model (from reset state), and its forecasts are
   added for the coming `horizon` samples.

Windows depend on samples only, so every forecast is made in one batch here.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from host_tools.data import json_file
from host_tools.data import scaler as scaler_file
from host_tools.data.scaler import Scaler
from host_tools.data.table import finite_rows
from host_tools.errors import DataError

Forecast = Callable[[NDArray[np.int8]], NDArray[np.int8]]
"""int8 [N, window, channels] to int8 [N, horizon, channels], each from reset state."""

WARMUP, OK, ALARM = 0, 1, 2
STATUS_OK, STATUS_NOT_FINITE = 0, 4

RECORD = np.dtype(
    [
        ("index", np.uint32),
        ("state", np.uint8),
        ("has_forecast", np.uint8),
        ("status", np.uint8),
        ("residual_score", np.float32),
        ("score", np.float32),
        ("forecast_crc", np.uint32),
    ]
)
"""One step: samples seen since reset, state, whether the model ran, safe_status_t, the scores,
and the CRC-32 of the model's output bytes (0 when it did not run)."""


@dataclass(frozen=True)
class Edges:
    """Shape and quantization of a model's one input and one output."""

    window: int
    horizon: int
    channels: int
    input_scale: float
    input_zero_point: int
    output_scale: float
    output_zero_point: int


@dataclass(frozen=True, eq=False)
class ChainConfig:
    """Constants of one detector; field for field `safe_detector_config_t`."""

    window: int
    horizon: int
    scaler: Scaler
    input_inv_scale: np.float32
    input_zero_point: int
    forecast_scale: np.float32
    output_zero_point: int
    weight: NDArray[np.float32]
    alpha: np.float32
    threshold: np.float32

    @property
    def channels(self) -> int:
        """Number of channels."""
        return len(self.scaler.channels)


def configure(
    edges: Edges,
    scaler: Scaler,
    weight: NDArray[np.float32],
    alpha: np.float32,
    threshold: np.float32,
) -> ChainConfig:
    """Return the constants; the two scales are rounded to float32 once.

    Raises:
        DataError: Scaler and model have different channel counts, or clip and input scale
            would not fit the int32 of the quantization step.
    """
    if len(scaler.channels) != edges.channels:
        raise DataError(
            f"the scaler has {len(scaler.channels)} channels and the model {edges.channels}:"
            " they come from different trainings"
        )
    inv_scale = np.float32(1.0) / np.float32(edges.input_scale)
    if not float(scaler.clip) * float(inv_scale) < 2**30:
        raise DataError(f"clip {scaler.clip} is too wide for input scale {edges.input_scale}")
    return ChainConfig(
        window=edges.window,
        horizon=edges.horizon,
        scaler=scaler,
        input_inv_scale=inv_scale,
        input_zero_point=edges.input_zero_point,
        forecast_scale=np.float32(edges.output_scale) / np.float32(edges.horizon),
        output_zero_point=edges.output_zero_point,
        weight=weight.astype(np.float32),
        alpha=alpha,
        threshold=threshold,
    )


def read_edges(model: Path) -> Edges:
    """Return shape and quantization of a forecaster `.tflite`.

    Raises:
        DataError: Not one int8 input [1, window, channels] and one int8 output
            [1, horizon, channels].
        CodegenError: The file is malformed or unsupported.
    """
    from codegen.frontend import tflite

    graph = tflite.load(model, "forecaster")
    ends = [graph.tensor(i) for i in (*graph.inputs, *graph.outputs)]
    shaped = len(ends) == 2 and all(
        len(end.shape) == 3 and end.shape[0] == 1 and end.dtype.value == "int8" for end in ends
    )
    if not shaped or ends[0].shape[2] != ends[1].shape[2]:
        raise DataError(
            f"{model}: not a forecaster: needs one int8 input [1, window, channels] and one"
            " int8 output [1, horizon, channels]"
        )
    source, result = (end.quantization for end in ends)
    if source is None or result is None:
        raise DataError(f"{model}: input or output has no quantization")
    return Edges(
        window=ends[0].shape[1],
        horizon=ends[1].shape[1],
        channels=ends[0].shape[2],
        input_scale=source.scale,
        input_zero_point=source.zero_point,
        output_scale=result.scale,
        output_zero_point=result.zero_point,
    )


def load(directory: Path) -> ChainConfig:
    """Return the chain of a model directory: model, `scaler.json`, `detector.json`.

    Raises:
        DataError: A file is missing or malformed, or they do not fit each other.
    """
    scaler = scaler_file.load(directory / "scaler.json")
    path = directory / "detector.json"
    content = json_file.read(path)
    alpha = json_file.scalar(path, content, "alpha")
    if alpha > 1:
        raise DataError(f'{path}: "alpha" must be in (0, 1], not {alpha}')
    weight = json_file.vector(path, content, "weights", len(scaler.channels))
    if (weight < 0).any():
        raise DataError(f'{path}: "weights" must not be negative')
    threshold = json_file.scalar(path, content, "threshold")
    return configure(read_edges(directory / "model_int8.tflite"), scaler, weight, alpha, threshold)


def quantize(config: ChainConfig, samples: NDArray[np.float32]) -> NDArray[np.int8]:
    """Step 2: finite float32 [rows, channels] raw to int8 [rows, channels]."""
    return quantize_standardized(config, config.scaler.standardize(samples))


def quantize_standardized(config: ChainConfig, z: NDArray[np.float32]) -> NDArray[np.int8]:
    """Step 2 from z on: float32 [..., channels] to int8 of the same shape."""
    u = np.clip(z, -config.scaler.clip, config.scaler.clip)
    t = u * config.input_inv_scale
    half = np.where(t >= 0, np.float32(0.5), np.float32(-0.5))
    r = np.trunc(t + half).astype(np.int32)
    q: NDArray[np.int8] = np.clip(r + config.input_zero_point, -128, 127).astype(np.int8)
    return q


@dataclass(frozen=True, eq=False)
class Residuals:
    """Steps 1–4 but for the score: what is needed to fit weights and threshold.

    Attributes:
        index: uint32 [rows], samples since reset; 0 on a row that is not finite.
        finite: bool [rows].
        forecast_rows: int64 [forecasts], the rows on which the model ran.
        forecast_crcs: uint32 [forecasts].
        scored_rows: int64 [scored], the rows with a score.
        values: float32 [scored, channels], the residual v.
    """

    index: NDArray[np.uint32]
    finite: NDArray[np.bool_]
    forecast_rows: NDArray[np.int64]
    forecast_crcs: NDArray[np.uint32]
    scored_rows: NDArray[np.int64]
    values: NDArray[np.float32]


def _since_reset(finite: NDArray[np.bool_]) -> NDArray[np.uint32]:
    rows = np.arange(len(finite))
    last = np.maximum.accumulate(np.where(finite, -1, rows)) if len(rows) else rows
    return np.where(finite, rows - last - 1, 0).astype(np.uint32)


def residuals(config: ChainConfig, samples: NDArray[np.float32], forecast: Forecast) -> Residuals:
    """Run the chain up to the residual of each sample.

    Args:
        config: Constants; weight, alpha and threshold are not used.
        samples: float32 [rows, channels], raw; a row that is not finite is a gap.
        forecast: The model.

    Raises:
        DataError: Another channel count.
    """
    if samples.ndim != 2 or samples.shape[1] != config.channels:
        raise DataError(f"samples have shape {samples.shape}, the chain {config.channels} channels")
    window, horizon = config.window, config.horizon
    samples = samples.astype(np.float32)
    finite = finite_rows(samples)
    index = _since_reset(finite)
    z = config.scaler.standardize(np.where(finite[:, None], samples, np.float32(0)))
    q = quantize_standardized(config, z)

    forecast_rows = np.flatnonzero(finite & (index + 1 >= window))
    windows = q[forecast_rows[:, None] + np.arange(1 - window, 1)]
    outputs = (
        np.ascontiguousarray(forecast(windows))
        if len(forecast_rows)
        else np.empty((0, horizon, config.channels), dtype=np.int8)
    )
    number = np.full(len(samples), -1, dtype=np.int64)
    number[forecast_rows] = np.arange(len(forecast_rows))

    scored_rows = np.flatnonzero(finite & (index >= window + horizon - 1))
    total = np.zeros((len(scored_rows), config.channels), dtype=np.int32)
    for step in range(horizon):
        total += outputs[number[scored_rows - 1 - step], step]
    centred = (total - np.int32(horizon * config.output_zero_point)).astype(np.float32)
    limit = config.scaler.score_limit
    values = np.clip(z[scored_rows], -limit, limit) - centred * config.forecast_scale
    crcs = np.array([zlib.crc32(output.tobytes()) for output in outputs], dtype=np.uint32)
    return Residuals(index, finite, forecast_rows, crcs, scored_rows, values)


def residual_scores(
    weight: NDArray[np.float32], values: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return s = Σ (weight · v) · v, float32 [scored], summed in channel order from 0."""
    total = np.zeros(len(values), dtype=np.float32)
    for channel, factor in enumerate(weight):
        v = values[:, channel]
        total = total + (factor * v) * v
    return total


def smooth(
    alpha: np.float32, rows: NDArray[np.int64], scores: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the EWMA of s, float32 [scored]; it starts again after each gap between rows."""
    smoothed = np.empty_like(scores)
    e, previous = np.float32(0), -2
    for position, (row, s) in enumerate(zip(rows.tolist(), scores, strict=True)):
        e = s if row != previous + 1 else e + alpha * (s - e)
        smoothed[position], previous = e, row
    return smoothed


def run_chain(
    config: ChainConfig, samples: NDArray[np.float32], forecast: Forecast
) -> NDArray[np.void]:
    """Run the whole chain from reset.

    Args:
        config: Constants.
        samples: float32 [rows, channels], raw.
        forecast: The model.

    Returns:
        RECORD [rows].

    Raises:
        DataError: Another channel count.
    """
    found = residuals(config, samples, forecast)
    records = np.zeros(len(samples), dtype=RECORD)
    records["index"] = found.index
    records["status"] = np.where(found.finite, STATUS_OK, STATUS_NOT_FINITE)
    records["has_forecast"][found.forecast_rows] = 1
    records["forecast_crc"][found.forecast_rows] = found.forecast_crcs
    rows = found.scored_rows
    s = residual_scores(config.weight, found.values)
    e = smooth(config.alpha, rows, s)
    records["residual_score"][rows] = s
    records["score"][rows] = e
    records["state"][rows] = np.where(e > config.threshold, ALARM, OK)
    return records
