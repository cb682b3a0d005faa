"""Lines of text as rows of numbers: every form, and what is no row."""

import pytest

from host_tools.errors import DataError
from host_tools.recording.lines import QUIET_SECONDS, Lines, Rows


def rows_of(*lines, names=()):
    rows = Rows(names)
    found = [values for line in lines for _, values in rows.take(line, 0.0)]
    return rows, found


@pytest.mark.parametrize(
    ("lines", "names", "first"),
    [
        (["1,2.5,-3"] * 3, ("ch0", "ch1", "ch2"), ["1", "2.5", "-3"]),
        (["1\t2\t3"] * 3, ("ch0", "ch1", "ch2"), ["1", "2", "3"]),
        (["1  2 3"] * 3, ("ch0", "ch1", "ch2"), ["1", "2", "3"]),
        (["1,5;2,25"] * 3, ("ch0", "ch1"), ["1.5", "2.25"]),
        (["1,5\t2"] * 3, ("ch0", "ch1"), ["1.5", "2"]),
        (["1,2,"] * 3, ("ch0", "ch1"), ["1", "2"]),
        (["7e-3"] * 3, ("ch0",), ["7e-3"]),
        (["a [C],b", "1,nan", "1,2", "1,2"], ("a [C]", "b"), ["1", ""]),
        (["a\tb c", "1\t2", "1\t2", "1\t2"], ("a", "b c"), ["1", "2"]),
        (["t:20.5,flow:3"] * 3, ("t", "flow"), ["20.5", "3"]),
        (["t=20.5 flow=3"] * 3, ("t", "flow"), ["20.5", "3"]),
        (["motor speed:20\tT: ovf"] * 3, ("motor speed", "T"), ["20", ""]),
    ],
)
def test_forms(lines, names, first):
    rows, found = rows_of(*lines)
    assert rows.form.names == names
    assert found[0] == first
    assert len(found) == 3
    assert rows.dropped == 0


def test_a_message_that_looks_like_a_row_decides_nothing():
    rows, found = rows_of("42", "ready", "x,y", "1,2", "3,4", "5,6")
    assert rows.form.names == ("x", "y")
    assert found == [["1", "2"], ["3", "4"], ["5", "6"]]


def test_two_rows_decide_nothing_and_three_do():
    assert rows_of("1,2", "3,4")[0].form is None
    assert rows_of("1,2", "3,4", "5,6")[1] == [["1", "2"], ["3", "4"], ["5", "6"]]


def test_what_is_no_row_is_counted_and_a_header_once_more_is_not():
    rows, found = rows_of("a,b", "1,2", "1,2", "1,2", "1,2,3", "a,b", "", "1,x", "nan,nan", "5,6")
    assert found[3:] == [["5", "6"]]
    assert (rows.dropped, rows.first_dropped) == (3, "1,2,3")


def test_a_pair_of_another_name_is_no_row():
    rows, found = rows_of("a:1,b:2", "a:1,b:2", "a:1,b:2", "a:1,c:2")
    assert (len(found), rows.dropped) == (3, 1)


def test_names_replace_those_of_the_line_and_must_fit():
    rows, _ = rows_of("a,b", *["1,2"] * 3, names=("x", "y"))
    assert rows.form.names == ("x", "y")
    with pytest.raises(DataError, match="names 1, a line holds 2"):
        rows_of("1,2", names=("x",))
    with pytest.raises(DataError, match="leave --channels out"):
        rows_of("a:1,b:2", names=("x", "y"))


def test_numbers_nobody_named_are_told():
    assert rows_of("1,2", "1,2", "1,2")[0].form.is_numbered
    assert not rows_of("a,b", "1,2", "1,2", "1,2")[0].form.is_numbered


def test_half_a_line_is_dropped_at_the_beginning_only():
    lines = Lines()
    assert lines.take(b"3.5,2\n1,", 0.0) == []
    assert lines.take(b"2\r\n3", 0.0) == ["1,2"]
    assert lines.take(b"", 9.0) == []
    assert lines.take(b",4\n", 9.0) == ["3,4"]
    lines.lose()
    assert lines.take(b"4\n5,6\n", 9.0) == ["5,6"]


@pytest.mark.parametrize(("silence", "expected"), [(0.9, []), (1.0, ["7"])])
def test_a_line_after_silence_is_whole(silence, expected):
    lines = Lines()
    lines.take(b"", 0.0)
    assert lines.take(b"7\n", silence * QUIET_SECONDS) == expected


def test_bytes_without_an_end_are_given_up():
    lines = Lines()
    lines.take(b"\n", 0.0)
    for _ in range(40):
        assert lines.take(b"x" * 4096, 0.0) == []
    assert len(lines._part) < 70_000
    assert lines.take(b"rest\n1,2\n", 0.0) == ["1,2"]
