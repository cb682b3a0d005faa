"""How good an int8 model is: against its float model, and each against the truth."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.compare import error, metrics
from host_tools.compare.metrics import RealDelta
from host_tools.errors import DataError
from host_tools.evaluation import error_sources as budget
from host_tools.evaluation.error_sources import ErrorShares
from host_tools.runtimes import tensors as values
from host_tools.runtimes import tflm as oracle

Floats = NDArray[np.float32]
VERSION = 1


@dataclass(frozen=True, eq=False)
class EvaluationInputs:
    """What is evaluated.

    Attributes:
        floating: The float `.tflite`.
        int8: The int8 `.tflite`.
        windows: float32 [N, window, channels], standardized, not clipped.
        truth: float32 [N, horizon, channels], or None when nobody knows.
        clip: Limit of model inputs in standard deviations.
        channels: Channel names.
        data: Where the windows come from, in words.
    """

    floating: bytes
    int8: bytes
    windows: Floats
    truth: Floats | None
    clip: float
    channels: Sequence[str]
    data: str


@dataclass(frozen=True)
class ErrorPair:
    """One comparison: in all, per channel and per horizon step."""

    total: RealDelta
    channels: list[RealDelta]
    steps: list[RealDelta]


@dataclass(frozen=True)
class Latency:
    """Milliseconds per window on this host; the device's figures come from `bench`."""

    median_ms: float
    p95_ms: float
    threads: int


@dataclass(frozen=True)
class Evaluation:
    """All figures; real numbers are in standard deviations of the channels."""

    data: str
    windows: int
    clip: float
    channels: list[str]
    horizon: int
    output_scale: float
    int8_vs_float: ErrorPair
    int8_vs_truth: ErrorPair | None
    float_vs_truth: ErrorPair | None
    lsb: dict[int, int]
    lsb_by_channel: list[dict[int, int]]
    lsb_by_step: list[dict[int, int]]
    budget: ErrorShares
    latency: dict[str, Latency] = field(default_factory=dict)

    def fields(self) -> dict[str, Any]:
        """Return the figures as JSON values."""
        return {
            "version": VERSION,
            "unit": "standard deviations of the training rows; LSB is the output scale",
            **asdict(self),
            "budget_shares": self.budget.shares(),
        }


def evaluate(material: EvaluationInputs, threads: int = 1) -> Evaluation:
    """Run both models on every window and compare.

    The int8 model runs on TensorFlow Lite Micro, whose bytes are the device's.

    Raises:
        DataError: The models take other windows, or no window.
        ConversionError: A model cannot run.
    """
    edges = values.edges(material.int8)
    _check(material, edges)
    quantized_windows = edges.quantize(material.windows, material.clip)
    quantized = oracle.forecast(material.int8, quantized_windows)
    real = (quantized.astype(np.float64) - edges.output_zero_point) * edges.output_scale
    floating = values.forecast(material.floating, material.windows)
    difference = error.lsb(quantized, floating, edges.output_scale, edges.output_zero_point)
    truth = material.truth
    return Evaluation(
        data=material.data,
        windows=len(material.windows),
        clip=material.clip,
        channels=list(material.channels),
        horizon=edges.forecast[0],
        output_scale=edges.output_scale,
        int8_vs_float=_pair(real, floating),
        int8_vs_truth=None if truth is None else _pair(real, truth),
        float_vs_truth=None if truth is None else _pair(floating, truth),
        lsb=error.histogram(difference),
        lsb_by_channel=[error.histogram(part) for part in np.moveaxis(difference, 2, 0)],
        lsb_by_step=[error.histogram(part) for part in np.moveaxis(difference, 1, 0)],
        budget=budget.budget(
            material.floating, material.int8, material.windows, material.clip, quantized
        ),
        latency={
            "int8": _latency(material.int8, quantized_windows, threads),
            "float": _latency(material.floating, material.windows, threads),
        },
    )


def _check(material: EvaluationInputs, edges: values.TensorEdges) -> None:
    other = values.edges(material.floating)
    if (edges.window, edges.forecast) != (other.window, other.forecast):
        raise DataError(
            f"the int8 model maps {edges.window} to {edges.forecast}, the float model"
            f" {other.window} to {other.forecast}: they are not of one network"
        )
    if not edges.input_scale or other.input_scale:
        raise DataError("give the float model as --float and the int8 model as --int8")
    if material.windows.shape[1:] != edges.window or not len(material.windows):
        raise DataError(
            f"windows have shape {list(material.windows.shape)}, the model takes"
            f" {list(edges.window)}"
        )


def _pair(left: NDArray[Any], right: NDArray[Any]) -> ErrorPair:
    return ErrorPair(
        metrics.real_delta(left, right), error.along(left, right, 2), error.along(left, right, 1)
    )


def _latency(model: bytes, windows: NDArray[Any], threads: int) -> Latency:
    run = values.TensorReader(model, threads)
    times = []
    for index in range(len(windows)):
        began = time.perf_counter()
        run(windows[index : index + 1])
        times.append(1e3 * (time.perf_counter() - began))
    median, p95 = np.percentile(times[len(times) // 10 :], [50, 95])
    return Latency(round(float(median), 4), round(float(p95), 4), threads)
