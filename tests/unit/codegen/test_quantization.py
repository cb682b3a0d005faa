"""Scale to multiplier and shift, and the limits of fused activations."""

import math

import numpy as np
import pytest

from codegen import quantization
from codegen.fixed_point import requantize
from codegen.quantization import (
    activation_range,
    output_multipliers,
    quantize_multiplier,
    round_half_away,
)
from tests.operators import oracle
from tests.operators.builder import ModelBuilder, options


@pytest.mark.parametrize(
    ("real", "expected"),
    [
        (0.0, (0, 0)),
        (1.0, (1 << 30, 1)),
        (0.5, (1 << 30, 0)),
        (0.75, (3 << 29, 0)),
        (2.0**-32, (1 << 30, -31)),
        (2.0**-33, (0, 0)),
        (3.0, (3 << 29, 2)),
        # Rounds up to 2^31, which becomes 2^30 and one more shift.
        (math.nextafter(1.0, 0.0), (1 << 30, 1)),
        (math.nextafter(2.0**-32, 0.0), (1 << 30, -31)),
    ],
)
def test_quantize_multiplier(real: float, expected: tuple[int, int]) -> None:
    assert quantize_multiplier(real) == expected


@pytest.mark.parametrize("real", [-1.0, math.nan, math.inf])
def test_quantize_multiplier_rejects(real: float) -> None:
    with pytest.raises(ValueError, match="not a finite positive number"):
        quantize_multiplier(real)


def test_limits_of_types() -> None:
    for name in ("INT8", "INT16"):
        limits = np.iinfo(name.lower())
        found = [getattr(quantization, f"{name}_{end}") for end in ("MIN", "MAX")]
        assert found == [limits.min, limits.max]
    assert np.iinfo(np.int32).max + 1 == quantization.INT32_LIMIT


REALS = [
    *(0.0, 1.0, 0.5, 0.75, 3.0, 2.0**-31, 2.0**-32, 2.0**-33, 1e-30),
    *(math.nextafter(2.0**k, 0.0) for k in (0, 1, -31, -32, -33)),
    *(2.0**126, 2.0**127, 2.0**130),
]


def test_all_multipliers_at_once_are_those_one_by_one() -> None:
    """But for a shift, which an int8 holds."""
    multipliers, shifts = output_multipliers(1.0, REALS, 1.0)
    expected = [quantize_multiplier(real) for real in REALS]
    assert multipliers.tolist() == [multiplier for multiplier, _ in expected]
    assert shifts.tolist() == [min(shift, 127) for _, shift in expected]
    assert (multipliers.dtype, shifts.dtype) == (np.int32, np.int8)


def test_a_multiplier_is_input_times_weight_through_output() -> None:
    multipliers, shifts = output_multipliers(6.0, [2.0, 0.5], 4.0)
    assert multipliers.tolist() == [3 << 29, 3 << 29]
    assert shifts.tolist() == [2, 0]


@pytest.mark.parametrize("weight", [-1.0, math.nan, math.inf])
def test_output_multipliers_reject(weight: float) -> None:
    with pytest.raises(ValueError, match="not a finite positive number"):
        output_multipliers(1.0, [1.0, weight], 1.0)
    with pytest.raises(ValueError, match="not a finite positive number"):
        output_multipliers(1.0, [weight, 1.0], 1.0)


def test_quantize_multiplier_is_close() -> None:
    rng = np.random.default_rng(1)
    for real in np.exp(rng.uniform(-20, 8, 500)):
        multiplier, shift = quantize_multiplier(float(real))
        assert 1 << 30 <= multiplier < 1 << 31
        assert multiplier * 2.0 ** (shift - 31) == pytest.approx(real, rel=2.0**-30)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.5, 1), (-0.5, -1), (0.49999997, 0), (2.5, 3), (-2.5, -3), (-2.4, -2), (1e9, 10**9)],
)
def test_round_half_away(value: float, expected: int) -> None:
    assert round_half_away(value) == expected


def test_activation_range() -> None:
    assert activation_range("NONE", 0.1, 5) == (-128, 127)
    assert activation_range("RELU", 0.1, 5) == (5, 127)
    assert activation_range("RELU6", 0.1, 5) == (5, 65)
    assert activation_range("RELU_N1_TO_1", 0.1, 5) == (-5, 15)
    assert activation_range("RELU6", 0.001, 5) == (5, 127)
    with pytest.raises(KeyError):
        activation_range("TANH", 0.1, 0)


def test_activation_range_of_another_type() -> None:
    limits = (quantization.INT16_MIN, quantization.INT16_MAX)
    assert activation_range("NONE", 1e-3, 0, limits) == limits
    assert activation_range("RELU", 1e-3, 0, limits) == (0, 32767)
    assert activation_range("RELU6", 1e-3, 0, limits) == (0, 6000)
    assert activation_range("RELU_N1_TO_1", 1e-3, 0, limits) == (-1000, 1000)


@pytest.mark.parametrize("scale", [1e-38, 1e-45])
def test_a_limit_beyond_float32_is_beyond_the_type(scale: float) -> None:
    """The quotient is infinite; no warning, and no error."""
    assert activation_range("RELU_N1_TO_1", scale, 0) == (-128, 127)
    assert activation_range("RELU6", scale, 127) == (127, 127)


def test_scale_products_are_double_precision_in_the_oracle() -> None:
    """Accumulators chosen so that a float32 product of the scales gives another byte."""
    rng = np.random.default_rng(0)
    tried = 0
    while tried < 20:
        source, weight = (np.float32(v) for v in rng.uniform(0.001, 0.1, 2))
        output = np.float32(float(source) * float(weight) * 2.0 ** rng.uniform(18, 22))
        multiplier, shift = output_multipliers(float(source), [float(weight)], float(output))
        single = quantize_multiplier(float(source * weight) / float(output))
        halves = (np.arange(-100, 100) + 0.5) * float(output) / float(source) / float(weight)
        near = np.round(halves[:, None]).astype(np.int64) + np.arange(-40, 40)
        accumulators = near[np.abs(near) < 2**30]
        double_result = requantize(accumulators, multiplier, shift)
        telling = double_result != requantize(accumulators, *single)
        if not telling.any():
            continue
        tried += 1
        bias = accumulators[telling][:64].astype(np.int32)
        m = ModelBuilder()
        x = m.input((1, 1), "int8", float(source))
        w = m.constant(np.ones((bias.size, 1), np.int8), float(weight))
        b = m.constant(bias, float(source) * float(weight))
        y = m.tensor((1, bias.size), "int8", float(output))
        m.operator("FULLY_CONNECTED", [x, w, b], [y], options("FullyConnected"))
        m.output(y)
        result = oracle.run(m.build(), [np.zeros((1, 1, 1), np.int8)])[0].reshape(-1)
        expected = np.clip(double_result[telling][:64], -128, 127)
        assert np.array_equal(result, expected)
