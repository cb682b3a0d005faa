"""Time steps exactly at a limit: what is a gap, and what are two sampling rates."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from host_tools.data import csv
from host_tools.data.table import Table
from host_tools.errors import DataError

PERIOD = 2.0
GROUP = 32
"""Steps over which a log's own rate is looked at."""


def read(folder: Path, steps: Sequence[float]) -> Table:
    """Read a log whose rows lie `steps` seconds apart; numbers that float64 holds exactly."""
    seconds = np.concatenate(([0.0], np.cumsum(steps)))
    path = folder / "log.csv"
    lines = [f"{time!r},{row % 7}.5" for row, time in enumerate(seconds.tolist())]
    path.write_text("time,flow\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return csv.read(path)


def stretches(table: Table) -> int:
    return len(set(table.segments.tolist()))


@pytest.mark.parametrize(
    ("periods", "expected"), [(1.5, 1), (2.0, 1), (2.5, 1), (2.5 + 2**-20, 2), (3.0, 2), (3.5, 2)]
)
def test_a_step_above_two_and_a_half_periods_is_a_gap(
    tmp_path: Path, periods: float, expected: int
) -> None:
    steps = [PERIOD] * 20
    steps[10] = periods * PERIOD
    table = read(tmp_path, steps)
    assert stretches(table) == expected
    assert table.rate_hz == 1 / PERIOD
    if expected == 2:
        assert table.segments[10] != table.segments[11]


def groups(count: int, others: int, factor: float) -> list[float]:
    """`count` groups of steps, `others` of them at another rate."""
    return [PERIOD] * GROUP * (count - others) + [factor * PERIOD] * GROUP * others


@pytest.mark.parametrize(
    ("factor", "is_mixed"),
    [
        (1.5, False),
        (1.5 + 2**-20, True),
        # A period of 1.5 times the other seen from the shorter one: 2 s and 1.5 times 1.25 s.
        (0.625, True),
        (0.75, False),
        (2 / 3 + 2**-20, False),
        (2 / 3 - 2**-20, True),
    ],
)
def test_rates_further_apart_than_half_are_two(
    tmp_path: Path, factor: float, is_mixed: bool
) -> None:
    steps = groups(10, 4, factor)
    if is_mixed:
        with pytest.raises(DataError, match="mixed sampling rates: a row every 2 s, but every"):
            read(tmp_path, steps)
    else:
        assert stretches(read(tmp_path, steps)) == 1


def test_a_period_of_two_seconds_is_as_one_of_three(tmp_path: Path) -> None:
    """Exactly 1.5 times apart, the shorter one in the smaller part."""
    assert stretches(read(tmp_path, [3.0] * GROUP * 6 + [2.0] * GROUP * 4)) == 1


@pytest.mark.parametrize(
    ("count", "others", "is_mixed"),
    [
        (10, 1, False),  # one group may be a lone disturbance
        (10, 2, True),
        (40, 2, True),  # one in twenty, exactly
        (41, 2, False),
        (60, 2, False),
        (60, 3, True),
    ],
)
def test_a_twentieth_at_another_rate_is_mixed(
    tmp_path: Path, count: int, others: int, is_mixed: bool
) -> None:
    steps = groups(count, others, 2.0)
    if is_mixed:
        line = 2 + GROUP * (count - others)
        share = f"{others / count:.0%} of the file, first near line {line}"
        with pytest.raises(DataError, match=share):
            read(tmp_path, steps)
    else:
        assert stretches(read(tmp_path, steps)) == 1


@pytest.mark.parametrize("unit", [1, 10**3, 10**6, 10**9])
@pytest.mark.parametrize("second", [630_000_000, 4_199_000_000])
def test_the_size_of_a_number_tells_its_unit(tmp_path: Path, second: int, unit: int) -> None:
    """Seconds to nanoseconds since 1970, from 1990 to 2103."""
    path = tmp_path / "log.csv"
    rows = [f"{(second + 4 * row) * unit},{row % 4}.5" for row in range(9)]
    path.write_text("ticks,flow\n" + "\n".join(rows) + "\n", encoding="utf-8")
    table = csv.read(path)
    assert table.rate_hz == 0.25
    assert table.seconds is not None
    assert table.seconds[0] == second


@pytest.mark.parametrize("second", [629_999_000, 4_200_000_001])
def test_a_number_beyond_is_no_time_since_1970(tmp_path: Path, second: int) -> None:
    path = tmp_path / "log.csv"
    rows = [f"{second + 4 * row},{row % 4}.5" for row in range(150)]
    path.write_text("ticks,flow\n" + "\n".join(rows) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match='column "ticks" rises by 4 with every row'):
        csv.read(path)
