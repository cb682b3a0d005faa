"""The parts of the one-pass look at a log, each against the plain computation."""

import numpy as np
import pandas as pd
import pytest

from host_tools.eda.drift import COARSE_SEGMENTS, MOST_SEGMENTS, Timeline, assess
from host_tools.eda.moments import Comoments, Moments
from host_tools.eda.quantile import Sketch, share_beyond
from host_tools.eda.time import STUCK_ROWS, StuckRuns


def pieces(values, seed=0):
    """Cut [channels, rows] into pieces of uneven length, one of them empty."""
    cuts = np.sort(np.random.default_rng(seed).integers(0, values.shape[1], 7))
    return np.split(values, [cuts[0], *cuts], axis=1)


def data(rows=5000, missing=0.05):
    random = np.random.default_rng(7)
    values = np.stack(
        [
            random.normal(1e6, 1e-3, rows),
            random.lognormal(0, 1, rows),
            np.full(rows, 3.25),
            random.normal(0, 1, rows) + np.arange(rows) / 100,
            np.full(rows, np.nan),
        ]
    )
    values[1, random.random(rows) < missing] = np.nan
    return values


def test_moments_of_pieces_are_those_of_the_whole() -> None:
    values = data()
    parts = [Moments.of(piece) for piece in pieces(values)]
    merged = parts[0]
    for part in parts[1:]:
        merged = merged.merged(part)
    frame = pd.DataFrame(values.T)
    assert merged.count.tolist() == frame.count().tolist()
    used = [0, 1, 3]
    shifted = frame[used] - frame[used].mean()  # pandas loses digits at a mean of 1e6
    np.testing.assert_allclose(merged.mean[used], frame[used].mean(), rtol=1e-14)
    np.testing.assert_allclose(merged.std[used], shifted.std(), rtol=1e-6)
    np.testing.assert_allclose(merged.skew[used], shifted.skew(), rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(merged.kurtosis[used], shifted.kurt(), rtol=1e-5, atol=1e-9)
    assert merged.std[2] == 0
    assert np.isnan(merged.skew[2])
    assert np.isnan(merged.std[4])
    assert merged.low[:4].tolist() == frame.min()[:4].tolist()
    assert merged.high[:4].tolist() == frame.max()[:4].tolist()


def test_correlation_of_pieces_is_that_of_the_whole() -> None:
    values = data()
    values[3, 100:200] = np.nan
    parts = [Comoments.of(piece) for piece in pieces(values)]
    merged = parts[0]
    for part in parts[1:]:
        merged = merged.merged(part)
    expected = pd.DataFrame(values[[1, 3]].T).corr().to_numpy()
    np.testing.assert_allclose(merged.correlation()[np.ix_([1, 3], [1, 3])], expected, atol=1e-12)
    assert np.isnan(merged.correlation()[2]).all()
    assert np.isnan(merged.correlation()[4]).all()


def test_quantiles_are_exact_while_they_fit() -> None:
    values = np.random.default_rng(1).normal(size=999)
    sketch = Sketch(1024)
    for part in np.array_split(values, 9):
        sketch.add(part)
    parts = np.array([0.0, 0.001, 0.25, 0.5, 0.999, 1.0])
    assert sketch.rank_error == 0
    np.testing.assert_array_equal(sketch.quantiles(parts), np.quantile(values, parts))


@pytest.mark.parametrize("order", ["random", "ascending", "descending", "zigzag"])
def test_rank_error_of_a_long_stream_stays_within_its_bound(order: str) -> None:
    values = np.random.default_rng(2).lognormal(size=300_000)
    if order != "random":
        values = np.sort(values)
    if order == "descending":
        values = values[::-1]
    if order == "zigzag":
        values = np.stack([values[:150_000], values[:149_999:-1]], axis=1).ravel()
    sketch = Sketch(1024)
    for part in np.array_split(values, 37):
        sketch.add(part)
    kept, weights = sketch.weighted()
    assert weights.sum() == len(values) == sketch.count
    assert len(kept) < 1024 * 11
    assert 0 < sketch.rank_error < 0.005
    parts = np.linspace(0.001, 0.999, 200)
    exact = np.searchsorted(np.sort(values), sketch.quantiles(parts)) / len(values)
    assert np.abs(exact - parts).max() <= sketch.rank_error + 1024 / len(values)


def test_an_empty_sketch() -> None:
    assert np.isnan(Sketch(16).quantiles(np.array([0.5]))).all()
    assert share_beyond(np.empty(0), np.empty(0), 0.0, 1.0) == 0


def runs_of(values, cuts):
    found = StuckRuns(len(values))
    lines = np.arange(2, values.shape[1] + 2)
    for part, where in zip(np.split(values, cuts, axis=1), np.split(lines, cuts), strict=True):
        found.add("log.csv", part, where)
    found.end_file()
    return found


@pytest.mark.parametrize("cuts", [[], [150], [101, 130, 199], [200], list(range(10, 400, 10))])
def test_stuck_runs_do_not_depend_on_the_blocks(cuts) -> None:
    random = np.random.default_rng(5)
    values = random.normal(size=(3, 400))
    values[0, 100:200] = values[0, 100]
    values[1, 10:20] = 4.0
    values[1, 390:] = 5.0
    values[2, 50 : 50 + STUCK_ROWS] = 1.0
    values[2, 300 : 300 + STUCK_ROWS] = 1.0
    values[2, 70 + STUCK_ROWS] = np.nan
    found = runs_of(values, cuts)
    assert found.longest.tolist() == [100, 10, STUCK_ROWS]
    assert found.longest_at == ["log.csv:102", "log.csv:12", "log.csv:52"]
    assert found.runs.tolist() == [1, 0, 2]
    assert found.rows.tolist() == [100, 0, 2 * STUCK_ROWS]
    assert found.repeats.tolist() == [99, 18, 2 * (STUCK_ROWS - 1)]


def test_the_timeline_stays_bounded_and_hints_at_drift() -> None:
    rows = 200_000
    random = np.random.default_rng(3)
    values = random.normal(size=(4, rows))
    values[1] += np.linspace(0, 8, rows)
    values[2, rows // 2 : rows * 3 // 4] += 10
    values[3, rows // 2 :] *= 5
    timeline = Timeline()
    for part in np.array_split(values, 13, axis=1):
        timeline.add(part)
    segments = timeline.all()
    assert MOST_SEGMENTS // 2 <= len(segments) <= MOST_SEGMENTS
    assert sum(part.count[0] for part in segments) == rows
    assert [drift.hint for drift in assess(segments)] == [
        "steady", "drifts", "changes level", "changes spread",
    ]  # fmt: skip
    short = Timeline()
    short.add(values[:, : COARSE_SEGMENTS * 2])
    assert {drift.hint for drift in assess(short.all())} == {"too short to tell"}
