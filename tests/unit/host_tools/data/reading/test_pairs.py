"""Columns of a date and a time of day together, and digits that may be a time of day."""

from collections.abc import Sequence

import numpy as np
import pytest

from host_tools.data.reading import clock as clocks
from host_tools.data.reading import pick, stamps
from host_tools.data.reading.clock import Clock
from host_tools.data.reading.evidence import Column
from host_tools.data.reading.options import ReadingOptions
from host_tools.data.reading.pick import Choice
from host_tools.data.reading.scan import Survey
from host_tools.data.reading.steps import Steps
from host_tools.errors import DataError

DAY = 86_400.0


def stamped(*seconds: float, wrong: int = 0) -> Steps:
    found = Steps(wrong=wrong)
    ticks = np.array([int(second * stamps.NS) for second in seconds])
    found.add("a.csv", ticks, np.arange(len(seconds)) + 2)
    return found


def choose(
    found: Sequence[tuple[Clock, Steps]], said: ReadingOptions | None = None
) -> Choice | None:
    columns = {name: Column(name) for clock, _ in found for name in clock.columns}
    options = said or ReadingOptions()
    return pick.choose(Survey(columns, dict(found), {}, "."), options, "a.csv")


def dates(*columns: str) -> list[tuple[Clock, Steps]]:
    """Days that fit both orders: two readings, which alone are a question."""
    days, months = stamped(0, 59 * DAY, 90 * DAY), stamped(0, 2 * DAY, 3 * DAY)
    return [
        (Clock(columns, stamps.DAY_FIRST, written="DD/MM/YYYY"), days),
        (Clock(columns, stamps.MONTH_FIRST, written="MM/DD/YYYY"), months),
    ]


def pair(*seconds: float, wrong: int = 0) -> tuple[Clock, Steps]:
    clock = Clock(("d", "t"), stamps.DAY_FIRST, written="DD/MM/YYYY + time")
    return clock, stamped(*seconds, wrong=wrong)


def test_the_days_of_a_joined_pair_are_not_asked_about_once_more() -> None:
    choice = choose([*dates("d"), pair(0, 1, 2)])
    assert choice is not None
    assert choice.clock.columns == ("d", "t")


@pytest.mark.parametrize("bad", [pair(0, 1, 2, wrong=1), pair(0, 2, 1, 3, 2, 4)])
def test_the_days_of_a_pair_that_does_not_fit_are(bad: tuple[Clock, Steps]) -> None:
    with pytest.raises(DataError, match="give --day-first or --no-day-first"):
        choose([*dates("d"), bad])


def test_other_days_beside_a_pair_are_asked_about() -> None:
    with pytest.raises(DataError, match='column "other"'):
        choose([pair(0, 1, 2), *dates("other")])


def test_three_columns_decide_nothing_for_one() -> None:
    parts = Clock(("year", "month", "d"), clocks.PARTS, written="year month day")
    with pytest.raises(DataError, match='column "d"'):
        choose([*dates("d"), (parts, stamped(0, 1, 2))])


def order(first: Steps, second: Steps) -> Choice | None:
    (days, _), (months, _) = dates("d")
    return choose([(days, first), (months, second)])


def test_rows_from_the_newest_on_and_whole_months_are_as_good_as_any() -> None:
    newest, months = stamped(5, 4, 3, 2, 1), [0, 31 * DAY, 59 * DAY, 90 * DAY, 120 * DAY]
    for one in (newest, stamped(*months)):
        for found in ((one, stamped(0, 1, 2, 3, 4)), (stamped(0, 1, 2, 3, 4), one)):
            with pytest.raises(DataError, match="give --day-first or --no-day-first"):
                order(*found)


def test_the_reason_is_what_weighed() -> None:
    choice = order(stamped(0, 1, 2, 9, 19), stamped(0, 2, 1, 9, 19))
    assert choice is not None
    assert choice.why == "day-first: 1 steps would run backward month-first"
    choice = order(stamped(0, 1, 0.5, 1.5, 2.5, 3.5), stamped(0, 1, 0.5, 1.5, 8.5, 19.5))
    assert choice is not None
    assert choice.why == "day-first: 2 more steps would be gaps month-first"


def test_of_pairs_the_first_column_tells_name_and_place() -> None:
    one, two = (Clock(names, stamps.YEAR_FIRST) for names in (("a", "time"), ("date", "z")))
    choice = choose([(one, stamped(0, 1)), (two, stamped(0, 1))])
    assert choice is not None
    assert choice.clock is two
    one, two = (Clock(names, stamps.YEAR_FIRST) for names in (("a", "d"), ("b", "c")))
    found = {one: stamped(0, 1), two: stamped(0, 1)}
    columns = {name: Column(name) for name in "abcd"}
    choice = pick.choose(Survey(columns, found, {}, "."), ReadingOptions(), "a.csv")
    assert choice is not None
    assert choice.clock is one


def test_the_month_is_first_when_it_is_said() -> None:
    found = dates("d")[::-1]
    choice = choose(found, ReadingOptions(day_first=False))
    assert choice is not None
    assert choice.clock.order == stamps.MONTH_FIRST
    for said in (None, True):
        with pytest.raises(DataError):
            choose(found, ReadingOptions(day_first=said))
    with pytest.raises(DataError):
        choose(dates("d"), ReadingOptions(day_first=False))


def digits(*cells: str) -> Choice | None:
    """A column of digits that is called like a time."""
    values = np.array([float(cell) if cell.strip() else np.nan for cell in cells])
    steps = Steps()
    steps.add("a.csv", values, np.arange(len(cells)) + 2)
    columns = {"time": Column("time")}
    found = Survey(columns, {Clock(("time",), clocks.NUMBER): steps}, {}, ".")
    found.head = {"time": list(cells)}
    return pick.choose(found, ReadingOptions(), "a.csv")


def test_digits_with_a_leading_zero_are_times_of_day_or_numbers() -> None:
    for first in ("095958", " 000000 "):
        with pytest.raises(DataError) as error:
            digits(first, "", "100058 ")
        assert f'"{first.strip()}" to "100058" are times of day, or numbers' in str(error.value)


@pytest.mark.parametrize(
    "cells",
    [
        ("100000", "100100", "100200"),  # no zero, and few
        ("000060", "000160", "000260"),  # second 60
        ("006000", "006100", "006200"),  # minute 60
        ("010000", "240000", "240100"),  # hour 24
        ("00100", "00200", "00300"),
    ],
)
def test_other_digits_are_numbers(cells: tuple[str, ...]) -> None:
    assert digits(*cells) is not None


def test_more_times_than_a_minute_has_seconds_are_asked_about() -> None:
    cells = [f"10{minute:02d}00" for minute in range(60)]
    more = [*cells, "110000"]
    assert digits(*more, "110000") is not None
    with pytest.raises(DataError, match="are times of day, or numbers"):
        digits(*more, "110100")
