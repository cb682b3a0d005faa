"""Fixed point: Python against exact fractions, C against Python, tables against the oracle."""

import ctypes
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from codegen import fixed_point
from codegen.sigmoid_table import SIGMOID_TABLE
from tests.operators import oracle
from tests.operators.builder import ModelBuilder

Array = NDArray[Any]
ROOT = Path(__file__).resolve().parents[3]
ALL_INT16 = np.arange(-32768, 32768)
EDGES = [0, 1, -1, 2, -2, 127, -128, 2**30, -(2**30), 2**31 - 1, -(2**31), -(2**31) + 1]


@pytest.fixture(
    scope="module",
    params=[
        ["gcc", "-O0", "-fsanitize=undefined", "-fno-sanitize-recover=all"],
        ["gcc", "-O3"],
        ["clang", "-O3"],
    ],
    ids=lambda command: "-".join(command[:2]),
)
def shim(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    target = tmp_path_factory.mktemp("shim") / "shim.so"
    source = ROOT / "tests" / "unit" / "codegen" / "fixed_point_shim.c"
    flags = "-std=c99 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fPIC -shared".split()
    command = [*request.param, *flags, f"-I{ROOT / 'sdk' / 'include'}", str(source)]
    subprocess.run([*command, "-o", str(target)], check=True)
    return ctypes.CDLL(str(target))


def call(function: Any, *arrays: Array) -> Array:
    """Call a shim on int32 arrays of one length."""
    inputs = [np.ascontiguousarray(a, np.int32) for a in arrays]
    result = np.zeros(inputs[0].size, np.int32)
    function(
        *(ctypes.c_void_p(a.ctypes.data) for a in inputs),
        ctypes.c_int32(result.size),
        ctypes.c_void_p(result.ctypes.data),
    )
    return result


def gemmlowp_multiply_high(a: int, b: int) -> int:
    """gemmlowp's definition: nudge, then a division that truncates toward zero."""
    product = a * b
    nudged = product + ((1 << 30) if product >= 0 else 1 - (1 << 30))
    return nudged // (1 << 31) if nudged >= 0 else -(-nudged // (1 << 31))


def round_half_away(value: Fraction) -> int:
    floor = value.numerator // value.denominator
    rest = value - floor
    up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and value > 0)
    return floor + int(up)


def samples(seed: int, count: int) -> Array:
    rng = np.random.default_rng(seed)
    wide = rng.integers(-(2**31), 2**31, count)
    magnitude = rng.integers(0, 31, count)
    narrow = wide >> magnitude
    return np.concatenate([np.array(EDGES), wide, narrow])


def test_multiply_high_is_gemmlowps() -> None:
    values = samples(1, 2000)
    multipliers = np.abs(samples(2, 2000)) % (2**31)
    result = fixed_point.multiply_high(values, multipliers)
    pairs = zip(values, multipliers, strict=True)
    assert result.tolist() == [gemmlowp_multiply_high(int(a), int(b)) for a, b in pairs]


def test_shift_right_rounds_halves_away_from_zero() -> None:
    for exponent in range(32):
        halves = np.array([k * 2**exponent // 2 for k in (-3, -1, 1, 3)])
        values = np.concatenate([samples(3, 50), halves, halves - 1, halves + 1])
        values = values[(values >= -(2**31)) & (values < 2**31)]
        expected = [round_half_away(Fraction(int(v), 2**exponent)) for v in values]
        assert fixed_point.shift_right_rounding(values, exponent).tolist() == expected


def test_c_multiply_high_and_shift_equal_python(shim: ctypes.CDLL) -> None:
    values = samples(4, 100_000)
    multipliers = np.abs(samples(5, 100_000)) % (2**31)
    exponents = np.random.default_rng(6).integers(0, 32, values.size)
    high = call(shim.shim_multiply_high, values, multipliers)
    assert np.array_equal(high, fixed_point.multiply_high(values, multipliers))
    shifted = call(shim.shim_shift_right, values, exponents)
    assert np.array_equal(shifted, fixed_point.shift_right_rounding(values, exponents))


def test_c_requantize_equals_python(shim: ctypes.CDLL) -> None:
    rng = np.random.default_rng(7)
    shifts = rng.integers(-31, 31, 200_000)
    limit = np.int64(2) ** (31 - np.maximum(shifts, 0))
    values = rng.integers(-limit + 1, limit)
    multipliers = rng.integers(2**30, 2**31, shifts.size)
    multipliers[:100] = 0
    result = call(shim.shim_requantize, values, multipliers, shifts)
    assert np.array_equal(result, fixed_point.requantize(values, multipliers, shifts))


def oracle_s16(kind: str, scale: float) -> Array:
    """Return LOGISTIC or TANH of every int16 value, from TensorFlow Lite Micro."""
    m = ModelBuilder()
    x = m.input((1, 256), "int16", scale)
    y = m.tensor((1, 256), "int16", 2.0**-15)
    m.operator(kind, [x], [y])
    m.output(y)
    values = ALL_INT16.astype(np.int16).reshape(-1, 1, 256)
    return oracle.run(m.build(), [values])[0].reshape(-1)


TANH_SCALES = {2.0**-12: (3, 0), 2.0**-11: (6, 0), 2.0**-8: (48, 0), 2.0**-15: (3, 3)}


def test_sigmoid_of_every_int16_equals_the_oracle() -> None:
    assert np.array_equal(fixed_point.sigmoid_s16(ALL_INT16), oracle_s16("LOGISTIC", 2.0**-12))


@pytest.mark.parametrize("scale", sorted(TANH_SCALES))
def test_tanh_of_every_int16_equals_the_oracle(scale: float) -> None:
    result = fixed_point.tanh_s16(ALL_INT16, *TANH_SCALES[scale])
    assert np.array_equal(result, oracle_s16("TANH", scale))


def test_c_sigmoid_and_tanh_equal_python(shim: ctypes.CDLL) -> None:
    table = np.array(SIGMOID_TABLE, np.uint16)
    result = np.zeros(65536, np.int16)
    at = ctypes.c_void_p(table.ctypes.data)
    out = ctypes.c_void_p(result.ctypes.data)
    shim.shim_sigmoid(at, out)
    assert np.array_equal(result, fixed_point.sigmoid_s16(ALL_INT16))
    for multiplier, shift in [*TANH_SCALES.values(), (3 << 12, 0), (3, 1)]:
        shim.shim_tanh(at, ctypes.c_int32(multiplier), ctypes.c_int32(shift), out)
        assert np.array_equal(result, fixed_point.tanh_s16(ALL_INT16, multiplier, shift))


def test_the_table_is_not_the_rounded_formula() -> None:
    """The number that the table's documentation states."""
    formula = np.floor(65536 / (1 + np.exp(-np.arange(256) / 24)) + 0.5)
    difference = np.array(SIGMOID_TABLE) - formula
    assert sorted(set(difference)) == [0, 1]
    assert int(difference.sum()) == 44


def test_exact_dot_is_exact() -> None:
    rng = np.random.default_rng(8)
    values = rng.integers(-32768, 32768, (3, 4, 300))
    weights = rng.integers(-128, 128, (7, 300))
    assert np.array_equal(fixed_point.exact_dot(values, weights), values @ weights.T)


@pytest.mark.parametrize("rows", [1, 511, 512, 513, 1025])
def test_exact_dot_of_many_rows(rows: int) -> None:
    """Around the number of rows that are multiplied at a time: 2^18 values of weights each."""
    rng = np.random.default_rng(9)
    values, weights = rng.integers(-128, 128, (rows, 64)), rng.integers(-128, 128, (8, 64))
    assert np.array_equal(fixed_point.exact_dot(values, weights), values @ weights.T)


def test_exact_dot_of_more_weights_than_are_multiplied_at_a_time() -> None:
    rng = np.random.default_rng(10)
    values, weights = rng.integers(-128, 128, (3, 600)), rng.integers(-128, 128, (500, 600))
    assert np.array_equal(fixed_point.exact_dot(values, weights), values @ weights.T)


def test_saturate() -> None:
    limited = fixed_point.saturate(np.array([-200, -129, -128, 0, 127, 128]), -128, 127)
    assert limited.tolist() == [-128, -128, -128, 0, 127, 127]
    assert limited.dtype == np.int64
