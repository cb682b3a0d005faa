"""Random whole networks of the operators beyond convolutions: attention, decoders, scores, int16.

TensorFlow Lite Micro has no TILE: it judges the same network with copies joined in its place.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.operators.builder import ABSENT, ModelBuilder, options
from tests.operators.draw import (
    Case,
    Rng,
    draw_scale,
    int8_values,
    product_scale,
)
from tests.operators.elementwise_cases import int16_values
from tests.operators.networks import SAME, Network, Value, _extent, _some

_PRESERVING = ("REDUCE_MAX", "REDUCE_MIN")
_SIGMOID = {"LOGISTIC": (1 / 256, -128), "TANH": (1 / 128, 0), "SOFTMAX": (1 / 256, -128)}
_FREE = ("ABS", "ELU", "LEAKY_RELU", "RELU", "LOGISTIC", "TANH")


class FurtherNetwork(Network):
    """A network of int8 values; `joins` writes a TILE as a CONCATENATION of copies."""

    activations = (0, 1)
    """NONE and RELU: RELU6 of scales that grow leaves one value of a long chain."""

    def __init__(self, rng: Rng, *, joins: bool = False) -> None:
        super().__init__(rng)
        self.joins = joins

    def _new(self, shape: tuple[int, ...], scale: float) -> Value:
        """Zero points near the middle: a long chain of others saturates and shows nothing."""
        zero_point = int(self.rng.integers(-40, 41))
        return Value(self.m.tensor(shape, "int8", scale, zero_point), shape, scale, zero_point)

    def _output_scale(self, source: float, weights: Any, depth: int) -> float:
        """Scales that neither saturate often nor use little of the range, for the same reason."""
        spread = 74 * 74 * np.sqrt(depth) * source * float(np.max(weights)) / 50
        return float(np.float32(spread * self.rng.uniform(0.6, 1.6)))

    def source(self, shape: tuple[int, ...]) -> Value:
        """Add an input of the model."""
        scale, zero_point = draw_scale(self.rng, 0.01, 0.05), int(self.rng.integers(-20, 21))
        self.inputs.append(shape)
        return Value(self.m.input(shape, "int8", scale, zero_point), shape, scale, zero_point)

    def _same(self, x: Value, shape: tuple[int, ...]) -> Value:
        index = self.m.tensor(shape, "int8", x.scale, x.zero_point)
        return Value(index, shape, x.scale, x.zero_point)

    def _apply(self, kind: str, inputs: list[Value | int], y: Value, table: Any = None) -> Value:
        places = [i.index if isinstance(i, Value) else i for i in inputs]
        self.m.operator(kind, places, [y.index], table)
        return y

    def _ints(self, *numbers: int) -> int:
        return self.m.constant(np.array(numbers, np.int32))

    def unary(self, x: Value, kind: str) -> Value:
        """A function of one value; LOGISTIC and TANH with their own scale."""
        if kind in _SIGMOID:
            x = self.scaled(x, draw_scale(self.rng, 0.02, 0.1))
            scale, zero_point = _SIGMOID[kind]
            y = Value(self.m.tensor(x.shape, "int8", scale, zero_point), x.shape, scale, zero_point)
        else:
            y = self._new(x.shape, float(np.float32(x.scale * self.rng.uniform(0.9, 2))))
        table = options("LeakyRelu", alpha=0.2) if kind == "LEAKY_RELU" else None
        table = options("Softmax", beta=1.0) if kind == "SOFTMAX" else table
        return self._apply(kind, [x], y, table)

    def scaled(self, x: Value, scale: float, zero_point: int = 0) -> Value:
        """QUANTIZE to that scale."""
        y = Value(self.m.tensor(x.shape, "int8", scale, zero_point), x.shape, scale, zero_point)
        return self._apply("QUANTIZE", [x], y)

    def prelu(self, x: Value) -> Value:
        """A slope for each channel."""
        slopes = int8_values(self.rng, (*[1] * (len(x.shape) - 2), x.shape[-1]), 1)[0]
        alpha = self.m.constant(slopes, draw_scale(self.rng, 1e-3, 1e-2), 0)
        y = self._new(x.shape, float(np.float32(x.scale * self.rng.uniform(0.5, 1.5))))
        return self._apply("PRELU", [x, alpha], y)

    def extreme(self, x: Value, other: Value | None, kind: str) -> Value:
        """MAXIMUM or MINIMUM with another value, or with a constant for each channel."""
        if other is None:
            data = int8_values(self.rng, (x.shape[-1],), 1)[0]
            second: Value | int = self.m.constant(data, x.scale, x.zero_point)
        else:
            second = self.quantize(other, x)
        return self._apply(kind, [x, second], self._same(x, x.shape), options("MaximumMinimum"))

    def squared_difference(self, a: Value, b: Value) -> Value:
        """Draw an operator of two inputs whose shapes broadcast."""
        scale = max(a.scale, b.scale) ** 2 * self.rng.uniform(100, 400)
        y = self._new(np.broadcast_shapes(a.shape, b.shape), float(np.float32(scale)))
        return self._apply("SQUARED_DIFFERENCE", [a, b], y, options("SquaredDifference"))

    def product(self, a: Value, b: Value) -> Value:
        """MUL of values whose shapes broadcast."""
        scale = a.scale * b.scale * self.rng.uniform(20, 120)
        y = self._new(np.broadcast_shapes(a.shape, b.shape), float(np.float32(scale)))
        return self._apply("MUL", [a, b], y, options("Mul"))

    def difference(self, a: Value, b: Value) -> Value:
        """SUB of values whose shapes broadcast."""
        scale = float(np.float32(max(a.scale, b.scale) * self.rng.uniform(0.9, 2)))
        y = self._new(np.broadcast_shapes(a.shape, b.shape), scale)
        return self._apply("SUB", [a, b], y, options("Sub"))

    def quotient(self, x: Value) -> Value:
        """DIV by a constant for each channel, at scales where TFLM shifts by 31 at most."""
        data = self.rng.integers(64, 128, x.shape[-1]).astype(np.int8)
        scale = draw_scale(self.rng)
        divisor = self.m.constant(data, scale, 0)
        y = self._new(x.shape, float(np.float32(x.scale / scale / self.rng.uniform(70, 90))))
        table = options("Div", fusedActivationFunction=int(self.rng.choice(self.activations)))
        return self._apply("DIV", [x, divisor], y, table)

    def reduction(self, x: Value, kind: str, axis: int, *, keep: bool = True) -> Value:
        """SUM, MEAN, REDUCE_MAX or REDUCE_MIN over one axis."""
        axis %= len(x.shape)
        extent = x.shape[axis]
        shape = tuple(
            1 if n == axis else size for n, size in enumerate(x.shape) if keep or n != axis
        )
        if kind in _PRESERVING:
            y = self._same(x, shape)
        else:
            factor = extent if kind == "SUM" else 1.0
            y = self._new(shape, float(np.float32(x.scale * factor * self.rng.uniform(0.4, 1.6))))
        table = options("Reducer", keepDims=keep)
        return self._apply(kind, [x, self._ints(axis)], y, table)

    def tile(self, x: Value, axis: int, copies: int) -> Value:
        """Copies along one axis."""
        shape = tuple(n * copies if place == axis else n for place, n in enumerate(x.shape))
        y = self._same(x, shape)
        if self.joins:
            table = options("Concatenation", axis=axis)
            return self._apply("CONCATENATION", [x] * copies, y, table)
        factors = [copies if place == axis else 1 for place in range(len(shape))]
        return self._apply("TILE", [x, self._ints(*factors)], y)

    def reverse(self, x: Value, axis: int) -> Value:
        """One axis from back to front."""
        return self._apply("REVERSE_V2", [x, self._ints(axis)], self._same(x, x.shape))

    def resize(self, x: Value, size: tuple[int, int], kind: str) -> Value:
        """An image of another size."""
        name = "ResizeBilinear" if kind == "RESIZE_BILINEAR" else "ResizeNearestNeighbor"
        table = options(name, halfPixelCenters=bool(self.rng.integers(2)))
        y = self._same(x, (x.shape[0], *size, x.shape[3]))
        return self._apply(kind, [x, self._ints(*size)], y, table)

    def rows(self, x: Value, units: int) -> Value:
        """FULLY_CONNECTED of each row of [1, T, C]."""
        weights, bias, scale = self._rows((units, x.shape[-1]), x)
        shape = (*x.shape[:-1], units)
        y = self._new(shape, self._output_scale(x.scale, scale, x.shape[-1]))
        table = options("FullyConnected", keepNumDims=True)
        return self._apply("FULLY_CONNECTED", [x, weights, bias], y, table)

    def matmul(self, a: Value, b: Value, *, turned: bool) -> Value:
        """BATCH_MATMUL; `turned`: the second is transposed."""
        columns = b.shape[-2] if turned else b.shape[-1]
        scale = self._output_scale(a.scale, b.scale, a.shape[-1])
        y = self._new((*a.shape[:-1], columns), scale)
        return self._apply("BATCH_MATMUL", [a, b], y, options("BatchMatMul", adjY=turned))

    def svdf(self, x: Value, units: int) -> Value:
        """One step of a memory of [1, inputs]."""
        rng, m = self.rng, self.m
        rank, memory = _some(rng, 1, 3), _some(rng, 2, 7)
        filters, feature, time = (
            units * rank,
            draw_scale(rng, 1e-3, 1e-2),
            draw_scale(rng, 1e-4, 1e-3),
        )
        state = float(np.float32(x.scale * feature * rng.uniform(1, 4)))
        limit = min(32767, (1 << 30) // (32768 * rank * memory))
        own = rng.integers(-127, 128, (filters, x.shape[1])).astype(np.int8)
        times = rng.integers(-limit, limit + 1, (filters, memory)).astype(np.int16)
        product = product_scale(state, time)
        bias = rng.integers(-(1 << 18), 1 << 18, units).astype(np.int32)
        kept = m.tensor((1, filters * memory), "int16", state, 0, variable=True)
        y = self._new((1, units), float(np.float32(product[0] * (1 << 26) / 60)))
        inputs = [x, m.constant(own, feature), m.constant(times, time), m.constant(bias, product)]
        m.operator(
            "SVDF",
            [x.index, *inputs[1:], kept],  # type: ignore[list-item]
            [y.index],
            options("SVDF", rank=rank),
            version=3,
        )
        return y


def attention(n: FurtherNetwork) -> list[Value]:
    """One head, a residual sum and a layer normalization."""
    rng = n.rng
    x = n.source((1, _some(rng, 3, 9), _some(rng, 3, 9)))
    width = _some(rng, 2, 7)
    query, key, value = n.rows(x, width), n.rows(x, width), n.rows(x, x.shape[-1])
    weights = n.unary(n.matmul(query, key, turned=True), "SOFTMAX")
    total = n.add(n.matmul(weights, value, turned=False), x)
    mean = n.reduction(total, "MEAN", -1)
    spread = n.reduction(n.squared_difference(total, mean), "MEAN", -1)
    positive = n.scaled(spread, spread.scale, -128)
    scale = float(np.float32(rng.uniform(0.1, 2) / np.sqrt(spread.scale) / 127))
    inverse = n._apply("RSQRT", [positive], n._new(spread.shape, scale))
    normal = n.product(n.difference(total, mean), inverse)
    return [normal, n.dense(n.rows(normal, _some(rng, 2, 6)), 3)]


def decoder(n: FurtherNetwork) -> list[Value]:
    """Down and up again with a skip, as a U-net, by both ways to resize."""
    rng = n.rng
    x = n.source((1, 2 * _some(rng, 3, 7), 2 * _some(rng, 3, 7), _some(rng, 1, 4)))
    skip = n.convolution(x, _some(rng, 2, 6), (3, 3))
    low = n.convolution(skip, _some(rng, 2, 8), (3, 3), stride=2)
    low = n.prelu(low) if rng.integers(2) else n.reverse(low, _some(rng, 1, 3))
    kind = str(rng.choice(["RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"]))
    high = n.resize(low, (skip.shape[1], skip.shape[2]), kind)
    joined = n.concatenation([skip, n.quantize(high, skip)])
    return [n.convolution(joined, 2, (1, 1))]


def scored(n: FurtherNetwork) -> list[Value]:
    """An autoencoder with its scores inside."""
    rng = n.rng
    x = n.source((1, _some(rng, 4, 30)))
    code = n.unary(n.dense(x, _some(rng, 2, 6)), str(rng.choice(_FREE)))
    back = n.dense(code, x.shape[1])
    distance = n.unary(n.difference(back, x), "ABS")
    worst = n.reduction(distance, "REDUCE_MAX", 1)
    least = n.reduction(distance, "REDUCE_MIN", 1)
    mean = n.reduction(n.squared_difference(back, x), str(rng.choice(["SUM", "MEAN"])), 1)
    return [worst, least, mean]


def rectified(n: FurtherNetwork) -> list[Value]:
    """Lines of convolutions with every kind of function between them."""
    rng = n.rng
    x = n.source((1, _some(rng, 8, 30), _some(rng, 1, 5)))
    x = n.reshape(x, (1, 1, *x.shape[1:]))
    for _ in range(4):
        x = n.convolution(x, _some(rng, 2, 10), (1, _some(rng, 1, 4)), stride=_some(rng, 1, 3))
        match _some(rng, 0, 5):
            case 0:
                x = n.prelu(x)
            case 1:
                x = n.quotient(x)
            case 2:
                x = n.extreme(x, None, str(rng.choice(["MAXIMUM", "MINIMUM"])))
            case 3:
                x = n.extreme(x, n.unary(x, "ELU"), str(rng.choice(["MAXIMUM", "MINIMUM"])))
            case _:
                x = n.unary(x, str(rng.choice(_FREE)))
    return [x, n.dense(n.reduction(x, str(rng.choice([*_PRESERVING, "SUM", "MEAN"])), 2), 3)]


def repeated(n: FurtherNetwork) -> list[Value]:
    """A code that is repeated along time, forwards and backwards, as in a recurrent autoencoder."""
    rng = n.rng
    x = n.source((1, _some(rng, 3, 9), _some(rng, 2, 6)))
    code = n.dense(x, _some(rng, 2, 9))
    steps = _some(rng, 2, 6)
    rows = n.tile(n.reshape(code, (1, 1, code.shape[1])), 1, steps)
    one, other = n.lstm(rows, 3), n.lstm(n.reverse(rows, 1), 3)
    joined = n.concatenation([one, n.quantize(n.reverse(other, 1), one)])
    wide = n.tile(n.rows(joined, 4), 2, 2)
    return [n.rows(wide, x.shape[2])]


def keyword(n: FurtherNetwork) -> list[Value]:
    """Two memories in a row, as of a small keyword spotter."""
    x = n.source((1, _some(n.rng, 4, 20)))
    x = n.svdf(x, _some(n.rng, 2, 7))
    x = n.svdf(n.unary(x, "RELU"), _some(n.rng, 2, 7))
    return [x, n.unary(n.dense(x, _some(n.rng, 2, 5)), "SOFTMAX")]


def _further(draw: Callable[[FurtherNetwork], list[Value]]) -> Callable[[Rng, int], Case]:
    """Return the maker of a case, and of what TFLM judges where it has an operator more."""

    def make(rng: Rng, count: int) -> Case:
        state = rng.bit_generator.state
        network = FurtherNetwork(rng)
        case = network.case(*draw(network), count=count)
        rng.bit_generator.state = state
        other = FurtherNetwork(rng, joins=True)
        judged = other.case(*draw(other), count=count)
        return Case(case.model, case.inputs, judged=judged.model)

    return make


def wide(rng: Rng, count: int) -> Case:
    """int16 values and int8 weights: convolutions, a pool, a mean and a product."""
    m, scale = ModelBuilder(), draw_scale(rng, 1e-5, 1e-3)
    shape = (1, _some(rng, 5, 12), _some(rng, 5, 12), _some(rng, 1, 5))
    x, now = m.input(shape, "int16", scale), shape
    for kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D"):
        plain, stride = kind == "CONV_2D", _some(rng, 1, 3)
        channels = _some(rng, 2, 9) if plain else now[3]
        kernel = (channels, 3, 3, now[3]) if plain else (1, 3, 3, channels)
        own = draw_scale(rng, 2e-3, 8e-3)
        weights = m.constant(
            rng.integers(-127, 128, kernel).astype(np.int8),
            [own] * channels,
            axis=0 if plain else 3,
        )
        product = product_scale(scale, [own] * channels)
        bias = m.constant(rng.normal(0, 1e6, channels).astype(np.int64), product)
        taps = 9 * (now[3] if plain else 1)
        after = float(np.float32(74 * 18000 * np.sqrt(taps) * scale * own / 32768))
        now = (1, *(_extent(n, 3, stride, SAME) for n in now[1:3]), channels)
        y = m.tensor(now, "int16", after)
        fields = {"padding": SAME, "strideH": stride, "strideW": stride}
        fields |= {} if plain else {"depthMultiplier": 1}
        table = options("Conv2D" if plain else "DepthwiseConv2D", **fields)
        m.operator(kind, [x, weights, bias], [y], table)
        scale = float(np.float32(after * rng.uniform(0.5, 1.5)))
        x = m.tensor(now, "int16", scale)
        m.operator("LEAKY_RELU", [y], [x], options("LeakyRelu", alpha=0.1))
    mean = m.tensor((1, now[3]), "int16", scale)
    m.operator("MEAN", [x, m.constant(np.array([1, 2], np.int32))], [mean], options("Reducer"))
    units, own = _some(rng, 2, 6), draw_scale(rng, 2e-3, 8e-3)
    weights = m.constant(rng.integers(-127, 128, (units, now[3])).astype(np.int8), own)
    last = m.tensor((1, units), "int16", float(np.float32(scale * own * 74 * np.sqrt(now[3]))))
    m.operator(
        "FULLY_CONNECTED", [mean, weights, ABSENT], [last], options("FullyConnected"), version=4
    )
    y = m.tensor((1, units), "int16", 2.0**-15)
    m.operator("SOFTMAX", [last], [y], options("Softmax", beta=1.0))
    m.output(last, y)
    return Case(m.build(), [int16_values(rng, shape, count)])


FURTHER: dict[str, Callable[[Rng, int], Case]] = {
    "attention": _further(attention),
    "decoder": _further(decoder),
    "keyword": _further(keyword),
    "rectified": _further(rectified),
    "repeated": _further(repeated),
    "scored": _further(scored),
    "wide": wide,
}
"""By name; each takes a generator and the number of windows."""
