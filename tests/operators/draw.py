"""Random numbers, scales and weights from which the cases of all operators are made."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.operators.builder import ABSENT, ModelBuilder

Rng = np.random.Generator
Array = NDArray[Any]
ACTIVATIONS = (0, 1, 2, 3)  # NONE, RELU, RELU_N1_TO_1, RELU6
WINDOWS = 12


@dataclass(frozen=True)
class Case:
    """A model and N input values per input, (N, *shape)."""

    model: bytes
    inputs: list[Array]
    oracle: str = "tflm"
    """What says the truth: `tflm`, or `tflite` (its reference kernels) where TFLM has none."""
    judged: bytes | None = None
    """The model that it runs where that is another one, which computes the same."""


def int8_values(rng: Rng, shape: tuple[int, ...], count: int = WINDOWS) -> Array:
    """Return windows of three kinds: uniform, saturated at the limits, and near the middle."""
    values = rng.integers(-128, 128, (count, *shape))
    third = max(1, count // 3)
    values[:third] = rng.choice([-128, 127], (third, *shape))
    values[-third:] = np.clip(rng.normal(0, 20, (third, *shape)), -128, 127)
    return values.astype(np.int8)


def draw_scale(rng: Rng, low: float = 1e-3, high: float = 0.3) -> float:
    """Return a float32 scale, uniform in its logarithm."""
    return float(np.float32(np.exp(rng.uniform(np.log(low), np.log(high)))))


def draw_zero_point(rng: Rng) -> int:
    """Return a zero point, often one of the limits or 0."""
    return int(rng.choice([-128, 127, 0, int(rng.integers(-128, 128))]))


def product_scale(source: float, weights: Any) -> list[float]:
    """Return the scale of a bias, in float32 as the converter computes it."""
    return [float(np.float32(source) * np.float32(weight)) for weight in np.atleast_1d(weights)]


def draw_rows(
    rng: Rng,
    m: ModelBuilder,
    shape: tuple[int, ...],
    source: float,
    axis: int = 0,
    *,
    low: int = -128,
) -> tuple[int, int, Any]:
    """Add random weights from `low` on and bias, the channels along `axis`.

    Returns indices and weight scales.
    """
    channels = shape[axis]
    depth = int(np.prod(shape)) // channels
    per_channel = bool(rng.integers(2)) and channels > 1
    scale = (
        [draw_scale(rng, 1e-3, 2e-2) for _ in range(channels)] if per_channel else draw_scale(rng)
    )
    weights = m.constant(rng.integers(low, 128, shape).astype(np.int8), scale, axis=axis)
    if rng.integers(5) == 0:
        return weights, ABSENT, scale
    bias = rng.normal(0, 6000 * np.sqrt(depth), channels).astype(np.int32)
    return weights, m.constant(bias, product_scale(source, scale)), scale


def draw_output_scale(rng: Rng, source: float, weights: Any, depth: int) -> float:
    """Choose between an output that uses a tenth of its range and one that saturates often."""
    spread = 74 * 74 * np.sqrt(depth) * source * float(np.max(weights)) / 128
    return float(np.float32(spread * np.exp(rng.uniform(np.log(0.1), np.log(8)))))
