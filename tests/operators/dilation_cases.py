"""Dilated convolutions as the converter writes them for an open batch; and FILL."""

from collections.abc import Callable

import numpy as np

from tests.operators.builder import ABSENT, ModelBuilder, options
from tests.operators.draw import (
    Case,
    Rng,
    draw_output_scale,
    draw_rows,
    draw_scale,
    draw_zero_point,
    int8_values,
    product_scale,
)


def dilated(rng: Rng, *, open_batch: bool = False, line: bool = False) -> Case:
    """SPACE_TO_BATCH_ND → CONV_2D or DEPTHWISE_CONV_2D → BATCH_TO_SPACE_ND.

    With `open_batch` the shapes between the two say batch 1, as the converter leaves them. The
    truth is TFLite's: TFLM takes such shapes as they are and computes one block, and it pads with 0
    where TFLite pads with the zero point. `line`: Conv1D, with views.
    """
    depthwise = bool(rng.integers(2))
    block = [int(v) for v in rng.integers(1, 4, 2)]
    kernel = [int(v) for v in rng.integers(1, 4, 2)]
    size = [int(v) for v in rng.integers(1, 9, 2)]
    if line:
        block[0], kernel[0], size[0] = 1, 1, 1
    before = [int(rng.integers(0, (k - 1) * b + 1)) for k, b in zip(kernel, block, strict=True)]
    after = [(k - 1) * b - f for k, b, f in zip(kernel, block, before, strict=True)]  # SAME
    crop = [-(n + f + a) % b for n, f, a, b in zip(size, before, after, block, strict=True)]
    after = [a + c for a, c in zip(after, crop, strict=True)]
    depth = int(rng.integers(1, 8))
    channels = depth if depthwise else int(rng.integers(1, 10))
    source, zero_point = draw_scale(rng), draw_zero_point(rng)
    m = ModelBuilder()
    axes = (1,) if line else (0, 1)
    image = (size[1],) if line else tuple(size)
    x = m.input((1, *image, depth), "int8", source, zero_point)
    padded = [n + f + a for n, f, a in zip(size, before, after, strict=True)]
    small = [n // b for n, b in zip(padded, block, strict=True)]
    out = [n - k + 1 for n, k in zip(small, kernel, strict=True)]
    batch = 1 if open_batch else block[0] * block[1]
    shape = (kernel[0], kernel[1], depth)
    weights, bias, scale = draw_rows(
        rng,
        m,
        (1, *shape) if depthwise else (channels, *shape),
        source,
        axis=3 if depthwise else 0,
    )
    taps = kernel[0] * kernel[1] * (1 if depthwise else depth)
    target = (draw_output_scale(rng, source, scale, taps), draw_zero_point(rng))

    def move(kind: str, index: int, output: int, borders: list[list[int]]) -> None:
        inputs = [m.constant(np.array([values[a] for a in axes], np.int32)) for values in (block,)]
        pairs = [[borders[0][a], borders[1][a]] for a in axes]
        m.operator(kind, [index, *inputs, m.constant(np.array(pairs, np.int32))], [output])

    def view(index: int, extents: tuple[int, ...], values: tuple[float, int]) -> int:
        output = m.tensor(extents, "int8", *values)
        target = [-1 if open_batch else extents[0], *extents[1:]]
        table = options("Reshape", newShape=target)
        m.operator("RESHAPE", [index, m.constant(np.array(target, np.int32))], [output], table)
        return output

    blocks = m.tensor((batch, *(small[a] for a in axes), depth), "int8", source, zero_point)
    move("SPACE_TO_BATCH_ND", x, blocks, [before, after])
    if line:
        blocks = view(blocks, (batch, *small, depth), (source, zero_point))
    y = m.tensor((batch, *out, channels), "int8", *target)
    if bias == ABSENT:
        bias = m.constant(np.zeros(channels, np.int32), product_scale(source, scale))
    inputs = [blocks, weights, bias]
    fields = {"padding": 1, "strideH": 1, "strideW": 1}
    fields |= {"dilationHFactor": 1, "dilationWFactor": 1}
    if depthwise:
        table = options("DepthwiseConv2D", depthMultiplier=1, **fields)
        m.operator("DEPTHWISE_CONV_2D", inputs, [y], table)
    else:
        m.operator("CONV_2D", inputs, [y], options("Conv2D", **fields))
    if line:
        y = view(y, (batch, out[1], channels), target)
    result = m.tensor((1, *image, channels), "int8", *target)
    move("BATCH_TO_SPACE_ND", y, result, [[0, 0], crop])
    m.output(result)
    return Case(m.build(), [int8_values(rng, (1, *image, depth))], "tflite")


def fill(rng: Rng) -> Case:
    """FILL of known extents, added to a value: the initial state of a recurrent layer."""
    shape = (1, int(rng.integers(1, 20)))
    m = ModelBuilder()
    x = m.input(shape, "int8", draw_scale(rng), draw_zero_point(rng))
    scale, zero_point = draw_scale(rng), draw_zero_point(rng)
    value = m.tensor((), "int8", scale, zero_point, data=np.array(rng.integers(-128, 128), np.int8))
    filled = m.tensor(shape, "int8", scale, zero_point)
    m.operator("FILL", [m.constant(np.array(shape, np.int32)), value], [filled], options("Fill"))
    y = m.tensor(shape, "int8", 0.2, 3)
    m.operator("ADD", [x, filled], [y], options("Add"))
    m.output(y)
    return Case(m.build(), [int8_values(rng, shape)])


DILATION_CASES: dict[str, Callable[[Rng], Case]] = {
    "BATCH_TO_SPACE_ND": dilated,
    "FILL": fill,
    "SPACE_TO_BATCH_ND": dilated,
}
