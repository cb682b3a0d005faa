"""Random models with int16 values and int8 weights."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.operators.builder import ABSENT, ModelBuilder, options
from tests.operators.draw import ACTIVATIONS, Array, Case, Rng, draw_scale, product_scale
from tests.operators.elementwise_cases import int16_values

_INT32 = 2  # TensorType: 32-bit sums although there is no bias


def _weights(
    rng: Rng, m: ModelBuilder, shape: tuple[int, ...], source: float
) -> tuple[int, int, Any, int]:
    """Add weights and a bias of 64 or 32 bits or none; return indices, scales and bias type."""
    channels, depth = shape[0], int(np.prod(shape[1:]))
    per_channel = bool(rng.integers(2)) and channels > 1
    scale = (
        [draw_scale(rng, 1e-3, 2e-2) for _ in range(channels)] if per_channel else draw_scale(rng)
    )
    weights = m.constant(rng.integers(-127, 128, shape).astype(np.int8), scale)
    form = str(rng.choice(["int64", "int64", "int32", "none", "none32"]))
    if form.startswith("none"):
        return weights, ABSENT, scale, _INT32 if form == "none32" else 0
    bias: Array = rng.normal(0, 1e6 * np.sqrt(depth), channels).astype(form)
    return weights, m.constant(bias, product_scale(source, scale)), scale, 0


def _output_scale(rng: Rng, source: float, weights: Any, depth: int) -> float:
    """Choose between an output that uses a tenth of its range and one that saturates often."""
    spread = 74 * 18000 * np.sqrt(depth) * source * float(np.max(weights)) / 32768
    return float(np.float32(spread * np.exp(rng.uniform(np.log(0.1), np.log(8)))))


def fully_connected_s16(rng: Rng) -> Case:
    """Per-tensor and per-channel, both widths of sums."""
    batches, depth, units = (int(rng.integers(1, n)) for n in (4, 90, 30))
    m, source = ModelBuilder(), draw_scale(rng, 1e-5, 1e-3)
    x = m.input((batches, depth), "int16", source)
    weights, bias, scale, kind = _weights(rng, m, (units, depth), source)
    y = m.tensor((batches, units), "int16", _output_scale(rng, source, scale, depth))
    table = options(
        "FullyConnected",
        fusedActivationFunction=int(rng.choice(ACTIVATIONS)),
        quantizedBiasType=kind,
    )
    m.operator("FULLY_CONNECTED", [x, weights, bias], [y], table, version=4)
    m.output(y)
    return Case(m.build(), [int16_values(rng, (batches, depth))])


def conv_2d_s16(rng: Rng) -> Case:
    """SAME and VALID, strides, dilations, both widths of sums."""
    padding = int(rng.integers(2))
    kernel, stride, dilation = (tuple(int(v) for v in rng.integers(1, 4, 2)) for _ in range(3))
    effective = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    size = tuple(e + int(rng.integers(0, 6)) for e in effective)
    out = [
        -(-n // s) if padding == 0 else (n - e + s) // s
        for n, e, s in zip(size, effective, stride, strict=True)
    ]
    depth, channels = int(rng.integers(1, 8)), int(rng.integers(1, 8))
    m, source = ModelBuilder(), draw_scale(rng, 1e-5, 1e-3)
    shape = (1, *size, depth)
    x = m.input(shape, "int16", source)
    weights, bias, scale, kind = _weights(rng, m, (channels, *kernel, depth), source)
    taps = kernel[0] * kernel[1] * depth
    y = m.tensor((1, *out, channels), "int16", _output_scale(rng, source, scale, taps))
    table = options(
        "Conv2D",
        padding=padding,
        strideH=stride[0],
        strideW=stride[1],
        dilationHFactor=dilation[0],
        dilationWFactor=dilation[1],
        fusedActivationFunction=int(rng.choice(ACTIVATIONS)),
        quantizedBiasType=kind,
    )
    m.operator("CONV_2D", [x, weights] + ([bias] if bias != ABSENT else []), [y], table)
    m.output(y)
    return Case(m.build(), [int16_values(rng, shape)])


INT16_CASES: dict[str, Callable[[Rng], Case]] = {
    "CONV_2D_S16": conv_2d_s16,
    "FULLY_CONNECTED_S16": fully_connected_s16,
}
