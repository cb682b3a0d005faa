"""Random models with int16 values and int8 weights."""

from collections.abc import Callable
from functools import partial
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


def depthwise_conv_2d_s16(rng: Rng) -> Case:
    """SAME and VALID, strides, dilations, multipliers; sums of 64 bits only, as in TFLM."""
    padding = int(rng.integers(2))
    kernel, stride, dilation = (tuple(int(v) for v in rng.integers(1, 4, 2)) for _ in range(3))
    effective = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    size = tuple(e + int(rng.integers(0, 6)) for e in effective)
    out = [
        -(-n // s) if padding == 0 else (n - e + s) // s
        for n, e, s in zip(size, effective, stride, strict=True)
    ]
    depth, copies = int(rng.integers(1, 8)), int(rng.integers(1, 4))
    m, source = ModelBuilder(), draw_scale(rng, 1e-5, 1e-3)
    shape = (1, *size, depth)
    x = m.input(shape, "int16", source)
    channels = depth * copies
    scale = [draw_scale(rng, 1e-3, 2e-2) for _ in range(channels)]
    weights = m.constant(
        rng.integers(-127, 128, (1, *kernel, channels)).astype(np.int8), scale, axis=3
    )
    bias = m.constant(rng.normal(0, 1e6, channels).astype(np.int64), product_scale(source, scale))
    y = m.tensor(
        (1, *out, channels), "int16", _output_scale(rng, source, scale, kernel[0] * kernel[1])
    )
    table = options(
        "DepthwiseConv2D",
        padding=padding,
        strideH=stride[0],
        strideW=stride[1],
        dilationHFactor=dilation[0],
        dilationWFactor=dilation[1],
        depthMultiplier=copies,
        fusedActivationFunction=int(rng.choice(ACTIVATIONS)),
    )
    m.operator("DEPTHWISE_CONV_2D", [x, weights, bias], [y], table)
    m.output(y)
    return Case(m.build(), [int16_values(rng, shape)])


def transpose_conv_s16(rng: Rng) -> Case:
    """SAME and VALID, any stride, with and without a bias."""
    kernel, stride = (tuple(int(v) for v in rng.integers(1, 4, 2)) for _ in range(2))
    size = tuple(int(v) for v in rng.integers(1, 6, 2))
    padding = int(rng.integers(2))
    out = [
        n * s if padding == 0 else (n - 1) * s + k
        for n, s, k in zip(size, stride, kernel, strict=True)
    ]
    depth, channels = int(rng.integers(1, 8)), int(rng.integers(1, 8))
    m, source = ModelBuilder(), draw_scale(rng, 1e-5, 1e-3)
    shape = (1, *size, depth)
    target = m.constant(np.array([1, *out, channels], np.int32))
    x = m.input(shape, "int16", source)
    scale = [draw_scale(rng, 1e-3, 2e-2) for _ in range(channels)]
    weights = m.constant(rng.integers(-127, 128, (channels, *kernel, depth)).astype(np.int8), scale)
    inputs = [target, weights, x]
    if rng.integers(3):
        bias = rng.normal(0, 1e6, channels).astype(np.int64)
        inputs.append(m.constant(bias, product_scale(source, scale)))
    y = m.tensor((1, *out, channels), "int16", _output_scale(rng, source, scale, 4 * depth))
    table = options("TransposeConv", padding=padding, strideH=stride[0], strideW=stride[1])
    m.operator("TRANSPOSE_CONV", inputs, [y], table, version=3)
    m.output(y)
    return Case(m.build(), [int16_values(rng, shape)])


def pool_s16(rng: Rng, kind: str) -> Case:
    """Any window, padding and stride."""
    window, stride = (tuple(int(v) for v in rng.integers(1, 4, 2)) for _ in range(2))
    size = tuple(int(v) for v in rng.integers(3, 9, 2))
    padding = int(rng.integers(2))
    out = [
        -(-n // s) if padding == 0 else (n - k + s) // s
        for n, k, s in zip(size, window, stride, strict=True)
    ]
    m, scale = ModelBuilder(), draw_scale(rng, 1e-5, 1e-3)
    shape = (int(rng.integers(1, 3)), *size, int(rng.integers(1, 8)))
    x = m.input(shape, "int16", scale)
    y = m.tensor((shape[0], *out, shape[3]), "int16", scale)
    table = options(
        "Pool2D",
        padding=padding,
        strideH=stride[0],
        strideW=stride[1],
        filterHeight=window[0],
        filterWidth=window[1],
        fusedActivationFunction=int(rng.choice(ACTIVATIONS)),
    )
    m.operator(kind, [x], [y], table)
    m.output(y)
    return Case(m.build(), [int16_values(rng, shape)])


def softmax_s16(rng: Rng) -> Case:
    """Rows that one value rules, and rows of equals; any beta."""
    shape = (int(rng.integers(1, 4)), int(rng.choice([1, 2, 3, 10, 100, 300])))
    m = ModelBuilder()
    x = m.input(shape, "int16", draw_scale(rng, 1e-6, 1e-2))
    y = m.tensor(shape, "int16", 2.0**-15)
    beta = float(np.float32(rng.choice([1.0, 0.3, 2.5])))
    m.operator("SOFTMAX", [x], [y], options("Softmax", beta=beta))
    m.output(y)
    return Case(m.build(), [int16_values(rng, shape)])


def leaky_relu_s16(rng: Rng) -> Case:
    """Slopes from flat to steep, also negative."""
    shape = (1, 257)
    m = ModelBuilder()
    source = draw_scale(rng, 1e-5, 1e-3)
    x = m.input(shape, "int16", source)
    y = m.tensor(shape, "int16", float(np.float32(source * rng.uniform(0.3, 3))))
    alpha = float(np.float32(rng.choice([0.0, 0.01, 0.2, 1.0, 1.7, -0.3])))
    m.operator("LEAKY_RELU", [x], [y], options("LeakyRelu", alpha=alpha))
    m.output(y)
    return Case(m.build(), [int16_values(rng, shape)])


def pad_s16(rng: Rng) -> Case:
    """Borders around any axes."""
    shape = tuple(int(v) for v in rng.integers(1, 6, int(rng.integers(1, 5))))
    widths = rng.integers(0, 3, (len(shape), 2)).astype(np.int32)
    m, scale = ModelBuilder(), draw_scale(rng, 1e-5, 1e-3)
    x = m.input(shape, "int16", scale)
    out = [n + int(w.sum()) for n, w in zip(shape, widths, strict=True)]
    y = m.tensor(out, "int16", scale)
    m.operator("PAD", [x, m.constant(widths)], [y], options("Pad"))
    m.output(y)
    return Case(m.build(), [int16_values(rng, shape)])


INT16_CASES: dict[str, Callable[[Rng], Case]] = {
    "AVERAGE_POOL_2D_S16": partial(pool_s16, kind="AVERAGE_POOL_2D"),
    "CONV_2D_S16": conv_2d_s16,
    "DEPTHWISE_CONV_2D_S16": depthwise_conv_2d_s16,
    "FULLY_CONNECTED_S16": fully_connected_s16,
    "LEAKY_RELU_S16": leaky_relu_s16,
    "MAX_POOL_2D_S16": partial(pool_s16, kind="MAX_POOL_2D"),
    "PAD_S16": pad_s16,
    "SOFTMAX_S16": softmax_s16,
    "TRANSPOSE_CONV_S16": transpose_conv_s16,
}
