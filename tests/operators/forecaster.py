"""A forecaster like the shipped one, with random weights, and windows of three kinds."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.operators.builder import ABSENT, ModelBuilder, options

Array = NDArray[Any]
WINDOW, HORIZON, CHANNELS, FILTERS, UNITS = 30, 10, 16, 32, 80


def model(seed: int = 1, *, float_edges: bool = False) -> bytes:
    """Return Conv1D(32, 3, same, relu) → LSTM(80) → Dense(160) → Reshape(10, 16), int8.

    With `float_edges` input and output are float32, as the converter writes by default.
    """
    rng = np.random.default_rng(seed)
    m = ModelBuilder()
    if float_edges:
        x = m.tensor((1, WINDOW, CHANNELS), "int8", 0.05, -4)
        m.operator("QUANTIZE", [m.input((1, WINDOW, CHANNELS), "float32")], [x])
    else:
        x = m.input((1, WINDOW, CHANNELS), "int8", 0.05, -4)
    line = m.tensor((1, 1, WINDOW, CHANNELS), "int8", 0.05, -4)
    _reshape(m, x, line, [1, 1, WINDOW, CHANNELS])
    features = _conv(m, rng, line)
    sequence = m.tensor((1, WINDOW, FILTERS), "int8", 0.02, -128)
    _reshape(m, features, sequence, [1, WINDOW, FILTERS])
    last = _lstm(m, rng, sequence)
    dense = _dense(m, rng, last)
    y = m.tensor((1, HORIZON, CHANNELS), "int8", 0.03, 6)
    _reshape(m, dense, y, [1, HORIZON, CHANNELS])
    if float_edges:
        real = m.tensor((1, HORIZON, CHANNELS), "float32")
        m.operator("DEQUANTIZE", [y], [real])
        y = real
    m.output(y)
    return m.build()


def windows(count: int, seed: int = 2) -> Array:
    """Return int8[3·count, 1, 30, 16]: in-distribution sines, saturated ones, and noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(WINDOW)[None, :, None]
    shape = (count, 1, CHANNELS)
    sines = np.sin(2 * np.pi * (time / rng.uniform(8, 80, shape) + rng.uniform(0, 1, shape)))
    real = sines * rng.uniform(0.2, 2.0, shape) + rng.normal(0, 0.1, (count, WINDOW, CHANNELS))
    quiet = np.round(real / 0.05) - 4
    loud = np.round(real * 6 / 0.05) - 4
    noise = rng.integers(-128, 128, (count, WINDOW, CHANNELS))
    return np.clip(np.concatenate([quiet, loud, noise]), -128, 127).astype(np.int8)[:, None]


def _reshape(m: ModelBuilder, source: int, target: int, shape: list[int]) -> None:
    size = m.constant(np.array(shape, np.int32))
    m.operator("RESHAPE", [source, size], [target], options("Reshape", newShape=shape))


def _int8(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.clip(rng.normal(0, 45, shape), -127, 127).astype(np.int8)


def _conv(m: ModelBuilder, rng: np.random.Generator, source: int) -> int:
    scales = rng.uniform(0.002, 0.006, FILTERS).astype(np.float32)
    weights = m.constant(_int8(rng, (FILTERS, 1, 3, CHANNELS)), [float(s) for s in scales])
    bias = rng.normal(0, 900, FILTERS).astype(np.int32)
    offsets = m.constant(bias, [float(s) for s in np.float32(0.05) * scales])
    y = m.tensor((1, 1, WINDOW, FILTERS), "int8", 0.02, -128)
    table = options("Conv2D", padding=0, strideH=1, strideW=1, fusedActivationFunction=1)
    m.operator("CONV_2D", [source, weights, offsets], [y], table)
    return y


def _lstm(m: ModelBuilder, rng: np.random.Generator, source: int) -> int:
    weights, bias = [], []
    for depth, scale in ((FILTERS, 0.004), (UNITS, 0.003)):
        for gate in range(4):
            exact = float(np.float32(scale * (1 + 0.1 * gate)))
            weights.append(m.constant(_int8(rng, (UNITS, depth)), exact))
            if depth == FILTERS:
                values = rng.normal(0.3, 0.3, UNITS) / (0.02 * exact)
                bias.append(m.constant(values.astype(np.int32), float(np.float32(0.02 * exact))))
    hidden = m.tensor((1, UNITS), "int8", 1 / 129, 3, variable=True)
    cell = m.tensor((1, UNITS), "int16", 2.0**-11, 0, variable=True)
    sequence = m.tensor((1, WINDOW, UNITS), "int8", 1 / 129, 3)
    table = options("UnidirectionalSequenceLSTM", fusedActivationFunction=4, cellClip=10.0)
    inputs = [source, *weights, *[ABSENT] * 3, *bias, ABSENT, ABSENT, hidden, cell, *[ABSENT] * 4]
    m.operator("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, [sequence], table)
    last = m.tensor((1, UNITS), "int8", 1 / 129, 3)
    indices = [m.constant(np.array(v, np.int32)) for v in ([0, -1, 0], [0, 0, 0], [1, 1, 1])]
    masks = options("StridedSlice", beginMask=5, endMask=5, shrinkAxisMask=2)
    m.operator("STRIDED_SLICE", [sequence, *indices], [last], masks)
    return last


def _dense(m: ModelBuilder, rng: np.random.Generator, source: int) -> int:
    size = HORIZON * CHANNELS
    scales = rng.uniform(0.002, 0.006, size).astype(np.float32)
    weights = m.constant(_int8(rng, (size, UNITS)), [float(s) for s in scales])
    bias = rng.normal(0, 900, size).astype(np.int32)
    offsets = m.constant(bias, [float(s / 129) for s in scales])
    y = m.tensor((1, size), "int8", 0.03, 6)
    m.operator("FULLY_CONNECTED", [source, weights, offsets], [y], options("FullyConnected"))
    return y
