"""Random whole networks: depthwise-separable, residual, one-dimensional, recurrent, branched.

Shapes, strides, paddings, dilations and scales are drawn; the models listed in the documents are
none of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.operators.builder import ABSENT, ModelBuilder, options
from tests.operators.draw import (
    ACTIVATIONS,
    Case,
    Rng,
    draw_output_scale,
    draw_rows,
    draw_scale,
    draw_zero_point,
    int8_values,
)

SAME, VALID = 0, 1
UNITS = (1, 17, 128)


@dataclass(frozen=True)
class Value:
    """A tensor of the model under construction: image [1, h, w, c], or [1, c]."""

    index: int
    shape: tuple[int, ...]
    scale: float
    zero_point: int


class Network:
    """A model in the making, and what is drawn for it."""

    activations: tuple[int, ...] = ACTIVATIONS

    def __init__(self, rng: Rng) -> None:
        self.rng = rng
        self.m = ModelBuilder()
        self.inputs: list[tuple[int, ...]] = []

    def source(self, shape: tuple[int, ...]) -> Value:
        """Add an input of the model."""
        scale, zero_point = draw_scale(self.rng), draw_zero_point(self.rng)
        self.inputs.append(shape)
        return Value(self.m.input(shape, "int8", scale, zero_point), shape, scale, zero_point)

    def case(self, *results: Value, count: int) -> Case:
        """Return the finished model with `count` windows for each input."""
        self.m.output(*(value.index for value in results))
        return Case(self.m.build(), [int8_values(self.rng, s, count) for s in self.inputs])

    def _new(self, shape: tuple[int, ...], scale: float) -> Value:
        zero_point = draw_zero_point(self.rng)
        return Value(self.m.tensor(shape, "int8", scale, zero_point), shape, scale, zero_point)

    def _output_scale(self, source: float, weights: Any, depth: int) -> float:
        """Return the scale of a product's output."""
        return draw_output_scale(self.rng, source, weights, depth)

    def _rows(self, shape: tuple[int, ...], x: Value, axis: int = 0) -> tuple[int, int, Any]:
        """Add weights as the converter makes them, in [-127, 127]; one in eight has -128, too."""
        low = -128 if self.rng.integers(8) == 0 else -127
        return draw_rows(self.rng, self.m, shape, x.scale, axis, low=low)

    def convolution(self, x: Value, channels: int, kernel: tuple[int, int], **axes: int) -> Value:
        """CONV_2D, or DEPTHWISE_CONV_2D where `channels` is 0; axes: stride, dilation, padding."""
        stride, dilation = axes.get("stride", 1), axes.get("dilation", 1)
        depth = x.shape[3]
        width = channels or depth * axes.get("copies", 1)
        shape = (channels, *kernel, depth) if channels else (1, *kernel, width)
        weights, bias, scale = self._rows(shape, x, axis=0 if channels else 3)
        taps = kernel[0] * kernel[1] * (depth if channels else 1)
        padding = axes.get("padding", SAME)
        extent = [
            _extent(n, (k - 1) * dilation + 1, stride, padding)
            for n, k in zip(x.shape[1:3], kernel, strict=True)
        ]
        y = self._new((1, *extent, width), self._output_scale(x.scale, scale, taps))
        fields = {
            "padding": padding,
            "strideH": stride,
            "strideW": stride,
            "dilationHFactor": dilation,
            "dilationWFactor": dilation,
            "fusedActivationFunction": int(self.rng.choice(self.activations)),
        }
        kind, table = "CONV_2D", "Conv2D"
        if not channels:
            kind, table = "DEPTHWISE_CONV_2D", "DepthwiseConv2D"
            fields["depthMultiplier"] = axes.get("copies", 1)
        inputs = [x.index, weights] + ([bias] if bias != ABSENT else [])
        self.m.operator(kind, inputs, [y.index], options(table, **fields))
        return y

    def add(self, a: Value, b: Value) -> Value:
        """ADD of two values with scales of their own."""
        scale = float(np.float32(max(a.scale, b.scale) * self.rng.uniform(0.4, 1.7)))
        y = self._new(a.shape, scale)
        table = options("Add", fusedActivationFunction=int(self.rng.choice(self.activations)))
        self.m.operator("ADD", [a.index, b.index], [y.index], table)
        return y

    def pool(self, x: Value, window: tuple[int, int], stride: int, padding: int = VALID) -> Value:
        """MAX_POOL_2D or AVERAGE_POOL_2D: scale and zero point stay."""
        extent = [_extent(n, k, stride, padding) for n, k in zip(x.shape[1:3], window, strict=True)]
        shape = (1, *extent, x.shape[3])
        y = self.m.tensor(shape, "int8", x.scale, x.zero_point)
        kind = str(self.rng.choice(["MAX_POOL_2D", "AVERAGE_POOL_2D"]))
        table = options(
            "Pool2D",
            padding=padding,
            strideH=stride,
            strideW=stride,
            filterHeight=window[0],
            filterWidth=window[1],
        )
        self.m.operator(kind, [x.index], [y], table)
        return Value(y, shape, x.scale, x.zero_point)

    def reshape(self, x: Value, shape: tuple[int, ...]) -> Value:
        """RESHAPE: the same values under another shape."""
        y = self.m.tensor(shape, "int8", x.scale, x.zero_point)
        target = self.m.constant(np.array(shape, np.int32))
        self.m.operator("RESHAPE", [x.index, target], [y], options("Reshape", newShape=list(shape)))
        return Value(y, shape, x.scale, x.zero_point)

    def dense(self, x: Value, units: int) -> Value:
        """FULLY_CONNECTED over all values."""
        flat = self.reshape(x, (1, int(np.prod(x.shape))))
        depth = flat.shape[1]
        weights, bias, scale = self._rows((units, depth), x)
        y = self._new((1, units), self._output_scale(x.scale, scale, depth))
        self.m.operator(
            "FULLY_CONNECTED", [flat.index, weights, bias], [y.index], options("FullyConnected")
        )
        return y

    def concatenation(self, values: Sequence[Value]) -> Value:
        """CONCATENATION along the last axis; every scale is that of the first."""
        first = values[0]
        width = sum(v.shape[-1] for v in values)
        shape = (*first.shape[:-1], width)
        y = self.m.tensor(shape, "int8", first.scale, first.zero_point)
        self.m.operator(
            "CONCATENATION", [v.index for v in values], [y], options("Concatenation", axis=-1)
        )
        return Value(y, shape, first.scale, first.zero_point)

    def quantize(self, x: Value, like: Value) -> Value:
        """QUANTIZE to the scale and zero point of `like`."""
        y = self.m.tensor(x.shape, "int8", like.scale, like.zero_point)
        self.m.operator("QUANTIZE", [x.index], [y])
        return Value(y, x.shape, like.scale, like.zero_point)

    def lstm(self, x: Value, units: int) -> Value:
        """UNIDIRECTIONAL_SEQUENCE_LSTM over [1, steps, inputs], all steps."""
        rng, m = self.rng, self.m
        steps, inputs = x.shape[1:]
        hidden, zero_point = draw_scale(rng, 0.004, 0.012), int(rng.integers(-30, 31))
        weights, bias = [], []
        for depth in (inputs, units):
            for _ in range(4):
                scale = draw_scale(rng, 0.5, 1.5) / 100 / float(np.sqrt(depth))
                data = np.clip(rng.normal(0, 50, (units, depth)), -127, 127).astype(np.int8)
                weights.append(m.constant(data, scale))
                if depth is inputs and len(bias) < 4:
                    values = rng.normal(0, 0.5, units) / (x.scale * scale)
                    bias.append(m.constant(values.astype(np.int32), x.scale * scale))
        h = m.tensor((1, units), "int8", hidden, zero_point, variable=True)
        c = m.tensor((1, units), "int16", 2.0 ** int(rng.integers(-13, -9)), 0, variable=True)
        shape = (1, steps, units)
        y = m.tensor(shape, "int8", hidden, zero_point)
        table = options("UnidirectionalSequenceLSTM", fusedActivationFunction=4, cellClip=10.0)
        operands = [x.index, *weights, *[ABSENT] * 3, *bias, ABSENT, ABSENT, h, c, *[ABSENT] * 4]
        m.operator("UNIDIRECTIONAL_SEQUENCE_LSTM", operands, [y], table)
        return Value(y, shape, hidden, zero_point)


def _extent(size: int, reach: int, stride: int, padding: int) -> int:
    return -(-size // stride) if padding == SAME else (size - reach + stride) // stride


def _some(rng: Rng, low: int, high: int) -> int:
    return int(rng.integers(low, high))


def separable(rng: Rng, count: int) -> Case:
    """Depthwise-separable blocks with odd channel counts, strides of 2 over odd sizes, copies."""
    n = Network(rng)
    x = n.source((1, _some(rng, 7, 20), _some(rng, 5, 18), _some(rng, 1, 4)))
    x = n.convolution(x, _some(rng, 3, 14), (3, 3), stride=_some(rng, 1, 3))
    for _ in range(_some(rng, 1, 4)):
        kernel = (_some(rng, 1, 6), _some(rng, 1, 4))
        if rng.integers(2):
            kernel = (3, 3)
        stride = _some(rng, 1, 3)
        copies = int(rng.choice([1, 1, 1, 2]))
        x = n.convolution(x, 0, kernel, stride=stride, copies=copies)
        x = n.convolution(x, _some(rng, 3, 25), (1, 1))
    x = n.pool(x, (x.shape[1], x.shape[2]), 1)
    return n.case(n.dense(x, _some(rng, 1, 12)), count=count)


def dilated(rng: Rng, count: int) -> Case:
    """Dilations with both paddings, plain and depthwise."""
    n = Network(rng)
    x = n.source((1, _some(rng, 9, 16), _some(rng, 9, 16), _some(rng, 1, 6)))
    for _ in range(3):
        room = min(x.shape[1:3])
        padding = VALID if room > 7 and rng.integers(2) else SAME
        channels = int(rng.choice([0, _some(rng, 2, 12)]))
        size = (3, _some(rng, 1, 4))
        dilation = _some(rng, 1, 4)
        x = n.convolution(x, channels, size, dilation=dilation, padding=padding)
    return n.case(x, n.dense(x, 3), count=count)


def residual(rng: Rng, count: int) -> Case:
    """Residual sums of values with different scales, with and without a projection."""
    n = Network(rng)
    x = n.source((1, _some(rng, 6, 13), _some(rng, 6, 13), 3))
    x = n.convolution(x, _some(rng, 3, 10), (3, 3))
    for _ in range(2):
        stride, width = _some(rng, 1, 3), x.shape[3]
        channels = width if stride == 1 else _some(rng, 3, 18)
        y = n.convolution(x, channels, (3, 3), stride=stride)
        y = n.convolution(y, channels, (3, 3))
        x = n.add(x if stride == 1 else n.convolution(x, channels, (1, 1), stride=stride), y)
    x = n.pool(x, (2, 2), 2, SAME)
    return n.case(n.dense(x, 10), count=count)


def line(rng: Rng, count: int) -> Case:
    """One-dimensional: plain, depthwise and pointwise convolutions over a window."""
    n = Network(rng)
    window = _some(rng, 11, 60)
    x = n.source((1, window, _some(rng, 1, 9)))
    x = n.reshape(x, (1, 1, *x.shape[1:]))
    for _ in range(3):
        stride = _some(rng, 1, 3)
        dilation = _some(rng, 1, 4) if stride == 1 else 1
        size = (1, _some(rng, 1, 8))
        x = n.convolution(x, _some(rng, 1, 20), size, stride=stride, dilation=dilation)
        x = n.convolution(x, 0, (1, _some(rng, 2, 6)))
    return n.case(n.dense(x, _some(rng, 1, 9)), count=count)


def recurrent(rng: Rng, count: int, units: int | None = None) -> Case:
    """A convolution, one or two LSTMs of 1, 17 or 128 units, and a dense layer."""
    n = Network(rng)
    steps, channels = _some(rng, 3, 41), _some(rng, 1, 9)
    x = n.reshape(n.source((1, steps, channels)), (1, 1, steps, channels))
    x = n.convolution(x, _some(rng, 2, 12), (1, 3))
    x = n.reshape(x, (1, steps, x.shape[3]))
    x = n.lstm(x, units or int(rng.choice(UNITS)))
    if rng.integers(3) == 0:
        x = n.lstm(x, _some(rng, 1, 8))
    return n.case(n.dense(x, _some(rng, 1, 9)), count=count)


def branched(rng: Rng, count: int) -> Case:
    """Two inputs that meet in a concatenation, and two outputs."""
    n = Network(rng)
    x = n.source((1, _some(rng, 5, 9), _some(rng, 5, 9), 2))
    z = n.source((1, _some(rng, 3, 12)))
    a = n.dense(n.convolution(x, _some(rng, 2, 9), (3, 3), stride=2), _some(rng, 2, 7))
    b = n.quantize(n.dense(z, _some(rng, 2, 7)), a)
    joined = n.concatenation([a, b])
    return n.case(n.dense(joined, 3), n.dense(joined, 2), count=count)


NETWORKS: dict[str, Callable[[Rng, int], Case]] = {
    "branched": branched,
    "dilated": dilated,
    "line": line,
    "recurrent": recurrent,
    "residual": residual,
    "separable": separable,
}
"""By name; each takes a generator and the number of windows."""
