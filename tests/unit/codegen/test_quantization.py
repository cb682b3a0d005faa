"""Scale to multiplier and shift, and the limits of fused activations."""

import math

import numpy as np
import pytest

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
