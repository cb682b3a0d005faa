"""Differences are counted exactly, and nothing passes for agreement by being empty."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.compare import metrics
from host_tools.errors import DataError


def windows(seed=1, shape=(6, 4, 3)):
    return np.random.default_rng(seed).integers(-128, 128, shape).astype(np.int8)


def test_equal_results_have_no_difference():
    delta = metrics.byte_delta(windows(), windows())
    assert (delta.mismatched_bytes, delta.max_lsb, delta.first_window) == (0, 0, None)
    assert (delta.windows, delta.values) == (6, 72)


@given(st.integers(0, 71), st.integers(0, 7))
def test_one_flipped_bit_is_found(place, bit):
    left = windows()
    right = left.copy()
    right.reshape(-1).view(np.uint8)[place] ^= np.uint8(1 << bit)
    delta = metrics.byte_delta(left, right)
    assert delta.mismatched_bytes == 1
    assert delta.max_lsb == 1 << bit
    assert delta.first_window == place // 12
    assert delta.windows_different == 1


def test_the_largest_difference_does_not_wrap():
    left = np.full((1, 1), -128, np.int8)
    right = np.full((1, 1), 127, np.int8)
    assert metrics.byte_delta(left, right).max_lsb == 255
    assert metrics.lsb_histogram(left, right) == {-255: 1, 0: 0}


@pytest.mark.parametrize(
    ("left", "right", "message"),
    [
        (np.zeros((0, 3), np.int8), np.zeros((0, 3), np.int8), "nothing to compare"),
        (np.zeros((2, 3), np.int8), np.zeros((2, 4), np.int8), "shapes"),
        (np.zeros((2, 3), np.int8), np.zeros((2, 3), np.float32), "int8"),
    ],
)
def test_what_cannot_be_compared_is_an_error(left, right, message):
    with pytest.raises(DataError, match=message):
        metrics.byte_delta(left, right)


def test_every_pair_is_compared_over_common_windows():
    results = {"device": windows(), "host C": windows(), "oracle": windows()[:4]}
    pairs = metrics.compare_all(results)
    assert [(pair.left, pair.right) for pair in pairs] == [
        ("device", "host C"),
        ("device", "oracle"),
        ("host C", "oracle"),
    ]
    assert [pair.delta.windows for pair in pairs] == [6, 4, 4]


def test_real_delta_is_that_of_the_formula():
    delta = metrics.real_delta(np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.0, 4.0]))
    assert delta.rmse == pytest.approx((5 / 3) ** 0.5)
    assert delta.mae == pytest.approx(1.0)
    assert delta.max == 2.0
    assert delta.values == 3


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_real_delta_refuses_what_is_not_finite(bad):
    with pytest.raises(DataError, match="NaN or infinity"):
        metrics.real_delta(np.array([bad]), np.array([0.0]))
    with pytest.raises(DataError, match="nothing to compare"):
        metrics.real_delta(np.zeros(0), np.zeros(0))


def test_dequantize_and_episodes():
    values = metrics.dequantize(np.array([-128, 0, 127], np.int8), 0.5, -3)
    assert values.tolist() == [-62.5, 1.5, 65.0]
    assert metrics.episodes([True, True, False, True, False]) == 2
    assert metrics.episodes([]) == 0
