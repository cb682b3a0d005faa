"""Local periods and what counts as another rate, at both sides of each limit."""

import numpy as np
import pytest

from host_tools.data.reading import sampling


def test_each_32_steps_have_a_median_and_the_rest_is_left() -> None:
    steps = np.concatenate([np.full(32, 1.0), np.full(32, 2.0), np.full(31, 9.0)])
    assert sampling.GROUP_STEPS == 32
    assert sampling.local_periods(steps).tolist() == [1.0, 2.0]
    assert sampling.local_periods(steps[:31]).tolist() == []


def test_a_median_is_of_its_own_group() -> None:
    steps = np.concatenate([[5.0] * 15 + [1.0] * 17, [5.0] * 17 + [1.0] * 15])
    assert sampling.local_periods(steps).tolist() == [1.0, 5.0]


def test_a_factor_of_one_and_a_half_is_the_same_rate() -> None:
    above, below = np.nextafter(3.0, 4.0), np.nextafter(2.0, 1.0)
    assert sampling.differing(np.array([2.0, 3.0, above, 1.0]), 2.0).tolist() == [
        False,
        False,
        True,
        True,
    ]
    assert sampling.differing(np.array([3.0, 2.0, below]), 3.0).tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("count", "groups", "expected"),
    [(1, 2, False), (2, 2, True), (2, 40, True), (2, 41, False), (3, 60, True), (3, 61, False)],
)
def test_two_groups_and_a_twentieth_of_all_are_another_rate(
    count: int, groups: int, expected: bool
) -> None:
    assert sampling.is_mixed(count, groups) is expected
