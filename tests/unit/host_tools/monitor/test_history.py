"""Bounded history: what is old stays as extremes, what is shown loses none."""

import tracemalloc

import numpy as np
import pytest

from host_tools.monitor.history import COARSENING, History, decimate

FOREVER = (-np.inf, np.inf)


def filled(values, budget=27_000_000, period=1.0):
    values = np.asarray(values, np.float32).reshape(len(values), -1)
    history = History(values.shape[1], budget)
    for i, row in enumerate(values):
        history.add(period * i, row)
    return history


def test_rows_come_back_as_they_were():
    values = np.random.default_rng(1).normal(size=(500, 3)).astype(np.float32)
    view = filled(values).view(*FOREVER)
    assert view.rows == 1
    np.testing.assert_array_equal(view.low, values)
    np.testing.assert_array_equal(view.stamps, np.arange(500))


def test_a_part_reaches_over_its_edges():
    """A line goes on to the edge of a plot."""
    view = filled(np.zeros(100)).view(10.5, 20.5)
    assert (view.stamps[0], view.stamps[-1]) == (10, 21)
    assert list(filled(np.zeros(100)).view(10, 20).stamps) == list(range(10, 22))


def test_a_spike_survives_in_every_tier():
    count = 80_000
    values = np.zeros(count, np.float32)
    values[[5_000, 40_000, count - 3]] = [7, -9, 5]
    history = filled(values, budget=60_000)
    view = history.view(0, count)
    assert view.rows == COARSENING[1]
    assert (view.low.min(), view.high.max()) == (-9, 7)
    newest = history.view(count - 100, count)
    assert newest.rows == 1
    assert newest.high.max() == 5
    far = filled(values, budget=20_000).view(0, count)
    assert (far.rows, far.low.min(), far.high.max()) == (COARSENING[2], -9, 7)


@pytest.mark.parametrize("count", [1, 799, 800, 801, 1601, 50_001])
def test_decimation_keeps_the_extremes(count):
    values = np.random.default_rng(count).normal(size=(count, 2)).astype(np.float32)
    values[count // 3] = [50, -60]
    stamps, line = decimate(filled(values).view(*FOREVER), 800)
    assert len(stamps) == len(line) <= 1600
    np.testing.assert_array_equal(np.nanmax(line, axis=0), values.max(axis=0))
    np.testing.assert_array_equal(np.nanmin(line, axis=0), values.min(axis=0))
    assert (np.diff(stamps) >= 0).all()


def test_missing_values_hide_no_others():
    values = np.ones(5000, np.float32)
    values[::2] = np.nan
    _, line = decimate(filled(values).view(*FOREVER), 100)
    assert np.isfinite(line).all()


def test_a_gap_breaks_the_line():
    history = filled(np.arange(10.0))
    history.gap()
    history.add(100.0, np.array([3], np.float32))
    first, last = 0.0, 200.0
    stamps, line = decimate(history.view(first, last), 800, history.gaps(first, last))
    assert np.isnan(line[10, 0])
    assert stamps[10] == 9
    assert list(line[[9, 11], 0]) == [9, 3]


def test_time_never_goes_back():
    history = filled(np.zeros(3))
    history.add(1.0, np.zeros(1, np.float32))
    assert (np.diff(history.view(*FOREVER).stamps) > 0).all()


def test_memory_is_bounded():
    """However long it goes, and for 64 channels at 100 rows a second eight hours are known."""
    history = History(66)
    rows_known = min(len(t.stamps) * t.rows for t in history._tiers[1:])
    assert rows_known > 8 * 3600 * 100
    tracemalloc.start()
    small = History(2, 2000)
    row = np.zeros(2, np.float32)
    for i in range(2000):
        small.add(float(i), row)
    before, _ = tracemalloc.get_traced_memory()
    for i in range(2000, 6000):
        small.add(float(i), row)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 2_000
