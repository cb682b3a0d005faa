"""Each way in which a CSV file can be bad, and what is read from good ones."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from host_tools.data import csv
from host_tools.data.reading.options import ReadingOptions
from host_tools.data.table import GAP
from host_tools.errors import DataError

HEADER = "datetime,flow,level"
ROWS = [f"2026-01-01 00:00:{s:02d},{1.5 + s},{10 - s}" for s in range(10)]

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(*lines: str, end: str = "\n") -> Path:
        path = tmp_path / "log.csv"
        path.write_bytes((end.join(lines) + end).encode())
        return path

    return to_file


def replaced(row: int, text: str) -> list[str]:
    return [HEADER, *ROWS[:row], text, *ROWS[row + 1 :]]


def test_plain_file(write: Write) -> None:
    table = csv.read(write(HEADER, *ROWS))
    assert table.names == ("flow", "level")
    assert table.samples.dtype == np.float32
    assert table.samples[3].tolist() == [4.5, 7.0]
    assert table.rate_hz == 1.0
    assert len(set(table.segments.tolist())) == 1
    assert not table.labels.any()
    assert table.notices[0] == "10 rows, one every 1 s, 1 Jan 2026 00:00 to 00:00:09"
    assert '"flow" rises with every row: a clock or a counter?' in table.notices[1]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_delimiter_is_found(write: Write, mark: str, end: str) -> None:
    path = write(*(line.replace(",", mark) for line in (HEADER, *ROWS)), end=end)
    assert csv.read(path).names == ("flow", "level")


def test_decimal_comma(write: Write) -> None:
    path = write("time;a;b", *(f"{s};{s},5;{s * s},25" for s in range(9)))
    assert csv.read(path).samples[2].tolist() == [2.5, 4.25]


def test_byte_order_mark_and_blank_lines(write: Write) -> None:
    table = csv.read(write("\ufeff" + HEADER, *ROWS, "", ""))
    assert table.names == ("flow", "level")
    assert len(table) == 10


def test_labels_are_not_channels(write: Write) -> None:
    table = csv.read(
        write(
            "t,a,anomaly,changepoint,Label",
            *(f"{s},{s % 4},{s > 5:d},0,{s == 0:d}" for s in range(9)),
        )
    )
    assert table.names == ("a",)
    assert table.labels.tolist() == [1, 0, 0, 0, 0, 0, 1, 1, 1]


def test_timestamp_is_found_without_its_name(write: Write) -> None:
    path = write("when,a,b", *(row for row in ROWS))
    assert csv.read(path).names == ("a", "b")


def test_no_timestamp_is_noticed(write: Write) -> None:
    table = csv.read(write("a,b", *(f"{s % 3},{s % 2}" for s in range(9))))
    assert table.rate_hz == 1.0
    assert "no timestamp column" in table.notices[1]


def test_missing_values_are_gaps(write: Write) -> None:
    table = csv.read(write(*replaced(4, "2026-01-01 00:00:04,,6")))
    assert table.segments[4] == GAP
    assert np.isnan(table.samples[4, 0])
    assert table.segments[3] != table.segments[5]
    assert '1 missing values in 1 channels (most in "flow": 1)' in "".join(table.notices)


@pytest.mark.parametrize("text", ["inf", "-inf", "1e999", "Infinity"])
def test_infinities_are_gaps(write: Write, text: str) -> None:
    table = csv.read(write(*replaced(4, f"2026-01-01 00:00:04,{text},6")))
    assert table.segments[4] == GAP
    assert "1 of them infinite" in "".join(table.notices)


def test_beyond_float32_is_infinite(write: Write) -> None:
    table = csv.read(write(*replaced(3, "2026-01-01 00:00:03,1e300,7")))
    assert table.segments[3] == GAP
    assert "1 values are infinite in float32" in table.notices[-1]


@pytest.mark.parametrize("unit", [1, 10**3, 10**6, 10**9])
def test_epoch_in_any_unit(write: Write, unit: int) -> None:
    rows = (f"{(1_700_000_000 + 2 * s) * unit},{s}.5" for s in range(9))
    assert csv.read(write("ts,flow", *rows)).rate_hz == pytest.approx(0.5)


def test_one_channel_and_nothing_else(write: Write) -> None:
    assert csv.read(write("flow", *(f"{s % 4}.5" for s in range(9)))).names == ("flow",)


def test_quoted_fields(write: Write) -> None:
    quoted = [",".join(f'"{cell}"' for cell in line.split(",")) for line in (HEADER, *ROWS)]
    assert csv.read(write(*quoted)).names == ("flow", "level")


def test_numbers_as_names(write: Write) -> None:
    table = csv.read(write("datetime,1,2", *ROWS))
    assert table.names == ("1", "2")


def test_gap_in_time(write: Write) -> None:
    table = csv.read(write(*replaced(9, "2026-01-01 00:01:30,1,1")))
    assert table.segments[8] != table.segments[9]
    assert "1 gap (the longest 1 min 22 s, after line 10)" in table.notices[0]


def test_one_late_stamp_is_no_gap(write: Write) -> None:
    table = csv.read(write(*replaced(9, "2026-01-01 00:00:10,1,1")))
    assert len(set(table.segments.tolist())) == 1


def test_constant_column_is_left_out(write: Write) -> None:
    table = csv.read(write("t,a,b", *(f"{s},7,{s % 3}" for s in range(9))))
    assert table.names == ("b",)
    assert 'left out "a": constant' in table.notices[-1]


def test_constant_column_stays_when_a_model_has_it(write: Write) -> None:
    path = write("time,a,b", *(f"{s},7,{s % 3}" for s in range(9)))
    assert csv.read(path, channels=["b", "a"]).names == ("b", "a")


def fails(
    path: Path,
    *parts: str,
    channels: list[str] | None = None,
    least_rows: int = 2,
    **options: object,
) -> None:
    with pytest.raises(DataError) as caught:
        csv.read(path, ReadingOptions(**options), channels=channels, least_rows=least_rows)  # type: ignore[arg-type]
    text = str(caught.value)
    assert "\n" not in text
    for part in (path.name, *parts):
        assert part in text


def test_missing_file(tmp_path: Path) -> None:
    fails(tmp_path / "absent.csv", "no such file")


def test_folder(tmp_path: Path) -> None:
    fails(tmp_path, "cannot be read")


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_empty_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(content)
    fails(path, "empty")


@pytest.mark.parametrize("content", [b"a,b\n1,\xff\n", b"a,b\n1,\0\n"])
def test_binary_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(content)
    fails(path)


def test_header_only(write: Write) -> None:
    fails(write(HEADER), "too few rows: 0")


def test_too_few_rows(write: Write) -> None:
    fails(write(HEADER, *ROWS), "too few rows: 10, at least 100", least_rows=100)


def test_no_header(write: Write) -> None:
    table = csv.read(write(*(f"{s % 3},{s % 2}" for s in range(9))))
    assert table.names == ("column1", "column2")
    assert len(table) == 9
    assert any("no header" in notice for notice in table.notices)


def test_no_header_before_dates(write: Write) -> None:
    table = csv.read(write(*ROWS))
    assert table.names == ("column2", "column3")
    assert len(table) == 10


def test_wrong_delimiter(write: Write) -> None:
    fails(write(HEADER, *ROWS), "';' does not separate", "',' does", delimiter=";")


def test_no_delimiter(write: Write) -> None:
    fails(write("one thing", "another", "a third one"), "one column only")


@pytest.mark.parametrize(("row", "count"), [("2026-01-01 00:00:04,1", 2), ("x,1,2,3", 4)])
def test_ragged_row(write: Write, row: str, count: int) -> None:
    fails(write(*replaced(4, row)), f":6: {count} fields where the header has 3")


def test_quoted_delimiter_is_not_ragged(write: Write) -> None:
    path = write('"time","flow, raw"', *(f'"{s}","{s % 2}.5"' for s in range(5)))
    assert csv.read(path).names == ("flow, raw",)


def test_text_in_a_column(write: Write) -> None:
    fails(
        write(*replaced(4, "2026-01-01 00:00:04,error,6")),
        ':6: column "flow": "error"',
        '--missing "error"',
    )


def test_text_column(write: Write) -> None:
    table = csv.read(
        write("time,a,mode", *(f"{s},{s % 4},{'on' if s % 2 else 'off'}" for s in range(9)))
    )
    assert table.names == ("a",)
    assert table.notices[1] == 'left out "mode": state: off, on; --state makes channels of it'


def test_bad_timestamp(write: Write) -> None:
    fails(write(*replaced(4, "yesterday,1,2")), ':6: column "datetime": "yesterday"')


def test_repeated_timestamp(write: Write) -> None:
    table = csv.read(write(*replaced(4, "2026-01-01 00:00:03,1,2")))
    assert len(table) == 10
    assert table.segments[3] != table.segments[4]
    assert any(":6:" in text and "same time" in text for text in table.notices)


def test_timestamps_run_backwards(write: Write) -> None:
    table = csv.read(write(*replaced(4, "2025-01-01 00:00:04,1,2")))
    assert len(set(table.segments.tolist())) == 3
    assert any("set back" in text and "line 5" in text for text in table.notices)


def test_all_constant(write: Write) -> None:
    fails(write("time,a,b", *(f"{s},1,2" for s in range(9))), "every channel is constant")


def test_empty_column(write: Write) -> None:
    table = csv.read(write("time,a,b", *(f"{s},{s % 4}," for s in range(9))))
    assert table.names == ("a",)
    assert 'left out "b": no values at all' in table.notices


def test_two_columns_of_one_name(write: Write) -> None:
    table = csv.read(write("a,a", "1,2", "3,5", "2,5"))
    assert table.names == ("a", "a (2)")
    assert any('"a" occurs twice' in text for text in table.notices)


def test_column_without_a_name(write: Write) -> None:
    table = csv.read(write("a,,b", "1,2,3", "4,1,6", "2,2,2"))
    assert table.names == ("a", "column2", "b")


def test_only_a_timestamp(write: Write) -> None:
    fails(write("time,label", "1,0", "2,0"), "no column of numbers")


def test_wrong_channels_against_a_model(write: Write) -> None:
    path = write(HEADER, *ROWS)
    fails(path, "2 channels (flow, level)", "1 (flow)", channels=["flow"])
    fails(path, "2 channels (flow, level)", "3 (flow, level, speed)",
          channels=["flow", "level", "speed"])  # fmt: skip


def test_columns_in_the_models_order(write: Write) -> None:
    table = csv.read(write(HEADER, *ROWS), channels=["level", "flow"])
    assert table.names == ("level", "flow")
    assert table.samples[3].tolist() == [7.0, 4.5]
    assert "order" in table.notices[-1]


def test_real_testbed(shared_data: Path) -> None:
    table = csv.read(shared_data / "skab" / "anomaly-free" / "anomaly-free.csv")
    assert table.samples.shape == (9405, 8)
    assert table.rate_hz == 1.0
    # Stamps are whole seconds of a period of 1.06 s: its steps of 2 s are no gaps.
    assert len(set(table.segments.tolist())) == 1
    labelled = csv.read(shared_data / "skab" / "other" / "2.csv", channels=table.names)
    assert labelled.labels.sum() == 384
    assert len(set(labelled.segments.tolist())) == 2
