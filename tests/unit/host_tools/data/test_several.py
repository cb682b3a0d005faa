"""Several files as one table, mixed sampling rates, and text columns that may be left out."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from host_tools.data import csv
from host_tools.data.reading.steps import Steps
from host_tools.errors import DataError

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(name: str, header: str = "time,a,b", rows: int = 80, step: float = 1.0) -> Path:
        columns = header.count(",")
        lines = [f"{i * step}," + ",".join(str(i % 7 + c) for c in range(columns))
                 for i in range(rows)]  # fmt: skip
        path = tmp_path / name
        path.write_text("\n".join([header, *lines]) + "\n")
        return path

    return to_file


def test_files_are_joined_and_a_files_end_is_a_gap(write: Write) -> None:
    table = csv.read([write("one.csv"), write("two.csv", rows=50)])
    assert len(table) == 130
    assert len(set(table.segments.tolist())) == 2
    assert table.segments[79] != table.segments[80]
    assert "and 1 more" in table.source


@pytest.mark.parametrize(
    ("header", "message"),
    [("time,a,c", "lacks b and has c besides"), ("time,a", "lacks b")],
)
def test_different_headers(write: Write, header: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        csv.read([write("one.csv"), write("two.csv", header)])
    assert "two.csv" in str(caught.value)
    assert "one.csv" in str(caught.value)


def test_columns_in_another_order_are_taken_by_name(write: Write) -> None:
    one, two = write("one.csv"), write("two.csv", "time,b,a")
    table = csv.read([one, two])
    assert table.names == ("a", "b")
    assert table.samples[80:, ::-1].tolist() == csv.read(two).samples.tolist()
    assert any("another order" in text for text in table.notices)


def test_files_of_different_rates(write: Write) -> None:
    with pytest.raises(DataError, match=r"mixed sampling rates"):
        csv.read([write("one.csv"), write("two.csv", step=0.5)])


def test_one_file_of_two_rates(tmp_path: Path) -> None:
    stamps = np.concatenate([np.arange(300.0), 300 + np.arange(900) * 0.1])
    path = tmp_path / "log.csv"
    path.write_text("time,a\n" + "\n".join(f"{t:.1f},{i % 9}" for i, t in enumerate(stamps)))
    with pytest.raises(DataError, match=r"mixed sampling rates: a row every 100 ms, but every 1 s"):
        csv.read(path)


def test_gaps_and_late_rows_are_no_second_rate() -> None:
    random = np.random.default_rng(1)
    steps = np.where(random.random(5000) < 0.06, 2.0, 1.0)
    steps[random.integers(0, 5000, 50)] = 200.0
    found = Steps()
    found.add("log.csv", np.cumsum(steps), np.arange(5000))
    assert found.mixed() is None
