"""Stamps of rows that come in bursts, late, or not at all."""

import numpy as np
import pytest

from host_tools.recording.clock import GAP_SECONDS, SETTLING_ROWS, RowClock


def stamps_of(arrivals):
    clock = RowClock()
    stamps = [stamp for arrival in arrivals for stamp in clock.take(arrival)]
    return clock, np.array([*stamps, *clock.rest()])


def bursts(taken, length):
    """When rows come that an adapter hands over in pieces of `length` seconds."""
    return (np.floor(taken / length) + 1) * length


@pytest.mark.parametrize("rate", [30.0, 100.0, 1000.0])
def test_bursts_leave_the_distances_even(rate):
    taken = np.arange(int(20 * rate)) / rate
    clock, stamps = stamps_of(bursts(taken, 0.016))
    assert len(stamps) == len(taken)
    distance = np.diff(stamps[len(stamps) // 2 :])
    assert np.all(np.abs(distance * rate - 1) < 0.03)
    assert clock.rate_hz == pytest.approx(rate, rel=2e-3)
    assert np.all(np.abs(stamps - taken) < 0.02)
    assert clock.gaps == []


def test_a_slow_row_has_the_time_at_which_it_came():
    arrivals = np.array([5.0, 6.01, 7.0, 8.2, 9.0])
    clock, stamps = stamps_of(arrivals)
    assert np.array_equal(stamps, arrivals)
    assert clock.rate_hz == pytest.approx(1.0)


@pytest.mark.parametrize(("rows", "slow"), [(SETTLING_ROWS, True), (SETTLING_ROWS + 1, False)])
def test_rows_that_decide_between_slow_and_fast(rows, slow):
    """A number of distances below SETTLING_ROWS is slow."""
    clock = RowClock()
    for arrival in np.linspace(0, 2.0, rows):
        clock.take(float(arrival))
    assert (clock._period is None) is slow


@pytest.mark.parametrize(("now", "known"), [(1.99, 0), (2.0, 3)])
def test_rows_before_a_silence_do_not_wait_for_another_one(now, known):
    clock = RowClock()
    assert [clock.take(arrival) for arrival in (0.0, 0.1, 0.2)] == [[], [], []]
    assert len(clock.look(now)) == known


@pytest.mark.parametrize(("silence", "count"), [(0.9, 0), (1.1, 1)])
def test_silence_is_a_gap_from_half_a_second(silence, count):
    taken = np.arange(2000) / 100
    taken[1000:] += silence * GAP_SECONDS
    # A second of rows that were only held back: they come at once.
    clock, stamps = stamps_of(taken[:1001])
    assert len(clock.gaps) == count
    assert stamps[-1] == pytest.approx(taken[1000], abs=0.6 if not count else 0.02)


def test_rows_lost_without_silence_are_a_gap_within_a_second():
    """200 ms of rows at 1 kHz: no silence is long enough to be one, but all rows stay late."""
    taken = np.arange(10_000) / 1000
    taken[5000:] += 0.2
    clock, stamps = stamps_of(bursts(taken, 0.016))
    assert len(clock.gaps) == 1
    after, length = clock.gaps[0]
    assert 5.0 < after < 5.9
    assert length == pytest.approx(0.2, abs=0.06)
    assert abs(stamps[-1] - taken[-1]) < 0.03


def test_a_burst_that_was_held_back_is_no_gap():
    taken = np.arange(6000) / 1000
    arrivals = taken.copy()
    arrivals[3000:3400] = taken[3400]
    clock, stamps = stamps_of(arrivals)
    assert clock.gaps == []
    assert np.all(np.diff(stamps) > 0)


def test_stamps_never_go_back():
    random = np.random.default_rng(3)
    arrivals = np.sort(np.arange(5000) / 500 + random.exponential(0.01, 5000))
    assert np.all(np.diff(stamps_of(arrivals)[1]) > 0)


def test_a_line_that_was_away_does_not_count_for_the_jitter():
    clock = RowClock()
    for arrival in (0.0, 1.0, 2.0):
        clock.take(arrival)
    clock.lose()
    for arrival in (100.0, 101.0):
        clock.take(arrival)
    assert clock.jitter_seconds == 0
    assert clock.gaps == [(2.0, 98.0)]
