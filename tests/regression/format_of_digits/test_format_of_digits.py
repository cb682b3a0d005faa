"""`--time-format %H%M%S` without `--time` read `000130` as the number 30.

The column of the time was then taken for numbers, and lost its zeros and its last digits.
"""

from pathlib import Path

import numpy as np
import pytest

from host_tools.data import csv
from host_tools.data.reading.options import ReadingOptions


@pytest.mark.parametrize(
    ("written", "cells", "step"),
    [
        ("%H%M%S", [f"{hour:02d}0130" for hour in range(20)], 3600.0),
        ("%d%m%Y", [f"{day:02d}012024" for day in range(1, 21)], 86_400.0),
    ],
)
@pytest.mark.parametrize("named", [(), ("date",)])
def test_a_format_reads_the_digits_of_the_column_that_is_called_like_a_time(
    tmp_path: Path, written: str, cells: list[str], step: float, named: tuple[str, ...]
) -> None:
    path = tmp_path / "log.csv"
    rows = [f"{cell},{at % 7}.5" for at, cell in enumerate(cells)]
    path.write_text("date,flow\n" + "\n".join(rows) + "\n", encoding="utf-8")
    table = csv.read(path, ReadingOptions(time=named, time_format=written))
    assert table.seconds is not None
    assert set(np.diff(table.seconds).tolist()) == {step}
    assert table.names == ("flow",)
