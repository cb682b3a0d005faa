"""Choosing representative windows: counts, balance, nesting, refusals."""

import numpy as np
import pytest

from host_tools.errors import DataError
from host_tools.quantize import selection

SCORE = np.random.default_rng(5).random(1000).astype(np.float32)


@pytest.mark.parametrize(
    ("total", "balance", "tail"), [(100, 0.0, 0), (100, 0.25, 25), (100, 1.0, 100)]
)
def test_balance_is_the_part_from_the_tail(total: int, balance: float, tail: int) -> None:
    found = selection.select(SCORE, total, balance, seed=1)
    assert len(np.unique(found.index)) == total
    assert found.tail == tail
    highest = np.sort(SCORE)[-200]
    assert (SCORE[found.index] >= highest).sum() == tail


def test_a_side_that_is_too_small_is_filled_up() -> None:
    found = selection.select(SCORE, 500, 1.0, seed=1)
    assert len(found.index) == 500
    assert found.tail == 200
    assert selection.select(SCORE, 1000, 0.0, seed=1).tail == 200


def test_selections_nest_and_depend_on_the_seed() -> None:
    small = selection.select(SCORE, 50, 0.5, seed=3)
    large = selection.select(SCORE, 150, 0.5, seed=3)
    assert set(small.index) <= set(large.index)
    assert np.array_equal(small.index, selection.select(SCORE, 50, 0.5, seed=3).index)
    assert not np.array_equal(small.index, selection.select(SCORE, 50, 0.5, seed=4).index)


@pytest.mark.parametrize(("total", "balance"), [(1001, 0.5), (0, 0.5), (10, -0.1), (10, 1.01)])
def test_refused(total: int, balance: float) -> None:
    with pytest.raises(DataError):
        selection.select(SCORE, total, balance, seed=1)


def test_nothing_changes_scores_zero() -> None:
    windows = np.ones((3, 4, 2), dtype=np.float32)
    truth = np.ones((3, 5, 2), dtype=np.float32)
    truth[1] += 2
    assert selection.persistence(windows, truth).tolist() == [0, 2, 0]
