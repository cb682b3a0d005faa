"""What a cell means as a number, and how a column decides between two readings."""

import math
from collections import Counter

import numpy as np
import pytest

from host_tools.data.reading import numbers
from host_tools.data.reading.numbers import Evidence, Form, Locale

KINDS = {
    numbers.PLAIN: ["0", "12", "-7", "+3", "1e5", "-2E-3", "1034", "0123"],
    numbers.POINT: [
        "1.5", ".5", "5.", "-0.125", "1.25e3", "1.2345", "0.125", "1234.567", "1.234e3", "01.234",
    ],
    numbers.POINT_OR_GROUP: ["1.234", "-12.345", "123.456"],
    numbers.COMMA: ["1,5", ",5", "5,", "0,125", "1234,567", "1,25e3", "01,234", "1,2345"],
    numbers.COMMA_OR_GROUP: ["1,033", "-12,345", "+123,456"],
    numbers.GROUP: ["1,234,567", "1,234.5", "12,345.", "1,234,567.25e2"],
    numbers.POINT_GROUP: ["1.234.567", "1.234,5", "12.345,"],
    numbers.MISS: ["", "  ", "NaN", "n/a", "---", "'NULL'", "Bad Input", "-1.#IND"],
    numbers.INFINITE: ["inf", "-Inf", "+inf", "1.#INF", "∞"],
    numbers.TEXT: ["abc", "1.2.3", "1,23,456", "1,2,3", "12:30", "1 2", "pump 5 on", "1,234,56"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "cell"), [(k, cell) for k, all_ in KINDS.items() for cell in all_]
)
def test_what_a_cell_shows(kind: str, cell: str) -> None:
    assert numbers.classify(cell).kind == kind


@pytest.mark.parametrize(
    ("cell", "digits", "kind"),
    [
        ("1 234", "1234", numbers.PLAIN),
        ("12'345.5", "12345.5", numbers.POINT),
        ("1\u202f234\u202f567,25", "1234567,25", numbers.COMMA),
        ("1 234'567", "1 234'567", numbers.TEXT),
        ("0 234", "0 234", numbers.TEXT),
    ],
)
def test_blanks_and_quotes_between_thousands(cell: str, digits: str, kind: str) -> None:
    assert numbers.classify(cell)[:2] == (digits, kind)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("21.5 °C", ("21.5", numbers.POINT, "°C")),
        ("-3,5bar", ("-3,5", numbers.COMMA, "bar")),
        ("1,033 hPa", ("1,033", numbers.COMMA_OR_GROUP, "hPa")),
        ("7 m3", ("7", numbers.PLAIN, "m3")),
        ("45%", ("45", numbers.PLAIN, "%")),
        ("1.2.3 V", ("1.2.3 V", numbers.TEXT, "")),
        ("\u22125", ("-5", numbers.PLAIN, "")),
        ("0x1F", ("31", numbers.PLAIN, "")),
        ("- 5", ("-5", numbers.PLAIN, "")),
        ("1.#INF", ("inf", numbers.INFINITE, "")),
        ("-infinity", ("-inf", numbers.INFINITE, "")),
    ],
)
def test_digits_and_units(cell: str, expected: tuple[str, str, str]) -> None:
    assert tuple(numbers.classify(cell)) == expected


@pytest.mark.parametrize(
    ("decimal", "thousands", "cell", "value"),
    [
        (".", "", "1.234", 1.234),
        (".", ",", "1,234.5", 1234.5),
        (".", ",", "1,234", 1234.0),
        (",", "", "1,234", 1.234),
        (",", ".", "1.234", 1234.0),
        (",", ".", "1.234.567,5", 1234567.5),
        (",", "", "12", 12.0),
        (".", "", "-inf", -math.inf),
    ],
)
def test_a_form_gives_values(decimal: str, thousands: str, cell: str, value: float) -> None:
    assert Form(decimal, thousands).value(cell) == (value, False)


@pytest.mark.parametrize(
    ("form", "cell", "is_text"),
    [
        (Form(".", ""), "1,5", True),
        (Form(".", ""), "1,234", True),
        (Form(",", ""), "1.5", True),
        (Form(",", ""), "1.234", True),
        (Form(), "on", True),
        (Form(), "n/a", False),
        (Form(missing=frozenset(["-999"])), " -999 ", False),
        (Form(missing=frozenset(["off"])), "OFF", False),
    ],
)
def test_what_has_no_value_is_text_or_missing(form: Form, cell: str, is_text: bool) -> None:
    value, text = form.value(cell)
    assert math.isnan(value)
    assert text is is_text


def test_a_block_is_read_and_what_it_shows_is_noted() -> None:
    cells = np.array(["on", "1 V", "2.5 V", "on", "-", "off", "inf", "x"], dtype=object)
    found = Evidence()
    form = Form(missing=frozenset(["x"]))
    values, text = numbers.parse(cells, form, found, file="a.csv", lines=np.arange(8) + 2)
    np.testing.assert_array_equal(
        values, [math.nan, 1, 2.5, math.nan, math.nan, math.nan, math.inf, math.nan]
    )
    assert text.tolist() == [True, False, False, True, False, True, False, False]
    assert found.kinds == {
        numbers.TEXT: 3, numbers.PLAIN: 1, numbers.POINT: 1, numbers.MISS: 2, numbers.INFINITE: 1,
    }  # fmt: skip
    assert found.texts == {"on": 2, "off": 1}
    assert found.places == {"on": "a.csv:2", "off": "a.csv:7"}
    assert found.units == {"V": 2}
    assert found.examples[numbers.TEXT] == "on"
    assert found.examples[numbers.POINT] == "2.5 V"
    assert found.numbers == 3


def test_a_text_keeps_its_first_place_and_200_different_ones_are_kept() -> None:
    found = Evidence()
    for number in range(201):
        found.add(f"text {'x' * number}", 2, f"a.csv:{number}", frozenset())
    found.add(" text ", 3, "a.csv:999", frozenset())
    assert len(found.texts) == numbers.MOST_TEXTS == 200
    assert len(found.places) == 200
    assert (found.texts["text"], found.places["text"]) == (5, "a.csv:0")
    assert found.kinds[numbers.TEXT] == 405
    found.add("text " + "x" * 7, 1, "a.csv:999", frozenset())
    assert found.texts["text " + "x" * 7] == 3
    assert found.places["text " + "x" * 7] == "a.csv:7"


@pytest.mark.parametrize("zero", [0x660, 0x6F0, 0xFF10])
def test_digits_of_other_scripts(zero: int) -> None:
    assert numbers.cleaned("".join(chr(zero + digit) for digit in range(10))) == "0123456789"
    for beside in (zero - 1, zero + 10):
        assert not numbers.cleaned(f"1{chr(beside)}1").isdigit()


def test_marks_of_other_scripts() -> None:
    assert numbers.cleaned("\u2212\uff0d\u066b\uff0e\u066c\uff0c") == "--..,,"


@pytest.mark.parametrize(
    ("cell", "mark"),
    [
        ("<5", "<"),
        ("5.5 *", "*"),
        ("(5)", "()"),
        ("~1,5!", "~!"),
        ("5", ""),
        ("<a1", ""),
        ("<", ""),
    ],
)
def test_a_mark_beside_a_number(cell: str, mark: str) -> None:
    assert numbers.mark_of(cell) == mark


def test_a_mark_may_mean_missing() -> None:
    form = Form(missing=frozenset(["<", ""]))
    assert math.isnan(form.value("<5")[0])
    assert form.value("5") == (5.0, False)
    found = Evidence()
    found.add("<5", 2, "a.csv:2", form.missing)
    found.add("5", 3, "a.csv:3", form.missing)
    assert found.kinds == {numbers.MISS: 2, numbers.PLAIN: 3}


def evidence(*cells: str) -> Evidence:
    found = Evidence()
    for cell in cells:
        found.add(cell, 1, "a.csv:2", frozenset())
    return found


@pytest.mark.parametrize(
    ("cells", "marks"),
    [
        (["1", "1,234", "1.234"], set()),
        (["1,5"], {","}),
        (["1.234.567"], {","}),
        (["1.5"], {"."}),
        (["1,234,567"], {"."}),
        (["1,5", "1.5"], {",", "."}),
    ],
)
def test_marks_that_cells_prove(cells: list[str], marks: set[str]) -> None:
    assert numbers.proven(evidence(*cells)) == marks


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "inf", "on", ""], False),
        (["1.5"], True),
        (["1,5"], True),
        (["1,234"], True),
        (["1.234"], True),
        (["1,234,567"], True),
        (["1.234.567"], True),
        (["5 V"], True),
        ([], False),
    ],
)
def test_marks_and_units_are_more_than_plain(cells: list[str], expected: bool) -> None:
    assert numbers.marked(evidence(*cells)) is expected


@pytest.mark.parametrize(
    ("cells", "locale", "expected"),
    [
        # Nothing shows a mark.
        (["1", "2"], Locale("", ";"), (".", "")),
        (["1", "2"], Locale(",", ";"), (".", "")),
        (["1", "2"], Locale("", ";", ","), (",", "")),
        # The column proves one.
        (["1.5", "2"], Locale(",", ";"), (".", "")),
        (["1.5", "1,234"], Locale("", ";"), (".", ",")),
        (["1,234,567"], Locale("", ";"), (".", ",")),
        (["1,5", "2"], Locale(".", ";"), (",", "")),
        (["1,5", "1.234"], Locale(".", ";"), (",", ".")),
        (["1.234.567"], Locale("", ";"), (",", ".")),
        (["1,234,567", "1,234"], Locale("", ";"), (".", ",")),
        (["1.234.567", "1.234"], Locale("", ";"), (",", ".")),
        (["1,5", "1,234"], Locale("", ";"), (",", "")),
        (["1.5", "1.234"], Locale(",", ";"), (".", "")),
        # One cell fits two readings: other columns, the delimiter, or the option decide.
        (["1,234"], Locale(",", ";"), (",", "")),
        (["1,234"], Locale(".", ";"), (".", ",")),
        (["1,234"], Locale("", ","), (".", ",")),
        (["1,234"], Locale(",", ","), (",", "")),
        (["1,234"], Locale("", ";", "."), (".", ",")),
        (["1,234"], Locale("", ";", ","), (",", "")),
        (["1,234", "1.234"], Locale("", ","), (".", ",")),
        (["1.234"], Locale("", ";"), (".", "")),
        (["1.234"], Locale(".", ";"), (".", "")),
        (["1.234"], Locale(",", ";", ","), (",", ".")),
        (["1.234"], Locale(",", ";", "."), (".", "")),
        (["1.5", "1.234"], Locale(",", ";", "."), (".", "")),
    ],
)
def test_a_column_is_decided(cells: list[str], locale: Locale, expected: tuple[str, str]) -> None:
    assert numbers.decide(evidence(*cells), locale) == expected


@pytest.mark.parametrize(
    ("cells", "locale", "question"),
    [
        (["1,5", "1.5"], Locale("", ";"), 'numbers in two forms, "1,5" and "1.5": mend'),
        (["1.234.567", "1,234,567"], Locale("", ";"),
         'numbers in two forms, "1.234.567" and "1,234,567": mend'),
        (["1,5", "1.234.567", "1.5", "1,234,567"], Locale("", ";"), '"1,5" and "1.5"'),
        (["1,5"], Locale("", ";", "."), '"1,5" does not agree with --decimal .'),
        (["1.5"], Locale("", ";", ","), '"1.5" does not agree with --decimal ,'),
        (["1,234"], Locale("", ";"), '"1,234" is a decimal comma or a thousands separator'),
        (["1,234", "1.234"], Locale(",", ";"), '"1,234" is a decimal comma or a thousands'),
        (["1.234"], Locale(",", ";"), '"1.234" has a decimal point where other columns'),
        (["1.234"], Locale(",", ","), '"1.234" has a decimal point where other columns'),
    ],
)  # fmt: skip
def test_a_column_that_fits_two_readings_asks(
    cells: list[str], locale: Locale, question: str
) -> None:
    found = numbers.decide(evidence(*cells), locale)
    assert isinstance(found, str)
    assert question in found


def test_cells_are_counted_not_only_seen() -> None:
    found = Evidence(kinds=Counter())
    found.add("7", 4, "a.csv:2", frozenset())
    found.add("7", 3, "a.csv:9", frozenset(["7"]))
    assert found.kinds == {numbers.PLAIN: 4, numbers.MISS: 3}
    assert found.numbers == 4
