"""One clock: names and units, numbers and parts and formats, midnight, and absolute times."""

import numpy as np
import pytest

from host_tools.data.reading import clock as clocks
from host_tools.data.reading import stamps
from host_tools.data.reading.clock import Clock, Hand
from host_tools.data.reading.files import Frame

MISSING = stamps.MISSING
NS = stamps.NS
DAY = stamps.DAY_NS
MARKS = frozenset(["", "n/a"])


def frame(**columns: list[object]) -> Frame:
    arrays = {
        name: np.array(cells, dtype=object if isinstance(cells[0], str) else None)
        for name, cells in columns.items()
    }
    return Frame("a.csv", arrays, np.arange(len(next(iter(arrays.values())))) + 2, 0)


@pytest.mark.parametrize("name", [" Time ", "DATETIME", "my_time", "t", "start_ts", "uptime"])
def test_names_of_times(name: str) -> None:
    assert clocks.is_time_name(name)


@pytest.mark.parametrize("name", ["flow", "rate", "temperature", "state", "lifetimes"])
def test_other_names(name: str) -> None:
    assert not clocks.is_time_name(name)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("time_ms", "ms"), ("timeMs", "ms"), ("t [us]", "us"), ("Time (µs)", "us"), ("ns", "ns"),
        ("elapsed minutes", "min"), ("hours", "h"), ("t_s", "s"), ("Seconds", "s"), ("time", ""),
        ("ticks", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_name_tells_a_unit(name: str, unit: str) -> None:
    assert clocks.unit_of_name(name) == unit


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["x", "Year", "month", " Day"], ("Year", "month", " Day")),
        (["hour", "day", "month", "year"], ("year", "month", "day", "hour")),
        (["year", "month", "day", "minute"], ("year", "month", "day")),
        (["year", "month"], ()),
        (["month", "day", "hour"], ()),
        ([], ()),
    ],
)
def test_parts_need_year_month_and_day(names: list[str], expected: tuple[str, ...]) -> None:
    assert clocks.parts_of(names) == expected


def test_numbers_stay_as_they_are_and_texts_are_told() -> None:
    hand = Hand(Clock(("t",), clocks.NUMBER), MARKS)
    whole = np.array([1, 2**62 + 1], dtype=np.int64)
    values, wrong = hand.values(Frame("a.csv", {"t": whole}, np.arange(2), 0), {})
    assert values.dtype == np.int64
    assert values.tolist() == [1, 2**62 + 1]
    assert wrong.tolist() == [False, False]
    values, wrong = hand.values(frame(t=["1,5", " 2.5 ", " ", "x"]), {})
    np.testing.assert_array_equal(values, [1.5, 2.5, np.nan, np.nan])
    assert wrong.tolist() == [False, False, False, True]


def test_parts_are_joined_to_a_microsecond() -> None:
    names = ("y", "m", "d", "H", "M", "S")
    cells = frame(
        y=[1970, 2024, 1970, 2024.0], m=[1, 2, 1, np.nan], d=[2, 29, 1, 1], H=[3, 0, 0, 0],
        M=[4, 0, 0, 0], S=[5.0, 0.25, 0.0000014, 0.0],
    )  # fmt: skip
    values, wrong = Hand(Clock(names, clocks.PARTS), MARKS).values(cells, {})
    leap = int(np.datetime64("2024-02-29T00:00:00.25", "ns").astype(np.int64))
    first = DAY + (3 * 3600 + 4 * 60 + 5) * NS
    assert values.tolist() == [first, leap, 1000, MISSING]
    assert wrong.tolist() == [False, False, False, True]
    values, _ = Hand(Clock(names[:4], clocks.PARTS), MARKS).values(cells, {})
    assert values.tolist()[0] == DAY + 3 * 3600 * NS


def test_year_and_day_of_the_year_serve_as_well() -> None:
    assert clocks.parts_of(["doy", "hour", "year"]) == ("year", "doy", "hour")
    assert clocks.parts_of(["year", "doy"]) == ("year", "doy")
    assert clocks.parts_of(["year", "month", "day", "doy"]) == ("year", "month", "day")
    assert clocks.parts_of(["year", "month", "doy"]) == ("year", "doy")
    clock = Clock(("year", " DOY", "hour", "minute"), clocks.PARTS)
    cells = {"year": [1970, 1972], " DOY": [2, 366], "hour": [1, 0], "minute": [30, 0]}
    values, wrong = Hand(clock, MARKS).values(frame(**cells), {})
    assert values.tolist() == [DAY + 5400 * NS, (2 * 365 + 365) * DAY]
    assert wrong.tolist() == [False, False]


@pytest.mark.parametrize(("part", "most"), [("H", 24), ("M", 60), ("S", 61)])
def test_parts_beyond_a_clock_are_wrong(part: str, most: int) -> None:
    clock = Clock(("y", "m", "d", "H", "M", "S"), clocks.PARTS)
    cells: dict[str, list[object]] = {name: [1970.0] * 4 if name == "y" else [1.0] * 4
                                      for name in clock.columns}  # fmt: skip
    cells[part] = [0.0, float(most), most + 0.5, -0.5]
    values, wrong = Hand(clock, MARKS).values(frame(**cells), {})
    assert wrong.tolist() == [False, False, True, True]
    assert (values == MISSING).tolist() == [False, False, True, True]


def test_a_time_of_day_beside_a_date_is_at_most_a_day() -> None:
    clock = Clock(("d", "t"), stamps.DAY_FIRST)
    cells = frame(d=["02/01/1970", "02/01/1970", ""], t=["24:00:00", "23:59:60.5", "24:00:00"])
    values, wrong = Hand(clock, MARKS).values(cells, {})
    assert values.tolist() == [2 * DAY, 2 * DAY + NS // 2, MISSING]
    assert wrong.tolist() == [False, True, False]


def test_a_format_reads_joined_columns() -> None:
    clock = Clock(("d", "t"), clocks.FORMAT, format="%d%m%y %H%M")
    cells = frame(d=["020170", "", "310270", "n/a"], t=["0130", "", "0000", ""])
    values, wrong = Hand(clock, MARKS).values(cells, {})
    assert values.tolist() == [DAY + 5400 * NS, MISSING, MISSING, MISSING]
    assert wrong.tolist() == [False, False, True, False]


def test_a_date_and_a_time_of_day_are_added() -> None:
    clock = Clock(("d", "t"), stamps.DAY_FIRST)
    cells = frame(
        d=["02/01/1970", "", "03/01/1970", "x", "02/01/1970"],
        t=["00:00:01", "00:00:02", "", "00:00:03", "y"],
    )
    cache: dict[str, stamps.ShapedCells] = {}
    values, wrong = Hand(clock, MARKS).values(cells, cache)
    assert values.tolist() == [DAY + NS, MISSING, MISSING, MISSING, MISSING]
    assert wrong.tolist() == [False, False, False, True, True]
    assert set(cache) == {"d", "t"}
    assert Hand(clock, MARKS).values(cells, cache)[0].tolist() == values.tolist()


def times(hand: Hand, *cells: str) -> list[int]:
    ticks = hand.values(frame(t=list(cells)), {})[0].tolist()
    assert all(tick == MISSING or tick % NS == 0 for tick in ticks)
    return [tick if tick == MISSING else tick // NS for tick in ticks]


def test_a_time_of_day_goes_on_after_midnight_from_block_to_block() -> None:
    hand = Hand(Clock(("t",), stamps.NO_DATE), MARKS)
    day = 86_400
    assert times(hand, "23:59:58", "", "23:59:59", "00:00:01") == [
        day - 2, MISSING, day - 1, day + 1,
    ]  # fmt: skip
    assert times(hand, "", "n/a") == [MISSING, MISSING]
    assert times(hand, "00:00:02", "20:00:00", "01:00:00") == [
        day + 2,
        day + 72_000,
        2 * day + 3600,
    ]
    assert times(hand, "00:30:00") == [2 * day + 1800]
    assert times(hand, "23:00:00") == [2 * day + 82_800]
    assert times(hand, "01:00:00") == [3 * day + 3600]
    hand.begin_file()
    assert times(hand, "05:00:00", "05:00:01") == [18_000, 18_001]


def test_the_first_row_of_a_file_follows_no_other() -> None:
    hand = Hand(Clock(("t",), stamps.NO_DATE), MARKS)
    assert times(hand, "01:00:00", "20:00:00") == [3600, 72_000]


def test_half_a_day_back_is_no_midnight() -> None:
    day = 86_400
    for later, expected in (("00:00:00", 0), ("00:00:01", 1)):
        hand = Hand(Clock(("t",), stamps.NO_DATE), MARKS)
        assert times(hand, "12:00:00", later) == [43_200, expected]
    hand = Hand(Clock(("t",), stamps.NO_DATE), MARKS)
    assert times(hand, "12:00:01", "00:00:00") == [43_201, day]


@pytest.mark.parametrize(
    ("unit", "number", "seconds"),
    [
        ("s", 5.0, 5.0), ("ms", 5.0, 0.005), ("us", 5.0, 5e-6), ("ns", 5.0, 5e-9),
        ("min", 5.0, 300.0), ("h", 5.0, 18_000.0), ("ms", 1_700_000_000_123.0, 1_700_000_000.123),
        ("us", 1_700_000_000_123_000.0, 1_700_000_000.123),
    ],
)  # fmt: skip
def test_numbers_of_a_unit_in_seconds(unit: str, number: float, seconds: float) -> None:
    assert clocks.in_seconds(np.array([number]), unit).tolist() == [seconds]
    clock = Clock(("t",), clocks.NUMBER, unit)
    assert clocks.since_1970(np.array([number]), clock).tolist() == [seconds]


def test_seconds_of_each_unit() -> None:
    assert clocks.UNITS == {
        "s": 1, "ms": 0.001, "us": 1e-6, "ns": 1e-9, "min": 60, "h": 3600, "excel": 24 * 3600,
    }  # fmt: skip


def test_stamps_in_seconds_since_1970() -> None:
    clock = Clock(("t",), stamps.YEAR_FIRST)
    found = clocks.since_1970(np.array([1_500_000_000, MISSING]), clock)
    np.testing.assert_array_equal(found, [1.5, np.nan])


def test_days_of_a_spreadsheet_are_whole_milliseconds() -> None:
    clock = Clock(("t",), clocks.NUMBER, "excel")
    second = 25_570 + 1 / 86_400
    assert clocks.EXCEL_EPOCH == 25_569
    assert clocks.since_1970(np.array([second, 25_569.0]), clock).tolist() == [86_401.0, 0.0]
    assert clocks.absolute_ns(second, clock) == 86_401 * NS


@pytest.mark.parametrize(
    ("clock", "value", "ticks"),
    [
        (Clock(("t",), stamps.YEAR_FIRST), 1_700_000_000_123_456_789, 1_700_000_000_123_456_789),
        (Clock(("t",), clocks.NUMBER, "ns"), 1_700_000_000_123_456_789, 1_700_000_000_123_456_789),
        (Clock(("t",), clocks.NUMBER, "s"), 1.5, 1_500_000_000),
        (Clock(("t",), clocks.NUMBER, "s"), 0.1 + 0.2, 300_000_000),
        (Clock(("t",), clocks.NUMBER, "ms"), 1.5, 1_500_000),
        (Clock(("t",), clocks.NUMBER, "min"), 2.0, 120 * NS),
        (Clock(("t",), clocks.NUMBER, "h"), 1.0, 3600 * NS),
        (Clock(("t",), clocks.NUMBER, "us"), 7.0, 7000),
    ],
)
def test_one_stamp_in_nanoseconds(clock: Clock, value: float, ticks: int) -> None:
    assert clocks.absolute_ns(value, clock) == ticks


def test_only_numbers_are_numeric() -> None:
    assert Clock(("t",), clocks.NUMBER).numeric
    assert not Clock(("t",), clocks.PARTS).numeric
    assert not Clock(("t",), clocks.NUMBER).backward
