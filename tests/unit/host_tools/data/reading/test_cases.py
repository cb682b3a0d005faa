"""Small logs of every kind that was once misread, and what they must be read as."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from host_tools import cli
from host_tools.data import csv
from host_tools.data.reading.log import open_log
from host_tools.data.reading.options import ReadingOptions
from host_tools.data.reading.record import Reading
from host_tools.errors import DataError
from tests.conftest import SHARED

Write = Callable[..., Path]
CASES = SHARED.parent / "cases" / "csv"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(header: str, row: Callable[[int], str], rows: int = 240) -> Path:
        path = tmp_path / "log.csv"
        lines = [header, *(row(i) for i in range(rows))]
        path.write_text("\n".join(line for line in lines if line) + "\n", encoding="utf-8")
        return path

    return to_file


def stamp(minutes: float, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    base = np.datetime64("2024-03-01T00:00:00") + np.timedelta64(round(minutes * 60), "s")
    return base.astype(object).strftime(form)


def temp(row: int) -> float:
    return 20 + round(3 * np.sin(row / 7), 2)


def reading(path: Path, **options: object) -> Reading:
    return open_log([path], ReadingOptions(**options)).reading  # type: ignore[arg-type]


def asks(path: Path, *parts: str, **options: object) -> None:
    with pytest.raises(DataError) as caught:
        reading(path, **options)
    text = str(caught.value)
    assert "\n" not in text
    for part in parts:
        assert part in text


def test_float_time(write: Write) -> None:
    found = reading(write("time,temp", lambda i: f"{i / 10:g}".lstrip("0") + f",{temp(i)}", 400))
    assert found.time is not None
    assert (found.rows, found.time["period_s"]) == (400, 0.1)
    assert found.channels == ("temp",)


def test_thousands_in_quotes(write: Write) -> None:
    path = write("timestamp,rpm,press",
                 lambda i: f'{stamp(i)},"{960 + 7 * i % 240:,}",{temp(i):.3f}')  # fmt: skip
    table = csv.read(path)
    assert table.samples[:, 0].tolist() == [960 + 7 * i % 240 for i in range(240)]
    assert reading(path).thousands == ","


def test_thousands_that_may_be_decimals_ask(write: Write) -> None:
    path = write("time;rpm", lambda i: f"{i};{1 + i % 8},{100 + i % 800}")
    asks(path, '"rpm"', "--decimal , or --decimal .")
    assert csv.read(path, ReadingOptions(decimal=",")).samples[1, 0] == np.float32(2.101)
    assert csv.read(path, ReadingOptions(decimal=".")).samples[1, 0] == 2101


def test_two_forms_of_numbers_in_one_column(write: Write) -> None:
    path = write("time;a", lambda i: f"{i};{'1,5' if i % 3 else '1.25'}")
    asks(path, '"1,5"', '"1.25"', "two forms")


def test_day_first_by_the_whole_file(write: Write) -> None:
    path = write("timestamp,temp", lambda i: f"{stamp(120 * i, '%d/%m/%Y %H:%M')},{temp(i)}")
    found = reading(path)
    assert found.time is not None
    assert (found.time["order"], found.gaps) == ("day-first", ())
    assert found.summary() == "240 rows, one every 2 h, 1 Mar 2024 00:00 to 20 Mar 22:00"


def test_one_day_that_fits_both_orders_asks(write: Write) -> None:
    path = write("timestamp,temp", lambda i: f"{stamp(i, '%d/%m/%Y %H:%M')},{temp(i)}")
    asks(path, "2024-03-01", "2024-01-03", "--day-first or --no-day-first")
    for day_first, day in ((True, "2024-03-01"), (False, "2024-01-03")):
        found = reading(path, day_first=day_first).time
        assert found is not None
        assert found["first"].startswith(day)


def test_months_that_could_be_days_ask(write: Write) -> None:
    """The first of every month, or the first days of January: both are regular."""
    path = write("date,temp", lambda i: f"01/{1 + i:02d}/2024,{temp(i)}", 12)
    asks(path, "--day-first")


def test_dates_with_points_are_day_first(write: Write) -> None:
    path = write("zeit;temp", lambda i: f"{stamp(i, '%d.%m.%Y %H:%M:%S')};{temp(i)}")
    found = reading(path).time
    assert found is not None
    assert found["first"] == "2024-03-01T00:00:00"


def test_date_and_time_apart(write: Write) -> None:
    path = write("Date,Time,temp", lambda i: f"{stamp(i).replace(' ', ',')},{temp(i)}")
    found = reading(path)
    assert found.time is not None
    assert found.time["columns"] == ["Date", "Time"]
    assert found.time["period_s"] == 60


def test_clock_set_back(write: Write) -> None:
    path = write("timestamp,temp",
                 lambda i: f"{stamp(60 + i - 60 * (i >= 120))},{temp(i)}")  # fmt: skip
    found = reading(path)
    assert [(gap.after_line, gap.seconds) for gap in found.gaps] == [(121, -3540.0)]
    assert "set back by 1 h after line 121" in "".join(found.notes)
    assert "daylight saving" in "".join(found.notes)
    table = csv.read(path)
    assert table.segments[119] != table.segments[120]
    assert table.samples[:, 0].tolist() == [np.float32(temp(i)) for i in range(240)]


def test_label_under_another_name(write: Write) -> None:
    path = write("timestamp,temp,attack", lambda i: f"{stamp(i)},{temp(i)},{int(100 < i < 121)}")
    found = reading(path)
    assert found.label == {"column": "attack", "normal": "0", "rows": 20}
    assert found.channels == ("temp",)


def test_long_format(write: Write) -> None:
    path = write("timestamp,sensor,value",
                 lambda i: f"{stamp(i)},temp,{temp(i)}\n{stamp(i)},press,{4 + i % 3}")  # fmt: skip
    found = reading(path)
    assert (found.rows, found.channels) == (240, ("temp", "press"))
    assert csv.read(path).samples[5].tolist() == [np.float32(temp(5)), 6.0]


def test_sentinel_is_told_and_taken_out_when_asked(write: Write) -> None:
    path = write("timestamp,temp", lambda i: f"{stamp(i)},{-9999 if i % 50 == 7 else temp(i)}")
    found = reading(path)
    assert [(s["channel"], s["value"], s["rows"]) for s in found.sentinels] == [("temp", -9999, 5)]
    assert "--missing -9999" in found.notes[0]
    assert reading(path, missing=("-9999",)).missing == {"temp": 5}


def test_epoch_under_another_name(write: Write) -> None:
    path = write("time_ms,temp", lambda i: f"{1709251200000 + 60_000 * i},{temp(i)}")
    found = reading(path)
    assert found.channels == ("temp",)
    assert found.summary() == "240 rows, one every 1 min, 1 Mar 2024 00:00 to 03:59"


def test_units_row(write: Write) -> None:
    path = write("timestamp,temp,press\n,°C,bar", lambda i: f"{stamp(i)},{temp(i)},{4 + i % 3}")
    found = reading(path)
    assert found.units == {"temp": "°C", "press": "bar"}
    assert found.rows == 240


def test_stamps_with_and_without_a_fraction(write: Write) -> None:
    def row(i: int) -> str:
        return f"{stamp(i // 2 / 60)}{'.500000' if i % 2 else ''},{temp(i)}"

    found = reading(write("timestamp,temp", row)).time
    assert found is not None
    assert found["rate_hz"] == 2.0


def test_the_shared_cases(capsys: pytest.CaptureFixture[str]) -> None:
    if not CASES.is_dir():
        pytest.skip(f"shared data are absent: no folder {CASES}")
    expected = {
        "01_float_time": (400, 0.1, ["temp"]),
        "02_thousands_quoted": (240, 60, ["rpm", "press"]),
        "04_dayfirst_wrong_advice": (240, 7200, ["temp", "press"]),
        "05_date_and_time_columns": (240, 60, ["temp", "press"]),
        "07_clock_set_back": (240, 60, ["temp", "press"]),
        "08_label_attack": (240, 60, ["temp", "press"]),
        "10_long_format": (240, 60, ["temp", "press"]),
        "11_sentinel_9999": (240, 60, ["temp", "press"]),
        "13_epoch_ms_other_name": (240, 60, ["temp", "press"]),
        "14_units_row": (240, 60, ["temp", "press"]),
        "15_runs_iso_fraction/1": (500, 0.5, ["temp", "press"]),
    }
    for name, (rows, period, channels) in expected.items():
        assert cli.main(["read", "--csv", str(CASES / f"{name}.csv"), "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert (found["rows"], found["time"]["period_s"], found["channels"]) == (
            rows, period, channels)  # fmt: skip
