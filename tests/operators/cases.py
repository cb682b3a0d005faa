"""Random single-operator models: one function per operator, from a seeded generator."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tests.operators.builder import ABSENT, ModelBuilder, options
from tests.operators.dilation_cases import DILATION_CASES
from tests.operators.draw import (
    ACTIVATIONS,
    WINDOWS,
    Case,
    Rng,
    draw_output_scale,
    draw_rows,
    draw_scale,
    draw_zero_point,
    int8_values,
    product_scale,
)
from tests.operators.elementwise_cases import ELEMENTWISE_CASES, quantize_u8
from tests.operators.int16_cases import INT16_CASES
from tests.operators.movement_cases import MOVEMENT_CASES, transpose_rank_6
from tests.operators.reduction_cases import REDUCTION_CASES, REDUCTION_VARIANTS
from tests.operators.shape_cases import SHAPE_CASES
from tests.operators.window_cases import WINDOW_CASES


def fully_connected(rng: Rng) -> Case:
    """Per-tensor or per-channel, several batches, with and without kept dimensions."""
    batches, depth, units = int(rng.integers(1, 4)), int(rng.integers(1, 90)), 0
    units = int(rng.integers(1, 40))
    keep = bool(rng.integers(2))
    source = draw_scale(rng)
    m = ModelBuilder()
    shape = (1, batches, depth) if keep else (batches, depth)
    x = m.input(shape, "int8", source, draw_zero_point(rng))
    weights, bias, scale = draw_rows(rng, m, (units, depth), source)
    y = m.tensor(
        (*shape[:-1], units),
        "int8",
        draw_output_scale(rng, source, scale, depth),
        draw_zero_point(rng),
    )
    table = options(
        "FullyConnected",
        fusedActivationFunction=int(rng.choice(ACTIVATIONS)),
        keepNumDims=keep,
    )
    m.operator("FULLY_CONNECTED", [x, weights, bias], [y], table)
    m.output(y)
    return Case(m.build(), [int8_values(rng, shape)])


def conv_2d(rng: Rng) -> Case:
    """Any padding, stride and dilation; every third a Conv1D as 1×k."""
    return _conv_2d(rng, 1)


def conv_2d_in_groups(rng: Rng) -> Case:
    """The same in 2 to 5 groups, of one channel each, too."""
    return _conv_2d(rng, int(rng.integers(2, 6)))


def _conv_2d(rng: Rng, groups: int) -> Case:
    while True:
        line = rng.integers(3) == 0
        size = (1 if line else int(rng.integers(1, 9)), int(rng.integers(1, 14)))
        kernel = (1 if line else int(rng.integers(1, 4)), int(rng.integers(1, 6)))
        stride = [int(v) for v in rng.integers(1, 4, 2)]
        dilation = [int(v) for v in rng.integers(1, 4, 2)]
        padding = int(rng.integers(2))
        effective = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
        if padding == 0:
            out = [-(-n // s) for n, s in zip(size, stride, strict=True)]
        else:
            out = [(n - e + s) // s for n, e, s in zip(size, effective, stride, strict=True)]
        if min(out) >= 1:
            break
    batches, depth, channels = (int(rng.integers(1, n)) for n in (3, 10, 14))
    channels *= groups
    source = draw_scale(rng)
    m = ModelBuilder()
    shape = (batches, *size, depth * groups)
    x = m.input(shape, "int8", source, draw_zero_point(rng))
    weights, bias, scale = draw_rows(rng, m, (channels, *kernel, depth), source)
    taps = kernel[0] * kernel[1] * depth
    y = m.tensor(
        (batches, *out, channels),
        "int8",
        draw_output_scale(rng, source, scale, taps),
        draw_zero_point(rng),
    )
    table = options(
        "Conv2D",
        padding=padding,
        strideH=stride[0],
        strideW=stride[1],
        dilationHFactor=dilation[0],
        dilationWFactor=dilation[1],
        fusedActivationFunction=int(rng.choice(ACTIVATIONS)),
    )
    m.operator("CONV_2D", [x, weights] + ([bias] if bias != ABSENT else []), [y], table)
    m.output(y)
    return Case(m.build(), [int8_values(rng, shape)])


@dataclass(frozen=True)
class LstmShape:
    """What an LSTM case fixes; the rest is random."""

    units: int
    inputs: int
    steps: int
    batches: int = 1
    time_major: bool = False
    cell_clip: float = 0.0
    cell_power: int = -11
    gain: float = 1.0
    last_step: bool = False


def lstm_model(rng: Rng, shape: LstmShape, count: int = WINDOWS) -> Case:
    """Return an LSTM with random weights; `gain` 1 is like a trained one, 20 saturates."""
    m = ModelBuilder()
    order = (shape.steps, shape.batches) if shape.time_major else (shape.batches, shape.steps)
    source = draw_scale(rng, 0.01, 0.06)
    hidden, hidden_zero = draw_scale(rng, 0.004, 0.012), int(rng.integers(-30, 31))
    x = m.input((*order, shape.inputs), "int8", source, draw_zero_point(rng))

    def weights(depth: int) -> tuple[int, float]:
        scale = float(np.float32(shape.gain * draw_scale(rng, 0.5, 1.5) / 100 / np.sqrt(depth)))
        data = np.clip(rng.normal(0, 50, (shape.units, depth)), -127, 127).astype(np.int8)
        return m.constant(data, scale), scale

    rows = [weights(shape.inputs) for _ in range(4)] + [weights(shape.units) for _ in range(4)]
    bias = [
        m.constant(
            (rng.normal(0, 0.5, shape.units) / (source * scale)).astype(np.int32),
            product_scale(source, scale),
        )
        for _, scale in rows[:4]
    ]
    states = (shape.batches, shape.units)
    h = m.tensor(states, "int8", hidden, hidden_zero, variable=True)
    c = m.tensor(states, "int16", 2.0**shape.cell_power, 0, variable=True)
    y = m.tensor((*order, shape.units), "int8", hidden, hidden_zero)
    inputs = [x, *(index for index, _ in rows), *[ABSENT] * 3, *bias, ABSENT, ABSENT, h, c]
    table = options(
        "UnidirectionalSequenceLSTM",
        fusedActivationFunction=4,
        cellClip=shape.cell_clip,
        timeMajor=shape.time_major,
    )
    m.operator("UNIDIRECTIONAL_SEQUENCE_LSTM", [*inputs, *[ABSENT] * 4], [y], table, version=1)
    m.output(_last_step(m, y, shape, hidden, hidden_zero) if shape.last_step else y)
    return Case(m.build(), [int8_values(rng, (*order, shape.inputs), count)])


def _last_step(m: ModelBuilder, y: int, shape: LstmShape, scale: float, zero_point: int) -> int:
    axis = 0 if shape.time_major else 1
    begin = [-1 if n == axis else 0 for n in range(3)]
    others = 7 & ~(1 << axis)
    last = m.tensor((shape.batches, shape.units), "int8", scale, zero_point)
    indices = [m.constant(np.array(v, np.int32)) for v in (begin, [0] * 3, [1] * 3)]
    table = options("StridedSlice", beginMask=others, endMask=others, shrinkAxisMask=1 << axis)
    m.operator("STRIDED_SLICE", [y, *indices], [last], table)
    return last


def lstm(rng: Rng) -> Case:
    """Random small LSTM: both layouts, several batches, clip, cell scale and saturation."""
    return lstm_model(
        rng,
        LstmShape(
            units=int(rng.choice([1, 2, 3, 5, 17])),
            inputs=int(rng.choice([1, 3, 8, 16])),
            steps=int(rng.integers(1, 8)),
            batches=int(rng.integers(1, 3)),
            time_major=bool(rng.integers(2)),
            cell_clip=float(rng.choice([0.0, 10.0, 0.5, 3.3])),
            cell_power=int(rng.choice([-15, -13, -12, -11, -11, -10, -8])),
            gain=float(rng.choice([1.0, 1.0, 5.0, 20.0])),
            last_step=bool(rng.integers(2)),
        ),
    )


def svdf(rng: Rng) -> Case:
    """Any rank and memory, one step from a reset state."""
    batches, inputs, units, rank, memory = (int(rng.integers(1, n)) for n in (3, 20, 6, 4, 9))
    filters = units * rank
    m = ModelBuilder()
    source, feature, time = (
        draw_scale(rng),
        draw_scale(rng, 1e-3, 2e-2),
        draw_scale(rng, 1e-5, 1e-3),
    )
    state = float(np.float32(source * feature * rng.uniform(0.5, 5)))
    x = m.input((batches, inputs), "int8", source, draw_zero_point(rng))
    features = m.constant(rng.integers(-127, 128, (filters, inputs)).astype(np.int8), feature)
    limit = min(32767, (1 << 30) // (32768 * rank * memory))
    times = m.constant(rng.integers(-limit, limit + 1, (filters, memory)).astype(np.int16), time)
    product = product_scale(state, time)
    bias = m.constant(rng.integers(-(1 << 20), 1 << 20, units).astype(np.int32), product)
    kept = m.tensor((batches, filters * memory), "int16", state, 0, variable=True)
    output = float(np.float32(product[0] * rng.uniform(0.1, 3) * (1 << 20) / 60))
    y = m.tensor((batches, units), "int8", output, draw_zero_point(rng))
    m.operator("SVDF", [x, features, times, bias, kept], [y], options("SVDF", rank=rank), version=3)
    m.output(y)
    return Case(m.build(), [int8_values(rng, (batches, inputs))])


def strided_slice(rng: Rng) -> Case:
    """Rank 1 to 4, positive and negative strides, all masks."""
    while True:
        rank = int(rng.integers(1, 5))
        shape = tuple(int(v) for v in rng.integers(1, 7, rank))
        begin = [int(rng.integers(-n - 1, n + 2)) for n in shape]
        end = [int(rng.integers(-n - 1, n + 2)) for n in shape]
        masks = [int(v) for v in rng.integers(0, 16, 2)]
        shrink = int(rng.integers(16)) if rng.integers(2) else 0
        step = [int(rng.choice([-3, -2, -1, 1, 1, 2, 3])) for _ in shape]
        step = [abs(s) if shrink >> axis & 1 else s for axis, s in enumerate(step)]
        out = _slice_shape(shape, (begin, end, step), (*masks, shrink))
        if out and min(out) > 0:
            break
    m = ModelBuilder()
    x = m.input(shape, "int8", 0.1, 3)
    indices = [m.constant(np.array(v, np.int32)) for v in (begin, end, step)]
    y = m.tensor(out, "int8", 0.1, 3)
    table = options("StridedSlice", beginMask=masks[0], endMask=masks[1], shrinkAxisMask=shrink)
    m.operator("STRIDED_SLICE", [x, *indices], [y], table)
    m.output(y)
    return Case(m.build(), [int8_values(rng, shape)])


def _slice_shape(
    shape: tuple[int, ...], bounds: tuple[list[int], ...], masks: tuple[int, ...]
) -> list[int] | None:
    """Return the output shape by Python's own slicing; None when a shrunk axis is outside."""
    out = []
    for axis, size in enumerate(shape):
        begin, end, step = (values[axis] for values in bounds)
        if masks[2] >> axis & 1:
            first = (0 if step > 0 else size - 1) if masks[0] >> axis & 1 else begin
            if not -size <= first < size:
                return None
            continue
        start = None if masks[0] >> axis & 1 else begin
        stop = None if masks[1] >> axis & 1 else end
        out.append(len(range(size)[start:stop:step]))
    return out


def reshape(rng: Rng) -> Case:
    """With and without the shape input."""
    shape = [int(v) for v in rng.integers(1, 5, 3)]
    target = [int(v) for v in rng.permutation(shape)]
    m = ModelBuilder()
    x = m.input(shape, "int8", 0.1, 3)
    y = m.tensor(target, "int8", 0.1, 3)
    extra = [m.constant(np.array(target, np.int32))] if rng.integers(2) else []
    m.operator("RESHAPE", [x, *extra], [y], options("Reshape", newShape=target))
    m.output(y)
    return Case(m.build(), [int8_values(rng, tuple(shape))])


def expand_dims(rng: Rng) -> Case:
    """A new axis of one at any place."""
    shape = [int(v) for v in rng.integers(1, 5, 3)]
    axis = int(rng.integers(-4, 4))
    target = list(np.expand_dims(np.empty(shape), axis).shape)
    m = ModelBuilder()
    x = m.input(shape, "int8", 0.1, 3)
    y = m.tensor(target, "int8", 0.1, 3)
    m.operator("EXPAND_DIMS", [x, m.constant(np.array([axis], np.int32))], [y])
    m.output(y)
    return Case(m.build(), [int8_values(rng, tuple(shape))])


CASES: dict[str, Callable[[Rng], Case]] = {
    "CONV_2D": conv_2d,
    "EXPAND_DIMS": expand_dims,
    "FULLY_CONNECTED": fully_connected,
    "RESHAPE": reshape,
    "STRIDED_SLICE": strided_slice,
    "SVDF": svdf,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": lstm,
    **DILATION_CASES,
    **ELEMENTWISE_CASES,
    **MOVEMENT_CASES,
    **REDUCTION_CASES,
    **SHAPE_CASES,
    **WINDOW_CASES,
}
"""By TFLite name; the tests require one for every operator of the registry."""

VARIANTS: dict[str, Callable[[Rng], Case]] = {
    **INT16_CASES,
    **REDUCTION_VARIANTS,
    "CONV_2D_IN_GROUPS": conv_2d_in_groups,
    "QUANTIZE_U8": quantize_u8,
    "TRANSPOSE_RANK_6": transpose_rank_6,
}
"""Further forms of operators that `CASES` names."""

ALL_CASES = {**CASES, **VARIANTS}
