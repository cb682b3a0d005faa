"""What a table is made of: order of rows, breaks, rates of several files, a model's channels."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from host_tools.data import csv
from host_tools.data.reading.options import ReadingOptions
from host_tools.data.table import GAP
from host_tools.errors import DataError

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(name: str, header: str, *rows: str) -> Path:
        path = tmp_path / name
        path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
        return path

    return to_file


def evenly(write: Write, name: str, step: float, start: float = 0.0, rows: int = 20) -> Path:
    cells = [f"{start + step * row!r},{row % 7}.5" for row in range(rows)]
    return write(name, "time,flow", *cells)


def test_two_rows_will_do(write: Write) -> None:
    assert csv.LEAST_ROWS == 2
    path = write("a.csv", "time,flow", "0.0,1.5", "1.0,2.5")
    assert len(csv.read(path)) == 2
    assert len(csv.read(path, least_rows=2)) == 2
    with pytest.raises(DataError, match=r"a\.csv: too few rows: 2, at least 3 are needed"):
        csv.read(path, least_rows=3)
    one = write("one.csv", "time,flow", "0.0,1.5")
    with pytest.raises(DataError, match="too few rows: 1, at least 2 are needed"):
        csv.read(one)


@pytest.mark.parametrize(
    ("step", "expected"), [(9.2, True), (9.0, False), (11.0, True), (11.2, False)]
)
def test_rates_of_files_may_differ_by_a_tenth(write: Write, step: float, expected: bool) -> None:
    paths = [evenly(write, "a.csv", 10.0), evenly(write, "b.csv", step, 1000.0)]
    if expected:
        assert len(csv.read(paths)) == 40
        return
    message = f"b.csv: mixed sampling rates: {1 / step:g} Hz where .*a.csv has 0.1 Hz: bring"
    with pytest.raises(DataError, match=message):
        csv.read(paths)
    assert len(csv.read(paths, ReadingOptions(rate=0.1))) == 40


def test_a_third_file_is_compared_with_the_first(write: Write) -> None:
    """9.2 s is within a tenth of 10 s, 8.5 s is not, though it is of 9.2 s."""
    paths = [
        evenly(write, name, step, start)
        for name, step, start in (("a.csv", 10.0, 0.0), ("b.csv", 9.2, 1e3), ("c.csv", 8.5, 2e3))
    ]
    with pytest.raises(DataError, match=r"c.csv: mixed .* where .*a.csv has 0.1 Hz"):
        csv.read(paths)


def test_a_file_of_one_row_has_no_rate(write: Write) -> None:
    paths = [
        evenly(write, "a.csv", 10.0, rows=1),
        evenly(write, "b.csv", 10.0, 1e3),
        evenly(write, "c.csv", 8.8, 2e3),
    ]
    with pytest.raises(DataError, match=r"c.csv: mixed .* where .*b.csv has 0.1 Hz"):
        csv.read(paths)
    assert len(csv.read(paths[:2])) == 21


def test_the_rate_of_a_file_is_that_of_its_forward_steps(write: Write) -> None:
    """A stamp that repeats, and one that is set back, count for nothing; a step of 0.5 s does."""
    steps = [0.5, 0.5, 0.6, 0.0, 0.6, -0.1, 0.6]
    seconds = 1e3 + np.cumsum([0.0, *steps])
    cells = [f"{time:.1f},{row % 7}.5" for row, time in enumerate(seconds)]
    path = write("b.csv", "time,flow", *cells)
    assert len(csv.read([evenly(write, "a.csv", 0.6), path])) == 28


def test_files_are_named_and_apart(write: Write) -> None:
    paths = [evenly(write, f"{name}.csv", 1.0, start) for name, start in enumerate((0, 20, 40))]
    table = csv.read(paths)
    assert table.source.endswith("0.csv and 2 more")
    assert csv.read(paths[:1]).source.endswith("0.csv")
    assert np.flatnonzero(np.diff(table.segments)).tolist() == [19, 39]
    assert table.seconds is not None
    assert table.seconds.tolist() == list(map(float, range(60)))


def test_the_newest_row_first_is_turned_round_in_each_file(write: Write) -> None:
    paths = [
        write(f"{name}.csv", "time,flow,anomaly",
              *(f"{start + 9 - row}.0,{start + 9 - row}.5,{int(row == 0)}" for row in range(10)))
        for name, start in (("a", 0), ("b", 100))
    ]  # fmt: skip
    table = csv.read(paths, ReadingOptions(channels=("flow",)))
    expected = [*range(10), *range(100, 110)]
    assert table.seconds is not None
    assert table.seconds.tolist() == expected
    assert table.samples[:, 0].tolist() == [value + 0.5 for value in expected]
    assert np.flatnonzero(table.labels).tolist() == [9, 19]
    assert np.flatnonzero(np.diff(table.segments)).tolist() == [9]


def test_groups_are_sorted_and_apart(write: Write) -> None:
    """Of machines that take turns the first that is seen comes first."""
    rows = [f"{row // 2}.0,{'ba'[row % 2]},{row % 2 * 50 + row // 2 % 7}.5" for row in range(20)]
    table = csv.read(write("a.csv", "time,machine,flow", *rows), ReadingOptions(group="machine"))
    assert (table.samples[:10, 0] < 50).all()
    assert (table.samples[10:, 0] > 50).all()
    assert table.seconds is not None
    assert table.seconds.tolist() == [*range(10), *range(10)]
    assert np.flatnonzero(np.diff(table.segments)).tolist() == [9]


def test_groups_are_apart_even_where_time_goes_on(write: Write) -> None:
    rows = [f"{row}.0,{'ba'[row > 9]},{row % 7}.5" for row in range(20)]
    table = csv.read(write("a.csv", "time,machine,flow", *rows), ReadingOptions(group="machine"))
    assert np.flatnonzero(np.diff(table.segments)).tolist() == [9]


def test_values_beyond_float32_are_counted(write: Write) -> None:
    rows = [f"{row}.0,{row % 3}.5,{row % 4}.5" for row in range(12)]
    rows[3], rows[7], rows[9] = "3.0,1e39,-1e300", "7.0,,2.5", "9.0,inf,2.5"
    table = csv.read(write("a.csv", "time,flow,level", *rows))
    assert "2 values are infinite in float32: their rows are gaps" in table.notices
    assert [row for row in range(12) if table.segments[row] == GAP] == [3, 7, 9]
    assert np.isnan(table.samples[3]).all()


def test_a_file_without_whole_rows_names_the_emptiest_column(write: Write) -> None:
    rows = [f"{row}.0,{row % 3}.5," if row % 4 else f"{row}.0,,{row % 5}.5" for row in range(20)]
    with pytest.raises(DataError) as error:
        csv.read(write("a.csv", "time,flow,level", *rows))
    assert 'no row has a value in every column ("level" has 5)' in str(error.value)
    assert '(--ignore "level")' in str(error.value)


def test_columns_are_put_in_a_models_order(write: Write) -> None:
    rows = [f"{row}.0,{row % 3}.5,{row % 4}.5" for row in range(12)]
    path = write("a.csv", "time,flow [l/min],level [m]", *rows)
    table = csv.read(path)
    assert table.units == ("l/min", "m")
    turned = csv.match(table, table.names[::-1])
    assert turned.names == table.names[::-1]
    assert turned.units == ("m", "l/min")
    assert turned.samples.tolist() == table.samples[:, ::-1].tolist()
    assert turned.notices == (*table.notices, "columns were put in the model's order")
    assert csv.match(table, table.names) is table


def test_a_unit_behind_a_name_is_no_other_channel(write: Write) -> None:
    rows = [f"{row}.0,{row % 3}.5,{row % 4}.5" for row in range(12)]
    table = csv.read(write("a.csv", "time,flow,level", *rows))
    assert csv.match(table, ["flow [l/min]", "level"]).names == ("flow [l/min]", "level")
    assert csv.match(table, ["level", "flow [bar]"]).samples[4].tolist() == [0.5, 1.5]
    for other in (["flow"], ["flow", "speed"], ["flow", "level", "speed"]):
        with pytest.raises(DataError) as error:
            csv.match(table, other)
        said = f"2 channels (flow, level) where the model has {len(other)} ({', '.join(other)})"
        assert said in str(error.value)


def test_two_names_that_differ_by_their_unit_are_two_channels(write: Write) -> None:
    rows = [f"{row}.0,{row % 3}.5,{row % 4}.5" for row in range(12)]
    table = csv.read(write("a.csv", "time,flow,level", *rows))
    both = replace(table, names=("flow [a]", "flow [b]"))
    with pytest.raises(DataError, match="where the model has 1"):
        csv.match(both, ["flow"])


def test_a_constant_column_stays_when_asked(write: Write) -> None:
    path = write("a.csv", "time,flow,level", *(f"{row}.0,{row % 3}.5,4.5" for row in range(12)))
    assert csv.read(path).names == ("flow",)
    assert csv.read(path, drop_constant=False).names == ("flow", "level")
    assert csv.read(path, channels=["flow", "level"]).names == ("flow", "level")
