"""Steps between rows, in pieces: gaps, repeats, set-backs, two rates, stamps that rows share."""

import numpy as np
import pytest

from host_tools.data.reading.steps import GAP_FACTOR, Steps


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
