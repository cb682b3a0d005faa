"""Random models of the element-wise operators: one input by table, two inputs with broadcasting."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from tests.operators.builder import ModelBuilder, options
from tests.operators.draw import (
    ACTIVATIONS,
    WINDOWS,
    Array,
    Case,
    Rng,
    draw_scale,
    draw_zero_point,
    int8_values,
)


def _all_values(rng: Rng) -> tuple[tuple[int, ...], Array]:
    """Return a shape and windows of which the first holds all 256 values."""
    shape = (1, 16, 16)
    values = int8_values(rng, shape, 3)
    values[0] = np.arange(-128, 128).reshape(shape)
    return shape, values


def unary(
    kind: str,
    rng: Rng,
    source: tuple[float, int],
    output: tuple[float, int],
    table: Any = None,
) -> Case:
    """Return one operator on all 256 values; `source` and `output` are scale and zero point."""
    m = ModelBuilder()
    shape, values = _all_values(rng)
    x = m.input(shape, "int8", *source)
    y = m.tensor(shape, "int8", *output)
    m.operator(kind, [x], [y], table)
    m.output(y)
    return Case(m.build(), [values])


def int16_values(rng: Rng, shape: tuple[int, ...], count: int = WINDOWS) -> Array:
    """Return windows of three kinds: uniform, at and near the limits, and near the middle."""
    values = rng.integers(-32768, 32768, (count, *shape))
    third = max(1, count // 3)
    values[:third] = rng.choice([-32768, -32767, 32766, 32767], (third, *shape))
    values[-third:] = np.clip(rng.normal(0, 500, (third, *shape)), -32768, 32767)
    return values.astype(np.int16)


def _sigmoid_s16(kind: str, rng: Rng) -> Case:
    m = ModelBuilder()
    shape = (1, 4096)
    scale = float(rng.choice([2.0**-12, 2.0**-11, 2.0**-13, 2.0**-15, draw_scale(rng, 1e-6, 1e-2)]))
    x = m.input(shape, "int16", scale)
    y = m.tensor(shape, "int16", 2.0**-15)
    m.operator(kind, [x], [y])
    m.output(y)
    return Case(m.build(), [int16_values(rng, shape, 3)])


def logistic(rng: Rng) -> Case:
    """int8 over scales that saturate and scales that do not; a third int16."""
    if rng.integers(3) == 0:
        return _sigmoid_s16("LOGISTIC", rng)
    source = draw_scale(rng, 1e-4, 2.0), draw_zero_point(rng)
    return unary("LOGISTIC", rng, source, (1 / 256, -128))


def tanh(rng: Rng) -> Case:
    """As LOGISTIC."""
    if rng.integers(3) == 0:
        return _sigmoid_s16("TANH", rng)
    source = draw_scale(rng, 1e-4, 2.0), draw_zero_point(rng)
    return unary("TANH", rng, source, (1 / 128, 0))


def relu(rng: Rng) -> Case:
    """Scales that grow and that shrink."""
    source = draw_scale(rng), draw_zero_point(rng)
    return unary("RELU", rng, source, (draw_scale(rng), draw_zero_point(rng)))


def relu6(rng: Rng) -> Case:
    """Scales at which 6 lies inside int8: beyond, TFLM wraps it."""
    zero_point = int(rng.integers(-128, 100))
    scale = draw_scale(rng, 6.5 / (127 - zero_point), 1.0)
    return unary("RELU6", rng, (scale, zero_point), (draw_scale(rng), draw_zero_point(rng)))


def relu_n1_to_1(rng: Rng) -> Case:
    """Scales that grow and that shrink; the oracle is TFLite's, as TFLM has no kernel."""
    source = draw_scale(rng), draw_zero_point(rng)
    case = unary("RELU_N1_TO_1", rng, source, (draw_scale(rng), draw_zero_point(rng)))
    return Case(case.model, case.inputs, oracle="tflite")


def leaky_relu(rng: Rng) -> Case:
    """Slopes from flat to steep, also negative."""
    alpha = float(np.float32(rng.choice([0.0, 0.01, 0.2, 1.0, 1.7, -0.3])))
    source = draw_scale(rng), draw_zero_point(rng)
    output = draw_scale(rng), draw_zero_point(rng)
    return unary("LEAKY_RELU", rng, source, output, options("LeakyRelu", alpha=alpha))


def hard_swish(rng: Rng) -> Case:
    """Output scales that TFLM accepts: its multiplier's exponent must not be positive."""
    source = draw_scale(rng, 1e-3, 0.5)
    output = draw_scale(rng, source / 120, source * 4)
    zero_points = draw_zero_point(rng), draw_zero_point(rng)
    return unary("HARD_SWISH", rng, (source, zero_points[0]), (output, zero_points[1]))


def _shapes(rng: Rng) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return equal shapes half of the time, else shapes that broadcast, of different rank."""
    shape = tuple(int(v) for v in rng.integers(1, 6, int(rng.integers(1, 6))))
    if rng.integers(2):
        return shape, shape
    first = tuple(1 if rng.integers(3) == 0 else n for n in shape)
    second = tuple(1 if rng.integers(3) == 0 else n for n in shape)
    return first[int(rng.integers(len(first))) :] if rng.integers(3) == 0 else first, second


def _binary(
    kind: str,
    rng: Rng,
    output_scale: Callable[[float, float, bool], float],
    *,
    same: bool = False,
) -> Case:
    """Return the operator with either operand constant, one value, or broadcast; int8 or int16.

    `same`: all three have one scale and zero point. TFLM's table is named `kind` in CamelCase.
    """
    wide = rng.integers(4) == 0
    dtype, values_of = ("int16", int16_values) if wide else ("int8", int8_values)
    shapes = _shapes(rng)
    shapes = shapes if rng.integers(2) else (shapes[1], shapes[0])
    constant = int(rng.choice([0, 1, 2, 2, 2]))
    if constant < 2 and rng.integers(2):
        shapes = ((), shapes[1]) if constant == 0 else (shapes[0], ())
    scales = draw_scale(rng), draw_scale(rng)
    if rng.integers(4) == 0:  # the factor of both is exactly one half then
        scales = scales[0], scales[0]
    zero_points = [0 if wide else draw_zero_point(rng) for _ in range(3)]
    if same:
        scales, zero_points = (scales[0], scales[0]), [zero_points[0]] * 3
    m = ModelBuilder()
    indices, arrays = [], []
    for n, shape in enumerate(shapes):
        if n == constant:
            data = values_of(rng, shape, 1)[0]
            indices.append(m.constant(np.asarray(data), scales[n], zero_points[n]))
        else:
            indices.append(m.input(shape, dtype, scales[n], zero_points[n]))
            arrays.append(values_of(rng, shape))
    shape = np.broadcast_shapes(*shapes)
    y = m.tensor(shape, dtype, float(np.float32(output_scale(*scales, bool(wide)))), zero_points[2])
    table = _two_inputs_table(kind, rng)
    m.operator(kind, indices, [y], table)
    m.output(y)
    return Case(m.build(), arrays)


def _two_inputs_table(kind: str, rng: Rng) -> Any:
    if kind in ("MAXIMUM", "MINIMUM"):
        return options("MaximumMinimum")
    if kind == "SQUARED_DIFFERENCE":
        return options("SquaredDifference")
    table = options(kind.capitalize(), fusedActivationFunction=int(rng.choice(ACTIVATIONS)))
    if kind in ("ADD", "SUB"):
        table.potScaleInt16 = False
    return table


def extreme(rng: Rng, kind: str) -> Case:
    """The larger or smaller of two, at one scale."""
    return _binary(kind, rng, lambda a, _, __: a, same=True)


def squared_difference(rng: Rng) -> Case:
    """Squares from a few LSB to far beyond the output."""

    def scale(a: float, b: float, wide: bool) -> float:
        return max(a, b) ** 2 * rng.uniform(2, 200) * (256 if wide else 1)

    return _binary("SQUARED_DIFFERENCE", rng, scale)


def div(rng: Rng) -> Case:
    """Quotients at which TFLM's arithmetic is defined: no divisor of 0, no shift beyond 31."""
    first, second = _shapes(rng)
    scales = draw_scale(rng), draw_scale(rng)
    m = ModelBuilder()
    x = m.input(first, "int8", scales[0], draw_zero_point(rng))
    side = int(rng.choice([-128, 127]))  # at a limit, so that one value alone is 0
    values = np.where(int8_values(rng, second) == side, np.int8(5), int8_values(rng, second))
    values[values == side] = 5
    inputs, arrays = [x], [int8_values(rng, first)]
    if rng.integers(3):
        inputs.append(m.input(second, "int8", scales[1], side))
        arrays.append(values)
    else:
        inputs.append(m.constant(values[0], scales[1], side))
    scale = scales[0] / scales[1] / rng.uniform(70, 2**20)
    y = m.tensor(
        np.broadcast_shapes(first, second), "int8", float(np.float32(scale)), draw_zero_point(rng)
    )
    table = options("Div", fusedActivationFunction=int(rng.choice(ACTIVATIONS)))
    m.operator("DIV", inputs, [y], table)
    m.output(y)
    return Case(m.build(), arrays)


def prelu(rng: Rng) -> Case:
    """Slopes for each channel, for all channels, or for each value; scales that grow or shrink."""
    shape = tuple(int(v) for v in rng.integers(1, 6, int(rng.integers(2, 5))))
    repeated = int(rng.integers(len(shape) + 1))
    slopes = (*[1] * repeated, *shape[repeated:])
    m = ModelBuilder()
    source, slope = draw_scale(rng), draw_scale(rng)
    x = m.input(shape, "int8", source, draw_zero_point(rng))
    alpha = m.constant(int8_values(rng, slopes, 1)[0], slope, draw_zero_point(rng))
    scale = source * rng.uniform(0.3, 3) * max(1.0, slope * 60)
    y = m.tensor(shape, "int8", float(np.float32(scale)), draw_zero_point(rng))
    m.operator("PRELU", [x, alpha], [y])
    m.output(y)
    return Case(m.build(), [int8_values(rng, shape)])


def abs_(rng: Rng) -> Case:
    """At one scale half of the time, else scales that grow and that shrink."""
    source = draw_scale(rng), draw_zero_point(rng)
    scale = source[0] if rng.integers(2) else draw_scale(rng)
    return unary("ABS", rng, source, (scale, draw_zero_point(rng)))


def elu(rng: Rng) -> Case:
    """Scales at which the negative side is one step, and at which it is many."""
    source = draw_scale(rng), draw_zero_point(rng)
    return unary("ELU", rng, source, (draw_scale(rng), draw_zero_point(rng)))


def gelu(rng: Rng) -> Case:
    """Both forms, over the bend and far beyond it; TFLM has no kernel."""
    source = draw_scale(rng), draw_zero_point(rng)
    table = options("Gelu", approximate=bool(rng.integers(2)))
    case = unary("GELU", rng, source, (draw_scale(rng), draw_zero_point(rng)), table)
    return Case(case.model, case.inputs, oracle="tflite")


def rsqrt(rng: Rng) -> Case:
    """All distances from the lowest value: below the zero point TFLM refuses to go on."""
    source = draw_scale(rng, 1e-4, 1.0)
    output = float(np.float32(rng.uniform(0.02, 3) / np.sqrt(source) / 127))
    return unary("RSQRT", rng, (source, -128), (output, draw_zero_point(rng)))


def add(rng: Rng, kind: str = "ADD") -> Case:
    """Sums that use a part of the output's range, and sums that saturate."""
    return _binary(kind, rng, lambda a, b, _: max(a, b) * rng.uniform(0.2, 3))


def mul(rng: Rng) -> Case:
    """Products from a few LSB to far beyond the output."""
    return _binary(
        "MUL", rng, lambda a, b, wide: a * b * rng.uniform(0.5, 150) * (256 if wide else 1)
    )


def _integer(rng: Rng, m: ModelBuilder, shape: tuple[int, ...], dtype: str) -> tuple[int, Array]:
    """Add an integer input; return its index and its windows."""
    if dtype == "int8":
        x = m.input(shape, "int8", draw_scale(rng), draw_zero_point(rng))
        return x, int8_values(rng, shape)
    zero_point = int(rng.choice([0, 0, -32768, 32767, 1000]))
    return m.input(shape, "int16", draw_scale(rng, 1e-4, 1e-2), zero_point), int16_values(
        rng, shape
    )


def quantize(rng: Rng) -> Case:
    """float32 with values on and beside the rounding limits, or between integer scales."""
    shape = tuple(int(v) for v in rng.integers(1, 6, 2))
    m = ModelBuilder()
    wide = rng.integers(3) == 0
    scale = draw_scale(rng, 1e-4, 1e-2) if wide else draw_scale(rng)
    if rng.integers(2):
        x, values = _integer(rng, m, shape, str(rng.choice(["int8", "int16"])))
    else:
        x = m.input(shape, "float32")
        steps = rng.integers(-300, 300, (WINDOWS, *shape)) / 2 * (256 if wide else 1)
        exact = (steps * scale).astype(np.float32)
        direction = rng.choice(np.array([-np.inf, 0, np.inf], np.float32), exact.shape)
        values = np.where(direction == 0, exact, np.nextafter(exact, direction))
        values = values.astype(np.float32)
    zero_point = int(rng.choice([0, -32768, 321])) if wide else draw_zero_point(rng)
    y = m.tensor(shape, "int16" if wide else "int8", scale, zero_point)
    m.operator("QUANTIZE", [x], [y])
    m.output(y)
    return Case(m.build(), [values])


def quantize_u8(rng: Rng) -> Case:
    """Between uint8 and int8, either way, at one scale or another."""
    shape = tuple(int(v) for v in rng.integers(1, 9, 2))
    m = ModelBuilder()
    scale = draw_scale(rng)
    other = scale if rng.integers(2) else float(np.float32(scale * rng.uniform(0.3, 3)))
    types = ["uint8", "int8"] if rng.integers(2) else ["int8", "uint8"]
    zero_points = [draw_zero_point(rng) + (128 if dtype == "uint8" else 0) for dtype in types]
    x = m.input(shape, types[0], scale, zero_points[0])
    y = m.tensor(shape, types[1], other, zero_points[1])
    m.operator("QUANTIZE", [x], [y])
    m.output(y)
    return Case(m.build(), [int8_values(rng, shape).view(types[0])])


def dequantize(rng: Rng) -> Case:
    """int8 or int16 to float32."""
    shape = tuple(int(v) for v in rng.integers(1, 6, 2))
    m = ModelBuilder()
    x, values = _integer(rng, m, shape, str(rng.choice(["int8", "int16"])))
    y = m.tensor(shape, "float32")
    m.operator("DEQUANTIZE", [x], [y])
    m.output(y)
    return Case(m.build(), [values])


ELEMENTWISE_CASES: dict[str, Callable[[Rng], Case]] = {
    "ABS": abs_,
    "ADD": add,
    "DEQUANTIZE": dequantize,
    "DIV": div,
    "ELU": elu,
    "GELU": gelu,
    "HARD_SWISH": hard_swish,
    "LEAKY_RELU": leaky_relu,
    "LOGISTIC": logistic,
    "MAXIMUM": partial(extreme, kind="MAXIMUM"),
    "MINIMUM": partial(extreme, kind="MINIMUM"),
    "MUL": mul,
    "PRELU": prelu,
    "QUANTIZE": quantize,
    "RELU": relu,
    "RELU6": relu6,
    "RELU_N1_TO_1": relu_n1_to_1,
    "RSQRT": rsqrt,
    "SQUARED_DIFFERENCE": squared_difference,
    "SUB": partial(add, kind="SUB"),
    "TANH": tanh,
}
