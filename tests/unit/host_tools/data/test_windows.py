"""Windows, splits, segments and streams."""

import numpy as np
import pytest

from host_tools.data import window
from host_tools.data.table import GAP, LOST_ROWS, Table, constant_channels, segment, stream
from host_tools.errors import DataError


def table(rows: int, *, holes: tuple[int, ...] = (), jumps: tuple[int, ...] = ()) -> Table:
    samples = np.arange(rows * 2, dtype=np.float32).reshape(rows, 2)
    samples[list(holes), 1] = np.nan
    broken = np.isin(np.arange(rows), jumps)
    labels = np.zeros(rows, dtype=np.uint8)
    return Table("test", ("a", "b"), ("", ""), samples, labels, segment(samples, broken))


def test_segments_part_at_jumps_and_missing_values() -> None:
    found = table(8, holes=(2,), jumps=(5,)).segments
    assert found[2] == GAP
    assert len({found[0], found[3], found[5]}) == 3
    assert found[0] == found[1]
    assert found[3] == found[4]
    assert found[5] == found[7]


@pytest.mark.parametrize("seed", range(5))
def test_no_window_crosses_a_gap(seed: int) -> None:
    random = np.random.default_rng(seed)
    holes = tuple(random.choice(200, 4, replace=False).tolist())
    jumps = tuple(random.choice(np.arange(1, 200), 4, replace=False).tolist())
    whole = table(200, holes=holes, jumps=jumps)
    length = 12
    expected = [
        first
        for first in range(200 - length + 1)
        if not any(first <= hole < first + length for hole in holes)
        and not any(first < jump < first + length for jump in jumps)
    ]
    assert window.starts(whole, length).tolist() == expected


def test_quiet_windows_hold_no_label() -> None:
    whole = table(50)
    whole.labels[20:22] = 1
    found = window.starts(whole, 5, quiet_only=True)
    assert found.tolist() == [*range(16), *range(22, 46)]


def test_too_short_for_a_window() -> None:
    assert window.starts(table(4), 5).tolist() == []
    assert window.starts(table(5), 5).tolist() == [0]


def test_at_most_so_many_spread_over_time() -> None:
    found = window.starts(table(100), 1, most=10)
    assert found.tolist() == list(range(0, 100, 10))


def test_cut() -> None:
    whole = table(20)
    x, y = window.cut(whole.samples, np.array([0, 7]), 3, 2)
    assert x.shape == (2, 3, 2)
    assert np.array_equal(x[1], whole.samples[7:10])
    assert np.array_equal(y[1], whole.samples[10:12])


def test_split_is_chronological_and_disjoint() -> None:
    whole = table(100)
    parts = window.split(whole)
    joined = np.concatenate([p.samples for p in (parts.train, parts.validation, parts.test)])
    assert np.array_equal(joined, whole.samples)
    assert (len(parts.train), len(parts.validation), len(parts.test)) == (70, 15, 15)


def test_stream_marks_a_jump_with_missing_rows() -> None:
    whole = table(6, holes=(2,), jumps=(4, 5))
    whole.labels[3:6] = (0, 1, 1)
    rows, labels = stream(whole)
    lost = np.isnan(rows[:, 1])
    expected = [False, False, True, False, *[True] * LOST_ROWS, False, *[True] * LOST_ROWS, False]
    assert lost.tolist() == expected
    assert rows[~lost, 0].tolist() == whole.samples[[0, 1, 3, 4, 5], 0].tolist()
    # Rows between two labelled ones are labelled.
    assert labels.tolist() == [0] * (4 + LOST_ROWS) + [1] * (2 + LOST_ROWS)


def test_without_names_the_reason() -> None:
    left = table(5).without(["a"], "constant")
    assert left.names == ("b",)
    assert left.samples.shape == (5, 1)
    assert left.notices == ('left out "a": constant',)
    with pytest.raises(DataError, match="every channel is constant"):
        left.without(["b"], "constant")


def test_constant_channels_look_at_usable_rows() -> None:
    whole = table(6, holes=(2,))
    whole.samples[:, 0] = 3
    whole.samples[2, 0] = 4
    assert constant_channels(whole) == ["a"]
