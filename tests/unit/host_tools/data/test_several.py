"""Several files as one table, mixed sampling rates, and text columns that may be left out."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from host_tools.data import csv, sampling, several
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
    table = several.read([write("one.csv"), write("two.csv", rows=50)])
    assert len(table) == 130
    assert len(set(table.segments.tolist())) == 2
    assert table.segments[79] != table.segments[80]
    assert "and 1 more" in table.source


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("time,a,c", "lacks b and has c besides"),
        ("time,b,a", "another order"),
        ("time,a", "lacks b"),
    ],
)
def test_different_headers(write: Write, header: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        several.read([write("one.csv"), write("two.csv", header)])
    assert "two.csv" in str(caught.value)
    assert "one.csv" in str(caught.value)


def test_files_of_different_rates(write: Write) -> None:
    with pytest.raises(DataError, match=r"two\.csv: mixed sampling rates: 2 Hz where .*1 Hz"):
        several.read([write("one.csv"), write("two.csv", step=0.5)])


def test_one_file_of_two_rates(tmp_path: Path) -> None:
    stamps = np.concatenate([np.arange(300.0), 300 + np.arange(900) * 0.1])
    path = tmp_path / "log.csv"
    path.write_text("time,a\n" + "\n".join(f"{t:.1f},{i % 9}" for i, t in enumerate(stamps)))
    with pytest.raises(DataError, match=r"mixed sampling rates: a row every 0\.1 s, but every 1 s"):
        csv.read(path)


def test_gaps_and_late_rows_are_no_second_rate() -> None:
    random = np.random.default_rng(1)
    steps = np.where(random.random(5000) < 0.06, 2.0, 1.0)
    steps[random.integers(0, 5000, 50)] = 200.0
    assert sampling.mixed(steps) is None
    assert sampling.mixed(steps[:5]) is None


def test_text_columns_may_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    rows = [f"{i},{i % 5},auto,{'err' if i == 4 else i % 3}" for i in range(20)]
    path.write_text("\n".join(["time,a,mode,b", *rows]) + "\n")
    with pytest.raises(DataError, match='column "mode"'):
        csv.read(path)
    with pytest.raises(DataError, match='column "b": "err"'):
        csv.read(path, drop_text=True)
    path.write_text(path.read_text().replace("err", "1"))
    table = csv.read(path, drop_text=True)
    assert table.names == ("a", "b")
    assert 'left out "mode": text' in table.notices[0]
