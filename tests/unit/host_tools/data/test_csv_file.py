"""CSV results: numbers read back exactly, and a spreadsheet runs nothing."""

import csv
import io
import math

import pytest

from host_tools.formats import csv_file


@pytest.mark.parametrize("evil", ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_text_that_a_spreadsheet_would_run_is_defused(evil: str) -> None:
    text = csv_file.text([evil, "b"], [[evil, -1.5]])
    head, row = csv.reader(io.StringIO(text, newline=""))
    shown = "'" + evil.replace("\r", " ")
    assert head == [shown, "b"]
    assert row == [shown, "-1.5"]


def test_numbers_and_plain_texts_stay_as_they_are() -> None:
    text = csv_file.text(["a", "b", "c", "d"], [[0.1 + 0.2, -7, math.nan, "x=1, y"]])
    assert text == 'a,b,c,d\n0.30000000000000004,-7,,"x=1, y"\n'
