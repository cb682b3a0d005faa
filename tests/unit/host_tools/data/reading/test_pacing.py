"""Where time jumps, and the times of rows that share a stamp."""

import numpy as np
import pytest

from host_tools.data.reading import pacing
from host_tools.data.reading.facts import Pace

NAN = np.nan


def where(seconds: list[float], pace: Pace, *, rate_given: bool = False) -> list[int]:
    found = pacing.jumps(np.array(seconds), pace, rate_given=rate_given)
    assert len(found) == len(seconds)
    return np.flatnonzero(found).tolist()


def test_a_jump_is_above_two_and_a_half_periods() -> None:
    seconds = [0.0, 2.0, 7.0, np.nextafter(12.0, 13.0), 14.0]
    assert where(seconds, Pace(2.0, 0.5)) == [3]


def test_a_step_backward_and_a_missing_stamp_are_jumps() -> None:
    assert where([0.0, 1.0, 0.5, 1.5, NAN, 3.5, 4.5], Pace(1.0, 1.0)) == [2, 4, 5]


def test_without_a_period_no_step_is_too_long() -> None:
    assert where([0.0, 1.0, 1e9, 1e9 - 1], Pace(None, 1.0)) == [3]


@pytest.mark.parametrize(
    ("per_stamp", "rate_given", "expected"),
    [(1, False, [2]), (1, True, []), (2, False, []), (2, True, [])],
)
def test_a_repeated_stamp_is_a_jump_where_nothing_explains_it(
    per_stamp: int, rate_given: bool, expected: list[int]
) -> None:
    pace = Pace(1.0, 1.0, per_stamp)
    assert where([0.0, 1.0, 1.0, 2.0], pace, rate_given=rate_given) == expected


def spread(seconds: list[float], pace: Pace, broken: tuple[int, ...] = ()) -> list[float]:
    marks = np.zeros(len(seconds), dtype=np.bool_)
    marks[list(broken)] = True
    return pacing.spread(np.array(seconds), marks, pace).tolist()


def test_times_stay_where_nothing_is_shared() -> None:
    assert spread([0.0, 0.0, 1.0], Pace(1.0, 1.0)) == [0.0, 0.0, 1.0]
    assert spread([0.0, 0.0, 1.0], Pace(None, 1.0, 2)) == [0.0, 0.0, 1.0]
    assert spread([], Pace(1.0, 2.0, 2)) == []


def test_rows_of_a_stamp_are_evenly_spread_over_its_period() -> None:
    assert spread([0.0] * 2 + [8.0] * 2 + [16.0], Pace(8.0, 0.25, 2)) == [0, 4, 8, 12, 16]


def test_the_first_rows_of_a_stretch_are_the_last_of_their_stamp() -> None:
    pace = Pace(8.0, 0.5, 4)
    assert spread([0.0] + [8.0] * 4 + [16.0] * 2, pace) == [6, 8, 10, 12, 14, 16, 18]
    # A stretch that begins later: its first stamp has lost rows, a stamp within has not.
    seconds = [0.0] * 4 + [8.0] * 3 + [80.0] * 2 + [88.0] * 3
    assert spread(seconds, pace, (7,)) == [0, 2, 4, 6, 8, 10, 12, 84, 86, 88, 90, 92]


def test_a_stretch_may_begin_within_a_stamp() -> None:
    """Another machine or file begins at the time at which the one before it ended."""
    assert spread([0.0, 0.0, 0.0, 8.0, 8.0], Pace(8.0, 0.25, 2), (2,)) == [0, 4, 4, 8, 12]


def test_more_rows_than_usual_share_the_period_of_their_stamp() -> None:
    assert spread([0.0] * 2 + [8.0] * 4 + [16.0], Pace(8.0, 0.25, 2)) == [0, 4, 8, 10, 12, 14, 16]
    assert spread([8.0] * 4 + [0.0] * 2 + [8.0], Pace(8.0, 0.25, 2)) == [8, 10, 12, 14, 0, 4, 8]
    assert spread([0.0] * 4 + [8.0], Pace(8.0, 0.25, 2)) == [0, 2, 4, 6, 8]
