"""Figures of a detector over small runs that can be counted by hand."""

import math

import numpy as np
import pytest

from host_tools.detection import metrics

VOLUMES = (0.8928952217236106, 0.442871835879238, 0.8218601082508684)


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


def test_rates_of_unequal_parts():
    one = run([1, 0], [1, 1])
    assert metrics.rates([one]) == (pytest.approx(2 / 3), 100.0, 0.0)
    many = run([1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0])
    assert metrics.rates([many]) == (1 / (1 + 0.5 * 6), 37.5, 75.0)


def test_average_precision_at_its_ends():
    assert math.isnan(metrics.auc_pr(np.array([0, 0]), np.array([1.0, 2.0])))
    assert metrics.auc_pr(np.array([0, 1]), np.array([1.0, 2.0])) == 1.0
    assert metrics.auc_pr(np.array([1, 0]), np.array([1.0, 2.0])) == 0.5
    # A tie counts as one step: half of what is found there is right.
    assert metrics.auc_pr(np.array([1, 0]), np.array([1.0, 1.0])) == 0.5
    assert metrics.auc_pr(np.array([1, 0, 1]), np.array([3.0, 2.0, 1.0])) == pytest.approx(5 / 6)


def test_the_ramp_beside_an_event():
    near, far = math.sqrt(3 / 4), math.sqrt(2 / 4)
    middle = metrics._soft_labels(np.array([0, 0, 0, 1, 1, 0, 0, 0]), 4)
    assert middle.tolist() == [0, far, near, 1, 1, near, far, 0]
    ends = metrics._soft_labels(np.array([1, 0, 0, 0, 0, 1]), 4)
    assert ends.tolist() == [1, near, far, far, near, 1]
    close = metrics._soft_labels(np.array([1, 0, 0, 1]), 4)
    assert close.tolist() == [1, near, near, 1]
    assert metrics._soft_labels(np.array([0, 1, 0]), 0).tolist() == [0, 1, 0]


def test_volume_of_a_small_run_stays():
    """Figures of the definition at widths 0, 5 … 50, to the last digit that matters."""
    labels = np.zeros(120, int)
    labels[40:60] = labels[90:95] = 1
    scores = np.random.default_rng(3).random(120) + 0.4 * labels
    assert metrics.vus_pr(labels, scores) == pytest.approx(VOLUMES[0], rel=1e-12)
    assert metrics.vus_pr(labels, -scores) == pytest.approx(VOLUMES[1], rel=1e-12)
    assert metrics.vus_pr(labels, scores, 20, 50) == pytest.approx(VOLUMES[2], rel=1e-12)
    assert math.isnan(metrics.vus_pr(np.zeros(9, int), np.arange(9.0)))


def test_the_summary_has_every_figure_in_its_place():
    labels, alarms = [0, 0, 1, 1, 1, 0, 1], [0, 1, 0, 0, 1, 0, 0]
    one = run(labels, alarms, [0, 1, 2, 4, 8, 9, 10])
    calm = run([0, 0], [0, 0])
    found = metrics.summarize([one, calm])
    pooled = metrics.rates([one, calm])
    assert (found.f1, found.far, found.mar) == pooled
    assert found.auc_pr == metrics.auc_pr(one.labels, one.scores)
    assert found.vus_pr == metrics.vus_pr(one.labels, one.scores)
    assert (found.delay, found.missed, found.already) == metrics.delays([one, calm])
    assert (found.missed, found.already) == (1, 1)
    assert found.false_alarms_per_day == metrics.false_alarms_per_day([one, calm])
