"""The choice of a clock, its order and its unit, at both sides of each limit."""

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

NS = stamps.NS
DAY = stamps.DAY_NS


def steps_of(values: Sequence[float], wrong: int = 0) -> Steps:
    found = Steps(wrong=wrong)
    found.begin_file()
    found.add("a.csv", np.array(values), np.arange(len(values)) + 2)
    return found


def stamped(*seconds: float, wrong: int = 0) -> Steps:
    return steps_of([int(second * NS) for second in seconds], wrong)


def survey(found: Sequence[tuple[Clock, Steps]], **columns: Column) -> Survey:
    names = [name for clock, _ in found for name in clock.columns]
    known = {name: columns.get(name, Column(name)) for name in [*columns, *names]}
    return Survey(known, dict(found), {}, ".")


def number(name: str = "time") -> Clock:
    return Clock((name,), clocks.NUMBER)


def chosen(found: Sequence[tuple[Clock, Steps]], said: ReadingOptions | None = None,
           **columns: Column) -> Choice:  # fmt: skip
    choice = pick.choose(survey(found, **columns), said or ReadingOptions(), "a.csv")
    assert choice is not None
    return choice


def unit(values: Sequence[float], name: str = "time", *, whole: bool = True,
         said: ReadingOptions | None = None, head: Sequence[str] = (),
         ) -> tuple[str, str]:  # fmt: skip
    clock = number(name)
    found = survey([(clock, steps_of(values))], **{name: Column(name, whole=whole)})
    found.head = {name: list(head)}
    choice = pick.choose(found, said or ReadingOptions(time=(name,)), "a.csv")
    assert choice is not None
    return choice.clock.unit, choice.why


@pytest.mark.parametrize(
    ("on", "back", "expected"),
    [(5, 0, True), (5, 1, True), (5, 2, False), (198, 2, True), (197, 2, False), (297, 3, True),
     (296, 3, False), (0, 0, False), (0, 1, False), (0, 3, True), (1, 11, True)],
)  # fmt: skip
def test_a_clock_runs_forward_but_for_one_step_in_a_hundred(
    on: int, back: int, expected: bool
) -> None:
    assert pick.forward(Steps(positive=on, negative=back)) is expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (6.3e8, 4.2e9, "s"),
        (6.3e8 - 1, 4.2e9, ""),
        (6.3e8, 4.2e9 + 1, ""),
        (6.3e11 + 1, 4.2e12, "ms"),
        (6.3e11 - 1000, 4.2e12, ""),
        (7e14, 4.1e15, "us"),
        (7e17, 4.1e18, "ns"),
        (0.0, 9.0, ""),
    ],
)
def test_numbers_since_1970_are_of_1990_to_2103(low: float, high: float, expected: str) -> None:
    clock = Clock(("ticks",), clocks.NUMBER, expected or "s")
    choice = Choice(clock, Steps(low=low, high=high))
    assert choice.dated is bool(expected)
    other = Choice(Clock(("ticks",), clocks.NUMBER, "min"), Steps(low=low, high=high))
    assert not other.dated


def test_dates_and_days_of_a_spreadsheet_are_dated() -> None:
    assert Choice(Clock(("t",), stamps.DAY_FIRST), Steps()).dated
    assert not Choice(Clock(("t",), stamps.NO_DATE), Steps()).dated
    assert Choice(Clock(("t",), clocks.NUMBER, "excel"), Steps(low=1, high=2)).dated


def test_steps_have_the_unit_of_their_clock() -> None:
    assert Choice(Clock(("t",), clocks.NUMBER, "ms"), Steps()).unit_seconds == 1e-3
    assert Choice(Clock(("t",), stamps.DAY_FIRST), Steps()).unit_seconds == 1e-9


SLASHED = "DD/MM/YYYY hh:mm"


def orders(one: Steps, two: Steps, written: str = SLASHED, second: str = stamps.MONTH_FIRST,
           first: str = stamps.DAY_FIRST) -> Choice:  # fmt: skip
    found = [(Clock(("date",), first, written=written), one),
             (Clock(("date",), second, written=written), two)]  # fmt: skip
    return chosen(found)


def test_impossible_dates_decide_the_order() -> None:
    good = stamped(0, 1, 2)
    bad = stamped(0, 1, 2, wrong=3)
    assert orders(bad, good).clock.order == stamps.MONTH_FIRST
    choice = orders(good, bad)
    assert choice.clock.order == stamps.DAY_FIRST
    assert choice.why == "day-first: 3 dates would be impossible month-first"
    more = orders(stamped(0, 1, 2, wrong=1), bad)
    assert more.why == "day-first: 3 dates would be impossible month-first"


def test_steps_backward_decide_the_order() -> None:
    good, bad = stamped(0, 1, 2, 3), stamped(0, 2, 1, 3)
    assert orders(bad, good).why == "month-first: 1 steps would run backward day-first"
    assert orders(good, bad).why == "day-first: 1 steps would run backward month-first"


def test_rows_from_the_newest_on_do_not_run_backward() -> None:
    newest, odd = stamped(4, 3, 2, 1, 0), stamped(0, 2, 1, 3, 5)
    assert newest.descending
    assert orders(odd, newest).clock.order == stamps.MONTH_FIRST


def test_regular_steps_decide_the_order() -> None:
    good, bad = stamped(0, 1, 2, 3, 4), stamped(0, 1, 2, 9, 19)
    assert orders(bad, good).why == "month-first: 2 more steps would be gaps day-first"
    assert orders(good, bad).clock.order == stamps.DAY_FIRST


def test_impossible_dates_weigh_more_than_steps_backward() -> None:
    assert orders(stamped(0, 2, 1, 3), stamped(0, 1, 2, 3, wrong=1)).clock.order == stamps.DAY_FIRST


def test_two_orders_that_fit_are_one_question() -> None:
    one = stamped(86_400 * 59, 86_400 * 60)
    two = stamped(86_400 * 2, 86_400 * 3)
    question = (
        'a.csv: column "date": 1970-03-01 to 1970-03-02 day-first, or 1970-01-03 to 1970-01-04'
        " month-first: give --day-first or --no-day-first"
    )
    with pytest.raises(DataError) as error:
        orders(one, two)
    assert str(error.value) == question
    with pytest.raises(DataError, match="or 1970-03-01 to 1970-03-02 day-first"):
        orders(two, one, first=stamps.MONTH_FIRST, second=stamps.DAY_FIRST)


def test_the_same_times_in_both_orders_need_no_question() -> None:
    choice = orders(stamped(0, 1), stamped(0, 1))
    assert (choice.clock.order, choice.why) == (stamps.DAY_FIRST, "")
    with pytest.raises(DataError):
        orders(stamped(0, 1), stamped(0, 1, 2))
    with pytest.raises(DataError):
        orders(stamped(1, 2), stamped(0, 1, 2))


def test_dates_with_points_are_day_first() -> None:
    one, two = stamped(0, 1), stamped(86_400, 86_401)
    choice = orders(one, two, "DD.MM.YY hh:mm")
    assert choice.clock.order == stamps.DAY_FIRST
    assert choice.why == "dates with points are day-first"
    with pytest.raises(DataError):
        orders(one, two, "DD/MM/YYYY hh.mm")
    with pytest.raises(DataError):
        orders(one, two, "DD.MM.YY", first=stamps.MONTH_FIRST, second=stamps.YEAR_FIRST)


def test_year_day_month_must_be_the_only_one_that_is_possible() -> None:
    good, odd = stamped(0, 1, 2, 3, 4), stamped(0, 9, 2, 3, 1)
    choice = orders(odd, good, first=stamps.YEAR_FIRST, second=stamps.DAY_LAST)
    assert (choice.clock.order, choice.why) == (stamps.YEAR_FIRST, "")
    choice = orders(stamped(0, 1, wrong=1), good, first=stamps.YEAR_FIRST, second=stamps.DAY_LAST)
    assert choice.clock.order == stamps.DAY_LAST
    assert choice.why == "year-day-month: 1 dates would be impossible year-first"


def test_year_first_and_its_rival_need_no_question() -> None:
    one, two = stamped(0, 1), stamped(86_400, 86_401)
    choice = orders(one, two, first=stamps.YEAR_FIRST, second=stamps.DAY_FIRST)
    assert choice.clock.order == stamps.YEAR_FIRST


def dated(name: str, written: str = "YYYY-MM-DD hh:mm") -> Clock:
    return Clock((name,), stamps.YEAR_FIRST, written=written)


EVEN = stamped(0, 1, 2, 3, 4)
PREFERRED = [
    (dated("when"), EVEN),
    (Clock(("d", "t"), stamps.YEAR_FIRST, written="YYYY-MM-DD"), EVEN),
    (Clock(("year", "month", "day"), clocks.PARTS, written="year month day"), EVEN),
    (number("t"), steps_of([0.0, 1.0, 2.0])),
    (Clock(("clock",), stamps.NO_DATE, written="hh:mm:ss"), EVEN),
]


@pytest.mark.parametrize("place", range(len(PREFERRED) - 1))
def test_a_stamp_is_preferred_to_pairs_parts_numbers_and_times_of_day(place: int) -> None:
    for rival in PREFERRED[place + 1 :]:
        ours = PREFERRED[place]
        for found in ([ours, rival], [rival, ours]):
            assert chosen(found).clock.columns == ours[0].columns


def test_a_date_without_a_time_of_day_is_as_one_of_those() -> None:
    day, seconds = (dated("date", "YYYY-MM-DD"), EVEN), (number("time"), steps_of([0.0, 1.0]))
    assert chosen([day, seconds]).clock.columns == ("time",)
    assert chosen([(dated("date", "YYYYMMDDhh"), EVEN), seconds]).clock.columns == ("date",)
    assert chosen([(dated("date", "YYYY-MM-DD :"), EVEN), seconds]).clock.columns == ("date",)
    of_day = (Clock(("time",), stamps.NO_DATE, written="hh:mm"), EVEN)
    assert chosen([day, of_day]).clock.columns == ("date",)
    assert chosen([of_day, day]).clock.columns == ("time",)


def test_the_first_that_is_called_like_a_time_is_preferred() -> None:
    assert chosen([(dated("one"), EVEN), (dated("time"), EVEN)]).clock.columns == ("time",)
    assert chosen([(dated("one"), EVEN), (dated("two"), EVEN)]).clock.columns == ("one",)
    assert chosen([(dated("ts"), EVEN), (dated("time"), EVEN)]).clock.columns == ("ts",)


@pytest.mark.parametrize(
    ("trouble", "expected"),
    [
        (stamped(0, 1, 2, 3, 4, 4), "when"),  # one step in five repeats
        (stamped(0, 1, 2, 3, 3), "other"),  # one in four
        (stamped(0, 2, 1, 3, 4, 6), "when"),  # one set-back
        (stamped(0, 2, 1, 3, 2, 4), "other"),
        (stamped(0, 1, 2, 2, 1, 3), "when"),  # one of five repeats, one is set back
    ],
)
def test_a_clock_in_trouble_comes_last(trouble: Steps, expected: str) -> None:
    found = [(dated("when"), trouble), (dated("other", "YYYY-MM-DD"), EVEN)]
    assert chosen(found).clock.columns == (expected,)


def usable(clock: Clock, steps: Steps, **columns: Column) -> bool:
    return pick.choose(survey([(clock, steps)], **columns), ReadingOptions(), "a.csv") is not None


def test_stamps_are_a_clock_by_themselves() -> None:
    assert usable(dated("flow"), EVEN)
    assert usable(dated("flow"), stamped(5, 4))
    assert usable(dated("flow"), stamped(5))  # a single row
    assert not usable(dated("flow"), stamped(5, 5))


def test_numbers_are_a_clock_by_name_or_size() -> None:
    run = [0.0, 1.0, 2.0]
    assert usable(number("time"), steps_of(run))
    assert not usable(number("flow"), steps_of(run))
    assert usable(number("flow"), steps_of([1.7e9 + second for second in run]))
    assert not usable(number("time"), steps_of([5.0]))
    assert not usable(number("time"), steps_of([5.0, 5.0]))
    assert not usable(number("time"), steps_of([0.0, 2.0, 1.0, 3.0, 2.0]))
    assert not usable(number("time"), steps_of(run), time=Column("time", text_cells=1))


def test_what_is_said_is_the_clock() -> None:
    found = [(dated("when"), EVEN), (number("flow"), steps_of([0.0, 1.0, 2.0]))]
    assert chosen(found, ReadingOptions(time=("flow",))).clock.columns == ("flow",)
    assert chosen(found).clock.columns == ("when",)
    with pytest.raises(DataError, match="--time flow,x: holds neither dates nor numbers"):
        chosen([], ReadingOptions(time=("flow", "x")))
    kept = ReadingOptions(time=("flow",), kept=True)
    assert pick.choose(survey([]), kept, "a.csv") is None
    assert pick.choose(survey([]), ReadingOptions(), "a.csv") is None
    pair = [(Clock(("d", "t"), stamps.YEAR_FIRST), EVEN), (dated("d"), EVEN)]
    assert chosen(pair, ReadingOptions(time=("t", "d"))).clock.columns == ("d", "t")
    assert chosen(found, ReadingOptions(time=("none",))).clock.columns == ("when",)


RUN = [0.0, 1.0, 2.0]


def test_a_unit_that_is_said_or_shown_or_named() -> None:
    said = ReadingOptions(time=("time",), time_format="min")
    assert unit(RUN, said=said) == ("min", '"time" holds minutes: --time-format')
    assert unit([1.7e12, 1.7e12 + 4]) == (
        "ms", '"time" holds milliseconds since 1970: by their size'
    )  # fmt: skip
    assert unit(RUN, "time_ms") == ("ms", '"time_ms" holds milliseconds: by its name')
    assert unit([3.0]) == ("s", '"time" holds seconds: as nothing else is said')
    assert unit(RUN, whole=False) == ("s", '"time" holds seconds: they have decimals')
    assert unit([0, 5, 10], head=["0.0", "5.0"])[1].endswith("they have decimals")
    assert unit([0, 60, 120], head=["0", "60"])[1].endswith("they rise by 60")


@pytest.mark.parametrize(
    ("start", "name", "step", "whole", "expected"),
    [
        (20_000, "time", 1 / 24, False, "excel"),
        (19_999, "time", 1 / 24, False, "s"),
        (79_999.5, "time", 1 / 24, False, "excel"),
        (79_999.95, "time", 1 / 24, False, "s"),
        (45_000, "date", 1, True, "excel"),
        (45_000, "Birthday", 1, True, "excel"),
        (45_000, "fecha", 1, True, "excel"),
        (45_000, "time", 1, True, "s"),
        (45_000, "time", 1 / 86_400, False, "excel"),
        (45_000, "time", 1.3 / 86_400, False, "s"),
        (45_000, "time", 0.4 / 86_400, False, "s"),
        (45_000, "time", 60.4 / 86_400, False, "excel"),
        (45_000, "time", 0.25, False, "excel"),
        (45_000, "time", 0.5, False, "excel"),
    ],
)
def test_days_of_a_spreadsheet(
    start: float, name: str, step: float, whole: bool, expected: str
) -> None:
    values = start + np.arange(3) * step
    assert unit(values.tolist(), name, whole=whole)[0] == expected


def jittery(period: int, odd: int, different: int = 3) -> list[float]:
    """100 steps, `odd` of them of other lengths: about their period, in `different` sizes."""
    steps = np.full(100, float(period))
    steps[1 : 2 * odd : 2] += max(1, period // 10) + np.arange(odd) % different
    return np.concatenate([[0.0], np.cumsum(steps)]).tolist()


@pytest.mark.parametrize(
    ("step", "expected"),
    [(1, "s"), (60, "s"), (900, "s"), (3600, "s"), (86_400, "s"), (100, "ms"), (10_000 - 1, "ms"),
     (16, "ms"), (40, "ms"), (125, "ms"), (8, "ms"), (60_000, "ms"), (240_000, "ms"), (1000, "ms"),
     (99, ""), (10_000, ""), (7, ""), (5, ""), (10, ""), (60_001, ""), (2, "")],
)  # fmt: skip
def test_whole_numbers_tell_their_unit_by_the_step(step: int, expected: str) -> None:
    values = [0.0, step, 2.0 * step, 3.0 * step]
    if expected:
        words = {"s": "seconds", "ms": "milliseconds"}
        why = f"they rise by {step:g}"
        assert unit(values) == (expected, f'"time" holds {words[expected]}: {why}')
    else:
        with pytest.raises(DataError, match=f'"time" rises by {step:g} with every row'):
            unit(values)


MINUTES = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 720, 1440)


@pytest.mark.parametrize("minutes", MINUTES)
def test_whole_minutes_and_hours_are_written_in_seconds(minutes: int) -> None:
    assert unit([0.0, 60.0 * minutes])[0] == "s"
    assert unit([0.0, 60.0 * minutes, 120.0 * minutes])[0] == "s"


@pytest.mark.parametrize("step", range(2, 101))
def test_the_periods_of_usual_rates_are_written_in_milliseconds(step: int) -> None:
    """125, 62.5, 60, 40, 30, 25, 20, 16, 15 and 12.5 Hz, rounded either way."""
    usual = {8, 16, 17, 25, 33, 40, 50, 62, 63, 66, 67, 80, 100}
    if step == 60:
        assert unit([0.0, step])[0] == "s"
    elif step in usual:
        assert unit([0.0, step])[0] == "ms"
    else:
        with pytest.raises(DataError, match=f"rises by {step} "):
            unit([0.0, step])


def test_two_units_that_fit_are_one_question() -> None:
    with pytest.raises(DataError) as error:
        unit([0.0, 7.0, 14.0])
    assert str(error.value) == (
        'column "time" rises by 7 with every row: seconds (0.1429 Hz) or milliseconds (142.9 Hz)?'
        " give --time-format s or --time-format ms"
    )


@pytest.mark.parametrize(
    ("period", "odd", "different", "expected"),
    [(20, 21, 3, "ms"), (20, 20, 3, ""), (20, 30, 2, ""), (7, 30, 3, ""), (8, 30, 3, "ms"),
     (9, 30, 3, "ms"), (10_000, 30, 3, "")],
)  # fmt: skip
def test_whole_numbers_that_jitter_are_milliseconds(
    period: int, odd: int, different: int, expected: str
) -> None:
    """More than three sizes of step, and more than a fifth of the steps off the usual one."""
    values = jittery(period, odd, different)
    if expected:
        assert unit(values)[0] == expected
    else:
        with pytest.raises(DataError, match=f"rises by {period:g} "):
            unit(values)
