"""Small networks over a window, for streaming: one method for each operator along time."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.operators.builder import ModelBuilder, options

SAME, VALID = 0, 1
RELU = 1
Array = NDArray[Any]


class Net:
    """A network [1, T, C] → …; values are [1, 1, T, C], and every method returns the next one."""

    def __init__(self, window: int, channels: int, seed: int = 1) -> None:
        self.rng = np.random.default_rng(seed)
        self.builder = ModelBuilder()
        source = self.builder.input((1, window, channels), "int8", 0.05, -4)
        self.shapes = {source: (1, window, channels)}
        self.scales = {source: (0.05, -4)}
        self.first = self.reshape(source, (1, 1, window, channels))

    def _value(self, shape: tuple[int, ...], scale: float | None = None, zero: int = 0) -> int:
        scale = float(self.rng.uniform(0.03, 0.07)) if scale is None else scale
        y = self.builder.tensor(shape, "int8", scale, zero)
        self.shapes[y], self.scales[y] = shape, (float(np.float32(scale)), zero)
        return y

    def reshape(self, x: int, shape: tuple[int, ...]) -> int:
        """The same values under another shape."""
        y = self._value(shape, *self.scales[x])
        size = self.builder.constant(np.array(shape, np.int32))
        self.builder.operator("RESHAPE", [x, size], [y], options("Reshape", newShape=list(shape)))
        return y

    def _weights(self, shape: tuple[int, ...], axis: int, depth: int, x: int) -> tuple[int, int]:
        channels = shape[axis]
        typical = 2.0 / (45 * np.sqrt(depth))
        scales = self.rng.uniform(0.8, 1.2, channels).astype(np.float32) * np.float32(typical)
        data = np.clip(self.rng.normal(0, 45, shape), -127, 127).astype(np.int8)
        weights = self.builder.constant(data, [float(s) for s in scales], axis=axis)
        product = [float(np.float32(self.scales[x][0]) * s) for s in scales]
        bias = self.rng.normal(0, 900, channels).astype(np.int32)
        return weights, self.builder.constant(bias, product)

    def conv(
        self,
        x: int,
        filters: int,
        taps: int = 3,
        *,
        dilation: int = 1,
        padding: int = SAME,
        stride: int = 1,
        activation: int = RELU,
    ) -> int:
        """Conv1D."""
        _, _, length, depth = self.shapes[x]
        weights, bias = self._weights((filters, 1, taps, depth), 0, taps * depth, x)
        y = self._value((1, 1, self._length(length, taps, dilation, padding, stride), filters))
        table = options(
            "Conv2D",
            padding=padding,
            strideH=1,
            strideW=stride,
            dilationHFactor=1,
            dilationWFactor=dilation,
            fusedActivationFunction=activation,
        )
        self.builder.operator("CONV_2D", [x, weights, bias], [y], table)
        return y

    def depthwise(self, x: int, taps: int = 3, *, dilation: int = 1, padding: int = SAME) -> int:
        """DepthwiseConv1D."""
        _, _, length, depth = self.shapes[x]
        weights, bias = self._weights((1, 1, taps, depth), 3, taps, x)
        y = self._value((1, 1, self._length(length, taps, dilation, padding, 1), depth))
        table = options(
            "DepthwiseConv2D",
            padding=padding,
            strideH=1,
            strideW=1,
            dilationHFactor=1,
            dilationWFactor=dilation,
            depthMultiplier=1,
            fusedActivationFunction=RELU,
        )
        self.builder.operator("DEPTHWISE_CONV_2D", [x, weights, bias], [y], table)
        return y

    def _length(self, length: int, taps: int, dilation: int, padding: int, stride: int) -> int:
        reach = (taps - 1) * dilation if padding == VALID else 0
        return -(-(length - reach) // stride)

    def causal(self, x: int, filters: int, taps: int = 3, *, dilation: int = 1) -> int:
        """Conv1D with padding="causal": a PAD before, then VALID."""
        _, _, length, depth = self.shapes[x]
        before = (taps - 1) * dilation
        y = self._value((1, 1, length + before, depth), *self.scales[x])
        borders = np.array([[0, 0], [0, 0], [before, 0], [0, 0]], np.int32)
        self.builder.operator("PAD", [x, self.builder.constant(borders)], [y], options("Pad"))
        return self.conv(y, filters, taps, dilation=dilation, padding=VALID)

    def add(self, x: int, y: int) -> int:
        """A residual sum; all three scales differ."""
        z = self._value(self.shapes[x], zero=int(self.rng.integers(-20, 20)))
        self.builder.operator("ADD", [x, y], [z], options("Add"))
        return z

    def unary(self, x: int, kind: str, scale: float, zero: int) -> int:
        """LOGISTIC, TANH, QUANTIZE and the like."""
        y = self._value(self.shapes[x], scale, zero)
        self.builder.operator(kind, [x], [y])
        return y

    def pool(self, x: int, taps: int, kind: str = "MAX_POOL_2D", padding: int = VALID) -> int:
        """Pooling along time, one step at a time."""
        _, _, length, depth = self.shapes[x]
        y = self._value((1, 1, self._length(length, taps, 1, padding, 1), depth), *self.scales[x])
        table = options(
            "Pool2D", padding=padding, strideH=1, strideW=1, filterHeight=1, filterWidth=taps
        )
        self.builder.operator(kind, [x], [y], table)
        return y

    def join(self, *values: int) -> int:
        """Concatenation along the channels."""
        shape = self.shapes[values[0]]
        depth = sum(self.shapes[v][-1] for v in values)
        scale, zero = self.scales[values[0]]
        same = [values[0], *(self.unary(v, "QUANTIZE", scale, zero) for v in values[1:])]
        y = self._value((*shape[:-1], depth), scale, zero)
        self.builder.operator("CONCATENATION", same, [y], options("Concatenation", axis=3))
        return y

    def rows(self, x: int, units: int) -> int:
        """A Dense layer on each step: [T, C] → [T, units]."""
        _, _, length, depth = self.shapes[x]
        flat = self.reshape(x, (length, depth))
        y = self._dense(flat, (length, units), depth)
        return self.reshape(y, (1, 1, length, units))

    def dense(self, x: int, units: int) -> int:
        """Flatten and Dense: the first operator that needs the whole window."""
        size = int(np.prod(self.shapes[x]))
        return self._dense(self.reshape(x, (1, size)), (1, units), size)

    def _dense(self, x: int, shape: tuple[int, int], depth: int) -> int:
        weights, bias = self._weights((shape[1], depth), 0, depth, x)
        y = self._value(shape)
        self.builder.operator("FULLY_CONNECTED", [x, weights, bias], [y], options("FullyConnected"))
        return y

    def mean(self, x: int) -> int:
        """The mean over the window."""
        _, _, _, depth = self.shapes[x]
        y = self._value((1, depth))
        axes = self.builder.constant(np.array([1, 2], np.int32))
        self.builder.operator("MEAN", [x, axes], [y], options("Reducer", keepDims=False))
        return y

    def model(self, y: int) -> bytes:
        """Return the file, with `y` as its output."""
        self.builder.output(y)
        return self.builder.build()


def drawn(seed: int) -> bytes:
    """Return a random network of up to four layers over a window of up to 64 samples."""
    rng = np.random.default_rng([seed, 11])
    window = int(rng.integers(8, 65))
    net = Net(window, int(rng.choice([1, 3, 4, 8, 16])), seed)
    x = net.first
    for _ in range(int(rng.integers(1, 5))):
        length = net.shapes[x][2]
        taps, dilation = int(rng.integers(1, 5)), int(rng.integers(1, 3))
        padding = int(rng.choice([SAME, VALID])) if (taps - 1) * dilation < length - 4 else SAME
        filters = int(rng.choice([1, 3, 4, 8]))
        match int(rng.integers(6)):
            case 0 | 1:
                x = net.conv(x, filters, taps, dilation=dilation, padding=padding)
            case 2:
                x = net.depthwise(x, taps, dilation=dilation, padding=padding)
            case 3:
                x = net.causal(x, filters, taps, dilation=dilation)
            case 4:
                depth = net.shapes[x][-1]
                x = net.add(x, net.conv(x, depth, taps, dilation=dilation))
            case _:
                x = net.unary(x, "LOGISTIC", 1 / 256, -128)
    end = int(rng.integers(3))
    return net.model(net.mean(x) if end == 0 else net.dense(x, 5) if end == 1 else x)
