"""Ranges from statistics, by each method, and the grid's lists."""

import numpy as np
import pytest

from host_tools.conversion import calibration
from host_tools.errors import DataError
from host_tools.quantize import grid

GENERATOR = np.random.default_rng(1)
VALUES = GENERATOR.standard_normal((200, 50)).astype(np.float32)
VALUES[7, 3] = 500.0
LOW, HIGH = VALUES.min(axis=1)[:, None], VALUES.max(axis=1)[:, None]


def ranges(text: str) -> tuple[float, float]:
    low, high = calibration.ranges(calibration.parse(text), LOW, HIGH, [VALUES])
    return float(low[0]), float(high[0])


def test_minmax_takes_everything() -> None:
    assert ranges("minmax") == (VALUES.min(), 500.0)


@pytest.mark.parametrize("text", ["percentile:99.9", "sigma:1"])
def test_others_leave_a_spike_out(text: str) -> None:
    low, high = ranges(text)
    assert low >= VALUES.min()
    assert high < 7


def test_percentile_is_the_percentile_of_values() -> None:
    expected = np.percentile(VALUES.astype(np.float64), [1, 99]).astype(np.float32)
    assert ranges("percentile:99") == (expected[0], expected[1])


def test_mse_gives_the_least_error_among_its_candidates() -> None:
    calm = np.clip(VALUES, -4, 4)
    low, high = calibration.ranges(
        calibration.parse("mse"), calm.min(axis=1)[:, None], calm.max(axis=1)[:, None], [calm]
    )
    assert -4 <= low[0] < -2
    assert 2 < high[0] <= 4


def test_state_without_values_gets_everything() -> None:
    low, high = calibration.ranges(calibration.parse("sigma:1"), LOW, HIGH, [None])
    assert (low[0], high[0]) == (VALUES.min(), 500.0)


@pytest.mark.parametrize(
    "text", ["", "entropy", "minmax:3", "mse:1", "sigma:x", "sigma:-1", "percentile:101"]
)
def test_unknown_methods(text: str) -> None:
    with pytest.raises(DataError, match="calibration"):
        calibration.parse(text)


def test_default_grid_is_the_earlier_one() -> None:
    points = grid.Grid().points()
    assert len(points) == 56
    assert len({point.name for point in points}) == 56


NOTHING = dict.fromkeys(("max_totals", "balances", "clips", "calibrations", "seeds"))


def test_lists_with_spaces_or_commas() -> None:
    options = {"max_totals": ["100,200", "200"], "balances": ["0", "0.5"],
               "calibrations": ["minmax,sigma:4"]}  # fmt: skip
    found = grid.from_options({**NOTHING, **options})
    assert found.max_totals == (100, 200)
    assert found.balances == (0.0, 0.5)
    assert [str(method) for method in found.methods] == ["minmax", "sigma:4"]
    assert len(found.points()) == 8


@pytest.mark.parametrize(
    ("option", "values", "said"),
    [
        ("balances", ["1.5"], "--balances 1.5: must be 0 … 1"),
        ("balances", ["-0.1"], "--balances"),
        ("balances", ["nan"], "--balances"),
        ("max_totals", ["0"], "--max-totals 0"),
        ("max_totals", ["10.5"], "whole number"),
        ("max_totals", ["ten"], "not a number"),
        ("max_totals", [","], "no value"),
        ("clips", ["0"], "--clips 0"),
        ("seeds", ["-1"], "--seeds -1"),
    ],
)
def test_lists_refused(option: str, values: list[str], said: str) -> None:
    with pytest.raises(DataError, match=said):
        grid.from_options({**NOTHING, option: values})
