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


def test_the_first_of_several_windows_is_named():
    left = windows()
    right = left.copy()
    right[1:4, 0, 0] ^= 1
    delta = metrics.byte_delta(left, right)
    assert (delta.first_window, delta.windows_different, delta.mismatched_bytes) == (1, 3, 3)


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


def test_results_without_a_difference_are_counted_too():
    assert metrics.lsb_histogram(np.array([3, 4, 4], np.int8), np.array([1, 2, 5], np.int8)) == {
        -1: 1,
        0: 0,
        2: 2,
    }


RECORD = np.dtype([("index", np.uint32), ("score", np.float32), ("top", np.uint16, (4,))])


def records(count=5):
    found = np.zeros(count, RECORD)
    found["index"] = np.arange(count)
    found["score"] = np.linspace(0.5, 2, count)
    found["top"] = 0xFFFF
    return found


@given(st.integers(0, 4), st.integers(0, RECORD.itemsize - 1), st.integers(0, 7))
def test_one_flipped_bit_of_a_record_is_found(row, place, bit):
    changed = records()
    changed.view(np.uint8).reshape(5, -1)[row, place] ^= np.uint8(1 << bit)
    assert metrics.record_mismatches(records(), changed) == 1
    assert metrics.record_mismatches(changed, changed.copy()) == 0


def test_floats_of_records_are_compared_by_their_bits():
    """A NaN equals itself; minus zero is another number."""
    left, right = records(), records()
    left["score"][:2] = right["score"][:2] = np.nan
    assert metrics.record_mismatches(left, right) == 0
    left["score"][3], right["score"][3] = 0.0, -0.0
    assert metrics.record_mismatches(left, right) == 1


def test_several_differences_of_a_record_count_once():
    changed = records()
    changed["score"][1:3] += 1
    changed["top"][2:4] = 7
    assert metrics.record_mismatches(records(), changed) == 3


def test_only_the_fields_that_both_have_are_compared():
    fewer = np.zeros(5, [("index", np.uint32), ("extra", np.uint8)])
    fewer["index"] = np.arange(5)
    assert metrics.record_mismatches(records(), fewer) == 0
    fewer["index"][4] = 9
    assert metrics.record_mismatches(fewer, records()) == 1


@pytest.mark.parametrize(
    ("left", "right", "message"),
    [
        (records(), records(4), "5 and 4 of them, common fields: index, score, top"),
        (records(0), records(0), "0 and 0 of them"),
        (records(), np.zeros(5, [("other", np.uint8)]), "common fields: none"),
        (np.zeros(5), records(), "common fields: none"),
        (records(), np.zeros(5), "common fields: none"),
    ],
)
def test_records_that_cannot_be_compared(left, right, message):
    with pytest.raises(DataError, match=message):
        metrics.record_mismatches(left, right)


def test_one_record_can_be_compared():
    assert metrics.record_mismatches(records(1), records(1)) == 0
