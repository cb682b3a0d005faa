"""Tasks of a sweep's processes: lower a network, collect statistics, quantize, measure.

These functions run in worker processes, here or on a cluster. They touch no file but the
network's, so that a worker can die at any time and another can do its work again. `lower`,
`collect` and `quantize` need TensorFlow; the others do not, and start in no time.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.compare import error, metrics
from host_tools.conversion import calibration, network, quantizer
from host_tools.conversion.calibration import Method
from host_tools.quantize.grid import Point
from host_tools.runtimes import tensors as values
from host_tools.runtimes import tflm as oracle

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SweepWindows:
    """Windows that every point is measured on.

    Attributes:
        windows: float32 [N, window, channels], standardized, not clipped.
        forecast: float32 [N, horizon, channels], of the float network.
        truth: float32 [N, horizon, channels], what followed.
    """

    windows: Floats
    forecast: Floats
    truth: Floats


@dataclass(frozen=True, eq=False)
class Statistics:
    """Statistics of each tensor over calibration windows, at one clip.

    Attributes:
        low: float32 [G, T], least value of each tensor in each group of windows. A group holds
            windows that every point takes or leaves together.
        high: float32 [G, T], greatest.
        values: Per tensor float32 [N, K] of each window, or None; empty when no method needs
            them.
    """

    low: Floats
    high: Floats
    values: tuple[Floats | None, ...] = ()


@dataclass(frozen=True, eq=False)
class Ranges:
    """Range that int8 covers in each tensor, float32 [T] each, and the clip of the windows."""

    clip: float
    low: Floats
    high: Floats

    @property
    def key(self) -> bytes:
        """Equal for ranges that give an equal model."""
        return np.float64(self.clip).tobytes() + self.low.tobytes() + self.high.tobytes()


@dataclass(frozen=True)
class PointResult:
    """One point tried: the int8 model and its figures, JSON values."""

    point: Point
    model: bytes
    figures: dict[str, Any]


def lower(path: Path, window: Floats) -> bytes:
    """Return the calibrated float model of a network; `window` float32 [W, C]."""
    return quantizer.template(network.fused(path), window)


def collect(template: bytes, windows: Floats, groups: Ints, clip: float) -> tuple[Floats, Floats]:
    """Return the least and greatest of each tensor per group, windows [N, W, C] clipped first."""
    return quantizer.collect(template, clipped(windows, clip), groups)


def collect_values(template: bytes, windows: Floats, clip: float) -> list[Floats | None]:
    """Return values of each tensor in each window, see `values.collect`."""
    at = quantizer.places(template)
    return values.collect(template, clipped(windows, clip), at.tensors.tolist())


def clipped(windows: Floats, clip: float) -> Floats:
    """Return windows limited to ± clip standard deviations."""
    return np.clip(windows, np.float32(-clip), np.float32(clip))


def join(parts: list[list[Floats | None]]) -> tuple[Floats | None, ...]:
    """Return the values of several chunks of windows as one."""
    return tuple(_column(column) for column in zip(*parts, strict=True))


def _column(parts: tuple[Floats | None, ...]) -> Floats | None:
    kept = [part for part in parts if part is not None]
    return np.concatenate(kept) if len(kept) == len(parts) else None


def forecast_float(template: bytes, windows: Floats) -> Floats:
    """Return the float network's forecasts, each from reset state."""
    return values.forecast(template, windows)


def ranges(
    statistics: dict[float, Statistics], clip: float, method: Method, groups: Ints, chosen: Ints
) -> Ranges:
    """Return the ranges of one point.

    Args:
        statistics: By clip.
        clip: The point's.
        method: The point's.
        groups: Rows of `low` and `high`.
        chosen: Rows of `values`.
    """
    seen = statistics[clip]
    picked = (
        [None if v is None else v[chosen] for v in seen.values] if method.needs_values else None
    )
    return Ranges(clip, *calibration.ranges(method, seen.low[groups], seen.high[groups], picked))


def quantize(template: bytes, wanted: Ranges) -> tuple[bytes, float]:
    """Return the int8 model of these ranges, and the seconds that it took."""
    began = time.perf_counter()
    at = quantizer.places(template)
    model = quantizer.quantize(quantizer.overwrite(template, at, wanted.low, wanted.high))
    return model, time.perf_counter() - began


def measure(kept: SweepWindows, model: bytes, clip: float, seconds: float) -> dict[str, Any]:
    """Return the figures of one int8 model, whose conversion took `seconds`."""
    began = time.perf_counter()
    edges = values.edges(model)
    quantized = oracle.forecast(model, edges.quantize(kept.windows, clip))
    real = (quantized.astype(np.float64) - edges.output_zero_point) * edges.output_scale
    versus_float = metrics.real_delta(real, kept.forecast)
    difference = error.lsb(quantized, kept.forecast, edges.output_scale, edges.output_zero_point)
    return {
        "mse": versus_float.mse,
        "rmse": versus_float.rmse,
        "mae": versus_float.mae,
        "max": versus_float.max,
        "max_lsb": int(np.abs(difference).max()),
        "rmse_int8_vs_truth": metrics.real_delta(real, kept.truth).rmse,
        "rmse_float_vs_truth": metrics.real_delta(kept.forecast, kept.truth).rmse,
        "input_scale": edges.input_scale,
        "output_scale": edges.output_scale,
        "model_bytes": len(model),
        "convert_seconds": round(seconds, 4),
        "evaluate_seconds": round(time.perf_counter() - began, 4),
    }
