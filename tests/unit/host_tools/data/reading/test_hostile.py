"""Logs as they come from the field, each of a kind that was once misread or refused."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from host_tools import cli
from host_tools.data.reading.log import open_log
from host_tools.data.reading.options import ReadingOptions
from tests.unit.host_tools.data.reading.made import asks, flow, reading

ROWS = 240
START = datetime(2024, 3, 1, 0, 1)


def lines(head: str, row: Callable[[int, datetime], str], step: float = 60.0) -> str:
    stamps = [START + timedelta(seconds=step * i) for i in range(ROWS)]
    return "\n".join([head, *(row(i, at) for i, at in enumerate(stamps))]) + "\n"


def plain(head: str = "time,T,p") -> str:
    return lines(head, lambda i, at: f"{at},{flow(i)},{flow(i + 40)}")


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    def _put(content: str | bytes, name: str = "log.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return _put


Put = Callable[..., Path]


def is_right(path: Path, period: float = 60.0, rows: int = ROWS, **options: object) -> None:
    """The first channel holds `flow`, and the rows are `period` seconds apart without a gap."""
    log = open_log([path], ReadingOptions(**options))  # type: ignore[arg-type]
    found = log.reading
    assert (found.rows, found.gaps) == (rows, ())
    assert found.time is not None
    assert found.time["period_s"] == pytest.approx(period)
    values = np.concatenate([block.values[0] for block in log.blocks()])
    np.testing.assert_array_equal(values, [flow(i) for i in range(rows)])


STAMPS: dict[str, Callable[[datetime], str]] = {
    "dotted date and dotted time": lambda at: at.strftime("%d.%m.%y;%H.%M.%S"),
    "blanks behind the points": lambda at: f"{at.day}. {at.month}. {at.year} {at:%H:%M};",
    "12 hours apart": lambda at: at.strftime("%d/%m/%Y;") + at.strftime("%I:%M %p").lower(),
    "Chinese": lambda at: at.strftime("%Y年%m月%d日 %H时%M分%S秒;"),
    "hours above 24": lambda at: f";{24 * at.day + at.hour}:{at:%M:%S}",
}


@pytest.mark.parametrize("what", STAMPS)
def test_stamps(put: Put, what: str) -> None:
    one = STAMPS[what]
    is_right(put(lines("date;time;T", lambda i, at: f"{one(at)};{flow(i)}", 1800.0)), 1800.0)


def test_year_and_day_of_the_year(put: Put) -> None:
    path = put(lines("Year,DOY,Hour,T", lambda i, _: f"2024,{60 + i // 24},{i % 24},{flow(i)}"))
    is_right(path, 3600.0)
    assert (reading(path).time or {})["first"].startswith("2024-02-29T00:00")


def test_parts_of_a_time_without_a_year_ask(put: Put) -> None:
    path = put(lines("Day,Hour,T", lambda i, _: f"{1 + i // 24},{i % 24},{flow(i)}"))
    asks(path, "part of a date", "--rate HZ")
    assert list(reading(path, rate=1 / 3600).channels) == ["T"]


def test_times_of_day_in_six_digits_ask(put: Put) -> None:
    path = put(lines("date,time,T", lambda i, at: f"{at:%y%m%d},{at:%H%M%S},{flow(i)}"))
    asks(path, "times of day", "--time-format")
    is_right(path, time=("date", "time"), time_format="%y%m%d %H%M%S")


def test_year_first_in_two_digits_asks_and_is_answered(put: Put) -> None:
    path = put(lines("time,T", lambda i, at: f"{at:%y/%m/%d %H:%M},{flow(i)}"))
    asks(path, "year-first", "--no-day-first")
    is_right(path, day_first=False)


def test_a_clock_that_starts_again_asks(put: Put) -> None:
    path = put(lines("t_s,T", lambda i, _: f"{i % 60 / 2},{flow(i)}"))
    asks(path, "starts again 3 times", "--time")
    found = reading(path, time=("t_s",))
    assert ((found.time or {})["period_s"], len(found.gaps)) == (0.5, 3)


@pytest.mark.parametrize(
    "end",
    [
        "2024-03-01 04:0",
        "2024-03-01 04:01:00,20.1",
        "Total,4800.0,4800.0\n",
        "\nAverage,20.0,20.0\nMax,23.0,23.0\n",
        "\nReport written by the plant\n",
        "2024-03-01 04:01:00,20" + "\0" * 600,
        "\0" * 600,
        "# end\n",
    ],
)
def test_what_stands_below_the_rows_is_told(put: Put, end: str) -> None:
    path = put(plain() + end)
    is_right(path)
    assert any(("lines" in note and "line 242" in note) or "line 243" in note
               for note in reading(path).notes)  # fmt: skip


def test_a_cut_row_among_the_others_is_refused(put: Put) -> None:
    path = put(plain() + "2024-03-01 04:01:00,20.1\n" + plain().split("\n", 1)[1])
    asks(path, ":242:", "2 fields where the header has 3")


def test_zero_bytes_among_the_rows_name_their_line(put: Put) -> None:
    asks(put(plain().replace("2024-03-01 01:00:00", "\0" * 19)), ":61:", "zero bytes")


def test_rulers_and_bars(put: Put) -> None:
    path = put(lines("| time | T |\n|---|---|", lambda i, at: f"| {at} | {flow(i)} |"))
    is_right(path)


def test_a_header_with_another_delimiter(put: Put) -> None:
    path = put(lines("time,T", lambda i, at: f"{at};{flow(i)}"))
    assert list(reading(path).channels) == ["T"]


def test_a_header_of_two_rows_of_groups(put: Put) -> None:
    def row(number: int, at: datetime) -> str:
        return f"{at}," + ",".join(str(flow(number + k)) for k in range(4))

    text = lines("Time,Boiler,,Pump,\n,T,p,T,p", row)
    path = put(text)
    names = list(reading(path).channels)
    assert names == ["Boiler T", "Boiler p", "Pump T", "Pump p"]
    is_right(path)


ARABIC = {ord("."): 0x66B} | {ord("0") + i: 0x660 + i for i in range(10)}
FULL_WIDTH = {ord("."): 0xFF0E} | {ord("0") + i: 0xFF10 + i for i in range(10)}
CELLS: dict[str, Callable[[float], str]] = {
    "Arabic digits": lambda v: str(v).translate(ARABIC),
    "full width": lambda v: str(v).translate(FULL_WIDTH),
    "sign apart": lambda v: f"+ {v}",
    "an apostrophe before it": lambda v: f"'{v}",
}


@pytest.mark.parametrize("what", CELLS)
def test_cells(put: Put, what: str) -> None:
    is_right(put(lines("time,T", lambda i, at: f"{at},{CELLS[what](flow(i))}")))


@pytest.mark.parametrize(
    ("cell", "value"),
    [("0x1F", 31.0), ('"1,20,000.5"', 120000.5), ("----", None), ("####", None), ("- 5", -5.0)],
)
def test_odd_cells(put: Put, cell: str, value: float | None) -> None:
    path = put(lines("time,T", lambda i, at: f"{at},{cell if i % 5 == 2 else flow(i)}"))
    log = open_log([path], ReadingOptions())
    found = next(log.blocks()).values[0][2]
    assert np.isnan(found) if value is None else found == value


@pytest.mark.parametrize(("before", "after"), [("<", ""), (">", ""), ("", "*"), ("(", ")")])
def test_numbers_with_marks_ask_once(put: Put, before: str, after: str) -> None:
    def cell(row: int) -> str:
        return f"{before}{flow(row)}{after}" if row % 4 == 1 else str(flow(row))

    path = put(lines("time,T", lambda i, at: f"{at},{cell(i)}"))
    asks(path, "a number with a mark", f'--missing "{before}{after}"')
    found = reading(path, missing=(before + after,))
    assert found.missing == {"T": ROWS // 4}


def test_labels_that_other_words_tell_are_named(put: Put) -> None:
    path = put(lines("time,T,condition", lambda i, at: f"{at},{flow(i)},"
                     + ("Healthy" if i < 200 else "Bearing")))  # fmt: skip
    assert any('--label "condition"' in note for note in reading(path).notes)
    path = put(lines("time,T,alarm", lambda i, at: f"{at},{flow(i)},"
                     + ("" if i < 200 else "HIGH")))  # fmt: skip
    assert any('--label "alarm"' in note for note in reading(path).notes)
    path = put(lines("time,T,Störung", lambda i, at: f"{at},{flow(i)},"
                     + ("nein" if i < 200 else "ja")))  # fmt: skip
    assert reading(path).label is not None


def test_text_that_may_be_chinese_asks(put: Put) -> None:
    path = put(plain("时间,温度,压力").encode("gbk"))
    asks(path, "时间", "--encoding gb18030")
    assert list(reading(path, encoding="gb18030").channels) == ["温度", "压力"]


def test_lock_files_in_a_folder_are_no_logs(put: Put, tmp_path: Path) -> None:
    put(plain())
    put(b"\0", "~$log.csv")
    put("x", "._log.csv")
    assert reading(tmp_path).rows == ROWS


@pytest.mark.parametrize(("content", "what"), [('{"t": 1}\n', "JSON"), ("<html>\n", "XML")])
def test_other_formats_are_called_so(put: Put, content: str, what: str) -> None:
    asks(put(content), "not a CSV file but", what)


def test_a_name_that_a_spreadsheet_would_run_is_written_as_text(
    put: Put, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def row(i: int, at: datetime) -> str:
        return f"{at},{flow(i)},5.{i % 7},2.{i % 3},{i % 9}"

    names = ["=cmd|' /C calc'!A0", "-2+3", "@x", "plain"]
    path = put(lines(",".join(["time", *names]), row))
    clean, again = tmp_path / "clean.csv", tmp_path / "again.csv"
    assert cli.main(["read", "--csv", str(path), "--write", str(clean)]) == 0
    assert "formula" in capsys.readouterr().err
    header = clean.read_text().split("\n", 1)[0]
    assert header == "time,'=cmd|' /C calc'!A0,'-2+3,'@x,plain"
    assert list(reading(clean).channels) == names
    assert cli.main(["read", "--csv", str(clean), "--write", str(again)]) == 0
    assert again.read_bytes() == clean.read_bytes()
