"""Random models of the operators that look through a window, reduce, or pad."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

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


@dataclass(frozen=True)
class WindowShape:
    """Sizes along height and width, such that the output has at least one position."""

    size: tuple[int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    padding: int
    output: tuple[int, int]


def _pair(rng: Rng, low: int, high: int) -> tuple[int, int]:
    return int(rng.integers(low, high)), int(rng.integers(low, high))


def draw_window(rng: Rng, *, dilated: bool) -> WindowShape:
    """Return any padding and stride; every third a line, so that height is 1 throughout."""
    while True:
        size, kernel, stride = _pair(rng, 1, 12), _pair(rng, 1, 6), _pair(rng, 1, 4)
        dilation = _pair(rng, 1, 4) if dilated else (1, 1)
        if rng.integers(3) == 0:
            size, kernel = (1, size[1]), (1, kernel[1])
        padding = int(rng.integers(2))
        out = []
        for n, k, s, d in zip(size, kernel, stride, dilation, strict=True):
            out.append(-(-n // s) if padding == SAME else (n - (k - 1) * d - 1 + s) // s)
        if min(out) >= 1:
            return WindowShape(size, kernel, stride, dilation, padding, (out[0], out[1]))


def depthwise_conv_2d(rng: Rng) -> Case:
    """Any channel count and multiplier, padding, stride and dilation, per tensor or channel."""
    return _depthwise(rng, draw_window(rng, dilated=True), int(rng.choice([1, 1, 1, 2, 3, 5, 8])))


def depthwise_conv_2d_3x3(rng: Rng) -> Case:
    """The common window, for which some instruction sets have a kernel of its own."""
    while True:
        w = draw_window(rng, dilated=False)
        if w.kernel == (3, 3):
            return _depthwise(rng, w, 1)


def depthwise_small(rng: Rng) -> Case:
    """One line of up to twelve taps, or up to three lines of up to four; multipliers up to 4."""
    line = int(rng.integers(1, 13)), 1
    kernel = line if rng.integers(2) else _pair(rng, 1, 4)
    kernel = kernel if rng.integers(2) else (kernel[1], kernel[0])
    size = tuple(k + int(rng.integers(0, 9)) for k in kernel)
    stride, padding = _pair(rng, 1, 4), int(rng.integers(2))
    out = [
        -(-n // s) if padding == SAME else (n - k + s) // s
        for n, k, s in zip(size, kernel, stride, strict=True)
    ]
    shape = WindowShape((size[0], size[1]), kernel, stride, (1, 1), padding, (out[0], out[1]))
    return _depthwise(rng, shape, int(rng.choice([1, 1, 2, 3, 4])))


def _depthwise(rng: Rng, w: WindowShape, copies: int) -> Case:
    batches, depth = int(rng.integers(1, 3)), int(rng.integers(1, 12))
    source = draw_scale(rng)
    m = ModelBuilder()
    shape = (batches, *w.size, depth)
    x = m.input(shape, "int8", source, draw_zero_point(rng))
    weights, bias, scale = draw_rows(rng, m, (1, *w.kernel, depth * copies), source, axis=3)
    y = m.tensor(
        (batches, *w.output, depth * copies),
        "int8",
        draw_output_scale(rng, source, scale, w.kernel[0] * w.kernel[1]),
        draw_zero_point(rng),
    )
    table = options(
        "DepthwiseConv2D",
        padding=w.padding,
        strideH=w.stride[0],
        strideW=w.stride[1],
        dilationHFactor=w.dilation[0],
        dilationWFactor=w.dilation[1],
        depthMultiplier=copies,
        fusedActivationFunction=int(rng.choice(ACTIVATIONS)),
    )
    m.operator("DEPTHWISE_CONV_2D", [x, weights] + ([bias] if bias != ABSENT else []), [y], table)
    m.output(y)
    return Case(m.build(), [int8_values(rng, shape)])


def _pool(rng: Rng, kind: str) -> Case:
    w = draw_window(rng, dilated=False)
    batches, depth = int(rng.integers(1, 3)), int(rng.integers(1, 12))
    scale, zero_point = draw_scale(rng), draw_zero_point(rng)
    m = ModelBuilder()
    shape = (batches, *w.size, depth)
    x = m.input(shape, "int8", scale, zero_point)
    y = m.tensor((batches, *w.output, depth), "int8", scale, zero_point)
    table = options(
        "Pool2D",
        padding=w.padding,
        strideH=w.stride[0],
        strideW=w.stride[1],
        filterHeight=w.kernel[0],
        filterWidth=w.kernel[1],
        fusedActivationFunction=int(rng.choice(ACTIVATIONS)),
    )
    m.operator(kind, [x], [y], table)
    m.output(y)
    return Case(m.build(), [int8_values(rng, shape)])


def max_pool_2d(rng: Rng) -> Case:
    """Any window, padding and stride."""
    return _pool(rng, "MAX_POOL_2D")


def average_pool_2d(rng: Rng) -> Case:
    """Any window, padding and stride."""
    return _pool(rng, "AVERAGE_POOL_2D")


def softmax(rng: Rng) -> Case:
    """Rank 1 to 4, from one class to more than 256, any beta, to int8 or int16."""
    rank = int(rng.integers(1, 5))
    depth = int(rng.choice([1, 2, 3, 10, 12, 100, 257, int(rng.integers(1, 64))]))
    shape = (*(int(v) for v in rng.integers(1, 4, rank - 1)), depth)
    wide = bool(rng.integers(3) == 0)
    m = ModelBuilder()
    x = m.input(shape, "int8", draw_scale(rng, 1e-4, 3.0), draw_zero_point(rng))
    if wide:
        y = m.tensor(shape, "int16", 2.0**-16, -32768)
    else:
        y = m.tensor(shape, "int8", 2.0**-8, -128)
    beta = float(np.float32(rng.choice([1.0, 1.0, 0.1, 0.7, 4.0])))
    m.operator("SOFTMAX", [x], [y], options("Softmax", beta=beta))
    m.output(y)
    return Case(m.build(), [int8_values(rng, shape)])


def transpose_conv(rng: Rng) -> Case:
    """SAME and VALID, strides beyond the kernel, with and without bias, extra output rows."""
    w = draw_window(rng, dilated=False)
    # The output is the image of the convolution that this one undoes.
    batches, depth, channels = (int(rng.integers(1, n)) for n in (3, 10, 10))
    source = draw_scale(rng)
    m = ModelBuilder()
    shape = (batches, *w.output, depth)
    out = (batches, *w.size, channels)
    x = m.input(shape, "int8", source, draw_zero_point(rng))
    weights, bias, scale = draw_rows(rng, m, (channels, *w.kernel, depth), source)
    y = m.tensor(
        out,
        "int8",
        draw_output_scale(rng, source, scale, w.kernel[0] * w.kernel[1] * depth),
        draw_zero_point(rng),
    )
    table = options(
        "TransposeConv",
        padding=w.padding,
        strideH=w.stride[0],
        strideW=w.stride[1],
        fusedActivationFunction=int(rng.choice(ACTIVATIONS)),
    )
    sizes = m.constant(np.array(out, np.int32))
    inputs = [sizes, weights, x] + ([bias] if bias != ABSENT else [])
    m.operator("TRANSPOSE_CONV", inputs, [y], table)
    m.output(y)
    return Case(m.build(), [int8_values(rng, shape)])


def _pad(rng: Rng, kind: str) -> Case:
    rank = int(rng.integers(1, 6))
    shape = tuple(int(v) for v in rng.integers(1, 6, rank))
    borders = rng.integers(0, 4, (rank, 2)) * (rng.random((rank, 1)) < 0.6)
    scale, zero_point = draw_scale(rng), draw_zero_point(rng)
    m = ModelBuilder()
    x = m.input(shape, "int8", scale, zero_point)
    out = [int(size + border.sum()) for size, border in zip(shape, borders, strict=True)]
    y = m.tensor(out, "int8", scale, zero_point)
    inputs = [x, m.constant(borders.astype(np.int32))]
    if kind == "PADV2":
        value = rng.integers(-128, 128, (1,)).astype(np.int8)
        inputs.append(m.constant(value, scale, zero_point))
    m.operator(kind, inputs, [y], options(kind.title().replace("v", "V")))
    m.output(y)
    return Case(m.build(), [int8_values(rng, shape)])


def pad(rng: Rng) -> Case:
    """Rank 1 to 5, borders on any axes."""
    return _pad(rng, "PAD")


def padv2(rng: Rng) -> Case:
    """The same with a value of its own."""
    return _pad(rng, "PADV2")


def resize(rng: Rng, kind: str) -> Case:
    """Larger and smaller images, with each way to lay corners and centres."""
    shape = tuple(int(v) for v in rng.integers(1, 7, 4))
    size = [int(v) for v in rng.integers(1, 14, 2)]
    ways = [(False, False), (True, False), (False, True)]
    aligned, centred = ways[int(rng.integers(3))]
    m = ModelBuilder()
    scale, zero_point = draw_scale(rng), draw_zero_point(rng)
    x = m.input(shape, "int8", scale, zero_point)
    y = m.tensor((shape[0], *size, shape[3]), "int8", scale, zero_point)
    name = "ResizeBilinear" if kind == "RESIZE_BILINEAR" else "ResizeNearestNeighbor"
    table = options(name, alignCorners=aligned, halfPixelCenters=centred)
    m.operator(kind, [x, m.constant(np.array(size, np.int32))], [y], table)
    m.output(y)
    return Case(m.build(), [int8_values(rng, shape)])


def batch_matmul(rng: Rng) -> Case:
    """Either operand transposed, repeated or constant."""
    rank = int(rng.integers(2, 6))
    leading = tuple(int(v) for v in rng.integers(1, 4, rank - 2))
    rows, depth, columns = (int(v) for v in rng.integers(1, 9, 3))
    adj_x, adj_y = (bool(v) for v in rng.integers(2, size=2))
    left = (depth, rows) if adj_x else (rows, depth)
    right = (columns, depth) if adj_y else (depth, columns)
    shapes = []
    for last in (left, right):
        axes = tuple(1 if rng.integers(4) == 0 else n for n in leading)
        shapes.append((*axes, *last))
    batches = np.broadcast_shapes(shapes[0][:-2], shapes[1][:-2])
    m = ModelBuilder()
    scales = draw_scale(rng), draw_scale(rng)
    x = m.input(shapes[0], "int8", scales[0], draw_zero_point(rng))
    inputs, arrays = [x], [int8_values(rng, shapes[0])]
    if rng.integers(3):
        inputs.append(m.input(shapes[1], "int8", scales[1], draw_zero_point(rng)))
        arrays.append(int8_values(rng, shapes[1]))
    else:
        data = int8_values(rng, shapes[1], 1)[0]
        inputs.append(m.constant(data, scales[1], draw_zero_point(rng)))
    y = m.tensor(
        (*batches, rows, columns),
        "int8",
        draw_output_scale(rng, scales[0], scales[1], depth),
        draw_zero_point(rng),
    )
    m.operator("BATCH_MATMUL", inputs, [y], options("BatchMatMul", adjX=adj_x, adjY=adj_y))
    m.output(y)
    return Case(m.build(), arrays)


WINDOW_CASES: dict[str, Callable[[Rng], Case]] = {
    "BATCH_MATMUL": batch_matmul,
    "RESIZE_BILINEAR": partial(resize, kind="RESIZE_BILINEAR"),
    "RESIZE_NEAREST_NEIGHBOR": partial(resize, kind="RESIZE_NEAREST_NEIGHBOR"),
    "AVERAGE_POOL_2D": average_pool_2d,
    "DEPTHWISE_CONV_2D": depthwise_conv_2d,
    "MAX_POOL_2D": max_pool_2d,
    "PAD": pad,
    "PADV2": padv2,
    "SOFTMAX": softmax,
    "TRANSPOSE_CONV": transpose_conv,
}
