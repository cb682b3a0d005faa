"""Float islands inside of integer models: what becomes integer, with which bytes, what stays."""

import re
from collections.abc import Callable

import numpy as np
import pytest

from codegen import reference
from codegen.errors import ModelUnsupportedError
from codegen.frontend.tflite import load
from tests.operators import oracle
from tests.operators.builder import ModelBuilder, options

SHAPE = (1, 16, 16)
SCALE, ZERO_POINT = 0.03, -7
Build = Callable[[ModelBuilder, int], int]
"""Adds float32 operators behind a tensor; returns the last one's output."""


def model(
    middle: Build,
    shape: tuple[int, ...] = SHAPE,
    output: tuple[float, int] = (SCALE, ZERO_POINT),
    source: tuple[float, int] = (SCALE, ZERO_POINT),
    dtype: str = "int8",
) -> bytes:
    """DEQUANTIZE, `middle`, QUANTIZE."""
    m = ModelBuilder()
    x = m.input(SHAPE, dtype, *source)
    real = m.tensor(SHAPE, "float32")
    m.operator("DEQUANTIZE", [x], [real])
    last = middle(m, real)
    y = m.tensor(shape, dtype, *output)
    m.operator("QUANTIZE", [last], [y])
    m.output(y)
    return m.build()


def unary(kind: str, table: object = None) -> Build:
    def add(m: ModelBuilder, real: int) -> int:
        y = m.tensor(SHAPE, "float32")
        m.operator(kind, [real], [y], table)
        return y

    return add


def times_constant(m: ModelBuilder, real: int) -> int:
    y = m.tensor(SHAPE, "float32")
    factor = m.constant(np.array([-1.75], np.float32))
    m.operator("MUL", [real, factor], [y], options("Mul"))
    return y


def halves(m: ModelBuilder, real: int) -> int:
    """SPLIT in two, and joined the other way round."""
    parts = [m.tensor((1, 8, 16), "float32") for _ in range(2)]
    axis = m.constant(np.array(1, np.int32))
    m.operator("SPLIT", [axis, real], parts, options("Split", numSplits=2))
    y = m.tensor(SHAPE, "float32")
    m.operator("CONCATENATION", parts[::-1], [y], options("Concatenation", axis=1))
    return y


def flat(m: ModelBuilder, real: int) -> int:
    y = m.tensor((1, 256), "float32")
    shape = m.constant(np.array([1, 256], np.int32))
    m.operator("RESHAPE", [real, shape], [y], options("Reshape", newShape=[1, 256]))
    return y


def windows() -> np.ndarray:
    values = np.arange(-128, 128, dtype=np.int8)
    return np.stack([values.reshape(SHAPE), values[::-1].reshape(SHAPE)])


CASES = {
    "NEG": (unary("NEG"), (0.02, 5)),
    "ABS": (unary("ABS"), (0.02, -128)),
    "ELU": (unary("ELU"), (0.021, -60)),
    "EXP": (unary("EXP"), (0.3, -128)),
    "LOGISTIC": (unary("LOGISTIC"), (1 / 256, -128)),
    "TANH": (unary("TANH"), (1 / 128, 0)),
    "RELU": (unary("RELU"), (0.016, -128)),
    "RELU6": (unary("RELU6"), (0.016, -128)),
    "LEAKY_RELU": (unary("LEAKY_RELU", options("LeakyRelu", alpha=0.3)), (0.02, -30)),
    "HARD_SWISH": (unary("HARD_SWISH"), (0.018, -110)),
    "SQUARE": (unary("SQUARE"), (0.06, -128)),
    "times a constant": (times_constant, (0.05, 3)),
    "movement": (halves, (SCALE, ZERO_POINT)),
    "movement to another scale": (halves, (0.041, 9)),
    "nothing": (lambda _, real: real, (SCALE, ZERO_POINT)),
}


@pytest.mark.parametrize("name", CASES)
def test_all_256_values_give_the_bytes_of_float_arithmetic(name: str) -> None:
    middle, output = CASES[name]
    data = model(middle, output=output)
    graph = load(data, "island")
    assert all(t.dtype != "float32" for t in graph.tensors.values() if not t.is_constant)
    (expected,) = oracle.run(data, [windows()])
    (found,) = reference.run(graph, [windows()])
    assert np.array_equal(found, expected)
    assert len(np.unique(found)) > 1, "the case is too poor"


def test_roots_of_values_that_have_one() -> None:
    for kind in ("SQRT", "RSQRT", "LOG"):
        data = model(unary(kind), output=(0.05, -60), source=(SCALE, -128))
        values = np.maximum(windows(), -127)  # 1 and more steps above 0
        (expected,) = oracle.run(data, [values])
        (found,) = reference.run(load(data, "island"), [values])
        assert np.array_equal(found, expected), kind


def test_int16_movement_between_equal_scales_is_a_view_and_other_scales_stay_float() -> None:
    data = model(flat, (1, 256), (2.0**-9, 0), (2.0**-9, 0), "int16")
    graph = load(data, "island")
    assert [o.kind for o in graph.operators] == ["RESHAPE", "RESHAPE"]
    with pytest.raises(ModelUnsupportedError, match=r"RESHAPE.*computes in float32"):
        load(model(flat, (1, 256), (2.0**-8, 0), (2.0**-9, 0), "int16"), "island")


def test_the_operator_that_has_no_integer_form_is_named() -> None:
    def middle(m: ModelBuilder, real: int) -> int:
        y = m.tensor((1, 256), "float32")
        m.operator("RESHAPE", [real], [y], options("Reshape", newShape=[1, 256]))
        z = m.tensor((1,), "float32")
        axes = m.constant(np.array([1], np.int32))
        m.operator("MEAN", [y, axes], [z], options("Reducer", keepDims=False))
        return z

    with pytest.raises(ModelUnsupportedError, match=re.escape("operator 2 MEAN")):
        load(model(middle, (1,)), "island")


def test_a_float_output_of_the_model_inside_of_an_island_stays_and_is_refused() -> None:
    m = ModelBuilder()
    x = m.input(SHAPE, "int8", SCALE, ZERO_POINT)
    real, moved = m.tensor(SHAPE, "float32"), m.tensor((1, 256), "float32")
    y = m.tensor((1, 256), "int8", SCALE, ZERO_POINT)
    m.operator("DEQUANTIZE", [x], [real])
    m.operator("RESHAPE", [real], [moved], options("Reshape", newShape=[1, 256]))
    m.operator("QUANTIZE", [moved], [y])
    m.output(y, moved)
    with pytest.raises(ModelUnsupportedError, match=r"operator 1 RESHAPE.*computes in float32"):
        load(m.build(), "island")
