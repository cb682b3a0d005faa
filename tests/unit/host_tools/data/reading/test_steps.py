"""Steps between rows, in pieces: gaps, repeats, set-backs, two rates, stamps that rows share."""

import numpy as np
import pytest

from host_tools.data.reading.steps import (
    GAP_FACTOR,
    MONTHS,
    MOST_KEPT,
    Jump,
    StepCounts,
    Steps,
    weighted_median,
)


def sampled(seconds, cuts=()):
    found = Steps()
    found.begin_file()
    lines = np.arange(2, len(seconds) + 2)
    for part, where in zip(np.split(seconds, cuts), np.split(lines, cuts), strict=True):
        found.add("log.csv", part, where)
    return found


@pytest.mark.parametrize("cuts", [(), (300,), (299, 300, 301, 700)])
def test_gaps_duplicates_and_steps_back(cuts) -> None:
    seconds = np.arange(1000.0)
    seconds[300:] += 41
    seconds[500] = seconds[499]
    seconds[800] -= 100
    seconds[900] = np.nan
    found = sampled(seconds, list(cuts))
    assert found.period == 1.0
    assert (found.zero, found.repeats[0].line) == (1, 502)
    assert (found.negative, found.backward[0].line, found.backward[0].after) == (1, 802, 801)
    longest = [(jump.line, jump.seconds) for jump in found.longest if jump.seconds > GAP_FACTOR]
    assert longest == [(803, 101.0), (302, 42.0)]
    assert found.mixed() is None


def test_a_second_sampling_rate_is_seen() -> None:
    seconds = np.concatenate([np.arange(600.0), 600 + np.arange(600) * 10.0])
    other, share, line = sampled(seconds, [450, 900]).mixed() or (0.0, 0.0, 0)
    assert other == 10.0
    assert 0.4 < share < 0.6
    assert 600 <= line <= 640


def test_files_need_not_follow_each_other() -> None:
    found = Steps()
    for _ in range(2):
        found.begin_file()
        found.add("log.csv", np.arange(50.0), np.arange(50))
    assert found.negative == 0


def test_many_different_steps_stay_bounded_and_near() -> None:
    random = np.random.default_rng(5)
    steps = random.uniform(0.9, 1.1, 200_000)
    found = sampled(np.cumsum(steps), [50_000, 120_000])
    assert len(found.counts.counts) < 70_000
    assert found.period == pytest.approx(np.median(steps), rel=2**-12)


@pytest.mark.parametrize("cuts", [(), (5,), (13, 14, 77)])
@pytest.mark.parametrize("per_stamp", [2, 10, 60])
def test_stamps_that_rows_share(per_stamp, cuts) -> None:
    seconds = np.floor((np.arange(per_stamp * 40) + per_stamp // 3) / per_stamp)
    assert sampled(seconds, list(cuts)).spread() == (per_stamp, 1.0)


def test_lone_repeats_are_no_shared_stamps() -> None:
    seconds = np.arange(200.0)
    seconds[50:60] = seconds[49]
    assert sampled(seconds).spread() is None


def counted(steps, sign=1):
    return sampled(np.cumsum(np.concatenate([[0.0], np.asarray(steps, dtype=float) * sign])))


def test_a_median_of_counted_values() -> None:
    values = np.array([1.0, 2.0, 3.0])
    assert weighted_median(values, np.array([2, 2, 1])) == 2.0
    assert weighted_median(values, np.array([2, 2, 0])) == 1.0  # the lower of two in the middle
    assert weighted_median(values, np.array([2, 1, 2])) == 2.0
    assert weighted_median(values, np.array([1, 1, 3])) == 3.0
    assert weighted_median(values[:1], np.array([1])) == 1.0


def test_extremes_rows_and_starts_of_files() -> None:
    found = Steps()
    found.add("a.csv", np.array([5.0]), np.array([2]))
    assert found.starts == []
    for values in ([np.nan, 3.0, 9.0], [-2.0, 4.0], [np.nan]):
        found.begin_file()
        found.add("a.csv", np.array(values), np.arange(len(values)) + 2)
        found.add("a.csv", np.array([7.0]), np.array([9]))
    assert found.starts == [3.0, -2.0, 7.0]
    assert (found.rows, found.low, found.high) == (8, -2.0, 9.0)
    assert Steps().low == np.inf
    assert Steps().high == -np.inf
    assert Steps().period is None
    assert Steps().wrong == 0


def test_whole_numbers_keep_every_digit_from_block_to_block() -> None:
    start = 1_700_000_000_123_456_789
    found = Steps()
    found.begin_file()
    for at in range(3):
        values = np.array([start + 2 * at, start + 2 * at + 1], dtype=np.int64)
        found.add("a.csv", values, np.array([2, 3]) + 2 * at)
    missing = np.array([np.iinfo(np.int64).min, start + 9], dtype=np.int64)
    found.add("a.csv", missing, np.array([8, 9]))
    assert (found.low, found.high, found.rows) == (start, start + 9, 7)
    assert dict(found.counts.counts) == {1.0: 5, 4.0: 1}
    assert found.longest[0] == Jump("a.csv", 9, 4.0, 7)


def test_steps_stay_within_a_group() -> None:
    found = Steps()
    found.add("a.csv", np.array([0.0, 1.0]), np.array([2, 4]), "pump")
    found.add("a.csv", np.array([50.0, 51.0]), np.array([3, 5]), "fan")
    found.add("a.csv", np.array([2.0, 5.0]), np.array([6, 8]), "pump")
    assert dict(found.counts.counts) == {1.0: 3, 3.0: 1}
    assert found.longest == [Jump("a.csv", 8, 3.0, 6)]


def test_rows_from_the_newest_on_are_counted_forward() -> None:
    found = Steps(sign=-1)
    found.add("a.csv", np.array([9.0, 8.0, 8.0, 8.5, 7.0]), np.arange(5))
    assert (found.positive, found.zero, found.negative) == (2, 1, 1)
    assert dict(found.counts.counts) == {1.0: 1, 1.5: 1}


@pytest.mark.parametrize(
    ("back", "on", "expected"),
    [(2, 0, False), (3, 0, True), (10, 1, False), (11, 1, True), (20, 2, False), (21, 2, True)],
)
def test_rows_run_backward_when_ten_steps_to_one_do(back: int, on: int, expected: bool) -> None:
    found = counted([-1.0] * back + [1.0] * on)
    assert (found.negative, found.positive) == (back, on)
    assert found.descending is expected


def test_a_step_of_more_than_a_fifth_above_the_usual_is_kept() -> None:
    found = counted([10.0] * 20 + [12.0, 12.5, 11.0, 30.0])
    assert [jump.seconds for jump in found.longest] == [30.0, 12.5]
    assert [(jump.after, jump.line) for jump in found.longest] == [(25, 26), (23, 24)]


def test_short_steps_stand_out_as_long_ones_do() -> None:
    assert [jump.seconds for jump in counted([0.25] * 20 + [0.5]).longest] == [0.5]


def test_the_longest_and_the_first_thousand_are_kept() -> None:
    """The log comes whole, and in pieces."""
    assert MOST_KEPT == 1000
    steps = np.ones(6000)
    steps[1::4] = 2.0 + np.random.default_rng(1).permutation(1500)
    seconds = np.concatenate([[0.0], np.cumsum(steps)])
    for cuts in ((), np.arange(500, 6000, 500)):
        found = sampled(seconds, cuts)
        kept = [jump.seconds for jump in found.longest]
        assert kept == sorted(steps, reverse=True)[:1000]
    odd = sampled(np.repeat(np.arange(1500.0), 2), [1500])
    assert len(odd.repeats) == 1000
    assert (odd.repeats[0].line, odd.repeats[-1].line) == (3, 2001)
    saw = sampled(np.tile([1.0, 0.0], 1500), [1500])
    assert len(saw.backward) == 1000
    assert (saw.backward[0].line, saw.backward[-1].line) == (3, 2001)
    assert (saw.backward[-1].after, saw.backward[-1].seconds) == (2000, -1.0)


def test_how_many_rows_share_a_stamp_is_counted_across_blocks() -> None:
    seconds = np.repeat(np.arange(6.0), [3, 1, 2, 4, 1, 2])
    for cuts in ((), (1,), (2, 3, 8, 9), tuple(range(1, 13))):
        found = sampled(seconds, cuts)
        found.begin_file()
        assert {k: n for k, n in found.runs.items() if n} == {3: 1, 1: 2, 2: 2, 4: 1}, cuts


@pytest.mark.parametrize(
    ("shared", "alone", "expected"),
    [(30, 40, (2, 1.0)), (3, 8, None), (300, 100, (2, 1.0)), (300, 75, (2, 1.0))],
)
def test_stamps_are_coarse_when_most_rows_share_one(shared, alone, expected) -> None:
    lengths = [2] * shared + [1] * alone
    found = sampled(np.repeat(np.arange(float(len(lengths))), lengths))
    if (shared, alone) == (30, 40):
        assert found.spread() is None  # most stamps have one row
    else:
        assert found.spread() == expected


@pytest.mark.parametrize(
    ("other", "count", "expected"),
    [
        (4, 21, (5, 1.0)),
        (6, 49, (5, 1.0)),
        (7, 20, (5, 1.0)),
        (7, 21, None),
        (3, 20, (5, 1.0)),
        (3, 21, None),
    ],
)
def test_four_runs_of_five_are_as_long_as_the_usual_but_for_one_row(other, count, expected) -> None:
    """A series of 100 runs, `count` of which have another length."""
    lengths = [5] * (80 - count) + [other] * count + [5] * 20
    found = sampled(np.repeat(np.arange(100.0), lengths))
    found.begin_file()
    assert found.spread() == expected


@pytest.mark.parametrize(("other", "expected"), [(23, (20, 1.0)), (24, None), (17, (20, 1.0))])
def test_long_runs_may_differ_by_three_in_twenty(other, expected) -> None:
    lengths = [20] * 30 + [other] * 20
    found = sampled(np.repeat(np.arange(50.0), lengths))
    found.begin_file()
    assert found.spread() == expected


def test_three_rows_in_ten_that_repeat_are_needed() -> None:
    for zero, expected in ((30, (2, 1.0)), (29, None)):
        found = Steps(positive=70, zero=zero)
        found.counts.counts[1.0] = 70
        found.runs[2] = 5
        found.positive = 100 - zero
        assert found.spread() == expected
    none = Steps(positive=0, zero=9)
    none.runs[10] = 1
    assert none.spread() is None


def test_steps_near_the_commonest_are_regular() -> None:
    near, far = 64.0 + 1.0, 64.0 + 1.0 + 2**-20
    assert counted([64.0] * 9 + [near, 63.0]).irregular(1.0) == 0
    assert counted([64.0] * 9 + [far, 62.5, 0.0]).irregular(1.0) == 2
    assert Steps().irregular() == 0.0


@pytest.mark.parametrize(
    ("days", "expected"),
    [((31, 28, 31, 30, 31), 0), ((31, 28, 31, 32, 31), 2), ((31, 27, 31, 30, 31), 2)],
)
def test_steps_of_whole_months_are_regular(days: tuple[int, ...], expected: int) -> None:
    steps = [day * 86_400.0 for day in days]
    assert counted(steps).irregular(1.0) == expected
    assert counted([step * 1e9 for step in steps]).irregular() == expected


def test_months_go_from_27_9_to_31_1_days() -> None:
    assert MONTHS == (27.9 * 86_400, 31.1 * 86_400)
    for odd, expected in ((MONTHS[0], 1), (MONTHS[1], 1), (MONTHS[0] + 1, 0), (MONTHS[1] - 1, 0)):
        found = Steps()
        found.counts.add(np.array([29.5 * 86_400] * 3 + [odd]))
        assert found.irregular(1.0) == expected


def test_two_rates_need_two_groups_and_tell_the_first_line() -> None:
    assert counted([1.0] * 320 + [2.0] * 32).mixed() is None
    other, share, line = counted([1.0] * 320 + [2.0] * 80).mixed()
    assert (other, share, line) == (2.0, 2 / 12, 322)
    found = counted([1.0] * 320 + [2.0] * 80)
    found.local_first.clear()  # as after MOST_KEPT other groups
    assert found.mixed() == (2.0, 2 / 12, 0)
    assert counted([1.0] * 31).mixed() is None
    assert Steps().mixed() is None


def test_the_other_rate_is_the_median_of_its_groups() -> None:
    steps = [1.0] * 320 + [3.0] * 32 + [4.0] * 64 + [8.0] * 32
    other, share, line = counted(steps).mixed()
    assert (other, share, line) == (4.0, 4 / 14, 322)


def test_counts_become_coarse_above_65536_values_and_lose_none() -> None:
    counts = StepCounts()
    exact = 1.0 + np.arange(1 << 16) * 2.0**-30
    counts.add(exact)
    assert len(counts.counts) == 1 << 16
    counts.add(np.array([1.0, 2.0]))
    values, times = counts.sorted()
    # 65,536 steps of 2^-30 above 1: 2^-14, half of one part in 2^13.
    assert values.tolist() == [1.0, 2.0]
    assert times.tolist() == [(1 << 16) + 1, 1]
    counts.add(np.array([1.0 + 2**-13, 1.0 + 2**-13 + 2**-14, 1.0 + 2**-14]))
    values, times = counts.sorted()
    assert values.tolist() == [1.0, 1.0 + 2**-13, 2.0]
    assert times.tolist() == [(1 << 16) + 2, 2, 1]
