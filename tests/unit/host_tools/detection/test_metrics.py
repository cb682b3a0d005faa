"""Figures of a detector over small runs that can be counted by hand."""

import math

import numpy as np
import pytest

from host_tools.detection import metrics


def run(labels, alarms, seconds=None) -> metrics.Run:
    count = len(labels)
    times = np.arange(float(count)) if seconds is None else np.array(seconds, float)
    return metrics.Run(
        "x", np.array(labels), np.array(alarms, bool), np.arange(float(count)), times
    )


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ([], []),
        ([0, 0], []),
        ([1, 1], [(0, 2)]),
        ([1, 0, 1], [(0, 1), (2, 3)]),
        ([0, 1, 1, 0, 0, 1, 0], [(1, 3), (5, 6)]),
    ],
)
def test_stretches_of_ones(flags, expected):
    assert metrics.events(np.array(flags, int)) == expected


def test_an_event_that_began_before_the_first_row_has_no_delay():
    """Nobody knows when it began: it is neither found nor missed."""
    cut = run([1, 1, 0, 0, 1, 1, 1], [0, 1, 0, 0, 0, 0, 1])
    assert metrics.delays([cut]) == (2.0, 0, 0)
    alone = run([1, 1, 0], [0, 0, 0])
    delay, missed, already = metrics.delays([alone])
    assert math.isnan(delay)
    assert (missed, already) == (0, 0)


def test_an_event_of_the_second_row_counts():
    assert metrics.delays([run([0, 1, 1], [0, 0, 1])]) == (1.0, 0, 0)


def test_a_missed_event_is_infinitely_late():
    found = metrics.delays([run([0, 1, 0, 1, 0, 1], [0, 1, 0, 0, 0, 0])])
    assert found == (math.inf, 2, 0)


def test_an_alarm_that_runs_on_is_luck():
    assert metrics.delays([run([0, 0, 1, 1], [0, 1, 1, 0])]) == (0.0, 0, 1)


def test_a_delay_is_in_seconds_not_rows():
    slow = run([0, 1, 1, 1], [0, 0, 0, 1], [0, 10, 30, 70])
    assert metrics.delays([slow]) == (60.0, 0, 0)


def test_the_last_row_lasts_a_second():
    """Time of normal rows: up to the next row each, the last one 1 s."""
    lone = run([0], [1])
    assert metrics.false_alarms_per_day([lone]) == 86_400
    uneven = run([0, 0, 1, 0], [1, 0, 0, 1], [0, 10, 30, 35])
    # 10 + 20 s before the event, 1 s after it; two alarms begin on normal rows.
    assert metrics.false_alarms_per_day([uneven]) == pytest.approx(86_400 * 2 / 31)


def test_an_alarm_that_begins_in_an_event_is_no_false_one():
    found = metrics.false_alarms_per_day([run([0, 1, 1, 0, 0], [0, 0, 1, 1, 0])])
    assert found == 0
    begins = metrics.false_alarms_per_day([run([0, 1, 1, 0, 0], [1, 1, 1, 0, 0])])
    assert begins == pytest.approx(86_400 / 3)


def test_runs_without_normal_rows_have_no_rate():
    assert math.isnan(metrics.false_alarms_per_day([run([1, 1], [1, 1])]))


def test_rates_of_what_cannot_be_divided():
    f1, far, mar = metrics.rates([run([0, 0], [0, 0])])
    assert math.isnan(f1)
    assert far == 0
    assert math.isnan(mar)
    f1, far, mar = metrics.rates([run([1, 1], [1, 0])])
    assert (f1, mar) == (pytest.approx(2 / 3), 50.0)
    assert math.isnan(far)


def test_rows_of_all_runs_are_pooled():
    one, two = run([0, 1], [1, 1]), run([0, 0, 0, 1], [0, 0, 0, 0])
    assert metrics.confusion([one, two]) == (1, 1, 1, 3)
    assert metrics.rates([one, two]) == (0.5, 25.0, 50.0)
