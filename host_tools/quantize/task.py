"""What one process of a sweep does: lower a network, collect statistics, try one point.

These functions run in worker processes, here or on a cluster. They touch no file but the
network's, so that a worker can die at any time and another can do its work again.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.compare import error
from host_tools.errors import ConversionError
from host_tools.quantize import calibration, values
from host_tools.quantize.grid import Point
from host_tools.training import network, oracle, quantizer

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Evaluation:
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
    """What each window did to each tensor, at one clip.

    Attributes:
        low: float32 [N, T].
        high: float32 [N, T].
        values: Per tensor float32 [N, K] or None; empty when no method needs them.
    """

    low: Floats
    high: Floats
    values: tuple[Floats | None, ...] = ()

    def rows(self, chosen: NDArray[np.int64]) -> "Statistics":
        """Return the statistics of some windows."""
        picked = tuple(None if seen is None else seen[chosen] for seen in self.values)
        return Statistics(self.low[chosen], self.high[chosen], picked)


@dataclass(frozen=True, eq=False)
class Context:
    """What all points share; sent to each worker once.

    Attributes:
        template: The float model with ranges, see `quantizer.template`.
        statistics: By clip.
        evaluation: What to measure on.
        network: The network's file, for the naive loop only.
        windows: float32 [N, W, C], standardized pool windows, for the naive loop only.
        tried: What this process found for ranges that it has met before.
    """

    template: bytes
    statistics: dict[float, Statistics]
    evaluation: Evaluation
    network: Path | None = None
    windows: Floats | None = None
    tried: dict[bytes, "Result"] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """One point tried: the int8 model and its figures, JSON values."""

    point: Point
    model: bytes
    figures: dict[str, Any] = field(default_factory=dict)


def lower(path: Path, window: Floats) -> bytes:
    """Return the calibrated float model of a network; `window` float32 [W, C]."""
    return quantizer.template(network.fused(path), window)


def collect(template: bytes, windows: Floats, clip: float, with_values: bool) -> Statistics:
    """Return the statistics of windows [N, W, C], clipped first."""
    clipped = np.clip(windows, np.float32(-clip), np.float32(clip))
    low, high = quantizer.collect(template, clipped)
    at = quantizer.places(template)
    seen = values.collect(template, clipped, at.tensors.tolist()) if with_values else ()
    return Statistics(low, high, tuple(seen))


def join(parts: list[Statistics]) -> Statistics:
    """Return the statistics of several chunks as one."""
    columns = zip(*(part.values for part in parts), strict=True)
    return Statistics(
        np.concatenate([part.low for part in parts]),
        np.concatenate([part.high for part in parts]),
        tuple(_column(column) for column in columns),
    )


def _column(parts: tuple[Floats | None, ...]) -> Floats | None:
    kept = [part for part in parts if part is not None]
    return np.concatenate(kept) if len(kept) == len(parts) else None


def forecast_float(template: bytes, windows: Floats) -> Floats:
    """Return the float network's forecasts, each from reset state."""
    return values.forecast(template, windows)


def run(context: Context, point: Point, chosen: NDArray[np.int64]) -> Result:
    """Quantize and measure one point.

    Args:
        context: What all points share.
        point: What to try.
        chosen: Its windows, rows of `context.statistics[point.clip]`.
    """
    began = time.perf_counter()
    picked = context.statistics[point.clip].rows(chosen)
    low, high = calibration.ranges(point.method, picked.low, picked.high, picked.values or None)
    # Larger selections often add no new extreme: equal ranges give an equal model.
    key = np.float64(point.clip).tobytes() + low.tobytes() + high.tobytes()
    if key in context.tried:
        before = context.tried[key]
        seconds = {
            "convert_seconds": round(time.perf_counter() - began, 4),
            "evaluate_seconds": 0.0,
        }
        return Result(point, before.model, {**before.figures, **seconds})
    at = quantizer.places(context.template)
    model = quantizer.quantize(quantizer.overwrite(context.template, at, low, high))
    context.tried[key] = _measured(context, point, model, time.perf_counter() - began)
    return context.tried[key]


def run_naive(context: Context, point: Point, chosen: NDArray[np.int64]) -> Result:
    """Do the same by a whole conversion, as the earlier system did for each point."""
    if context.network is None or context.windows is None or point.method.needs_values:
        raise ConversionError("the naive loop knows calibration minmax only")
    began = time.perf_counter()
    windows = np.clip(context.windows[chosen], -np.float32(point.clip), np.float32(point.clip))
    content = quantizer.converter(network.fused(context.network), windows).convert()
    model = quantizer.canonical_bytes(bytes(content))
    return _measured(context, point, model, time.perf_counter() - began)


def _measured(context: Context, point: Point, model: bytes, seconds: float) -> Result:
    began = time.perf_counter()
    edges = values.edges(model)
    kept = context.evaluation
    quantized = oracle.forecast(model, edges.quantize(kept.windows, point.clip))
    real = (quantized.astype(np.float64) - edges.output_zero_point) * edges.output_scale
    versus_float = error.error(real, kept.forecast)
    difference = error.lsb(quantized, kept.forecast, edges.output_scale, edges.output_zero_point)
    figures = {
        "mse": versus_float.mse,
        "rmse": versus_float.rmse,
        "mae": versus_float.mae,
        "max": versus_float.max,
        "max_lsb": int(np.abs(difference).max()),
        "rmse_int8_vs_truth": error.error(real, kept.truth).rmse,
        "rmse_float_vs_truth": error.error(kept.forecast, kept.truth).rmse,
        "input_scale": edges.input_scale,
        "output_scale": edges.output_scale,
        "model_bytes": len(model),
        "convert_seconds": round(seconds, 4),
        "evaluate_seconds": round(time.perf_counter() - began, 4),
    }
    return Result(point, model, figures)
