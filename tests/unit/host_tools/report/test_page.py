"""Pages and their pictures: nothing is lost, nothing from outside is believed."""

import math
import re

import numpy as np
import pytest
from jinja2 import UndefinedError

from host_tools.report import detection_page
from host_tools.report import page as pages
from host_tools.report.chart import Axis, Chart, Lane, Mark, axis_of
from host_tools.report.page import Bullets, Cell, Fold, Page, Panels, Section, Table, heat
from host_tools.report.words import number, reading, significant
from tests.unit.host_tools.report import pages as pages_of

EVIL = "<img src=x onerror=alert(1)>&\"'"


def chart(*marks: Mark, **more: object) -> Chart:
    return Chart("title", "what it shows", Axis(0, 10), Axis(0, 1), marks, **more)


def test_every_text_is_escaped_wherever_it_stands() -> None:
    picture = Chart(EVIL, EVIL, Axis(0, 1, EVIL), Axis(0, 1, EVIL),
                    [Mark([0, 1], [0, 1], name=EVIL)], [Lane(EVIL, [(0, 1)], "red")])  # fmt: skip
    table = Table(EVIL, [EVIL], [[EVIL], [Cell(EVIL, "words")], [Cell(EVIL, share=0.5)]])
    parts = [picture, Panels([picture]), table, Bullets([EVIL]), Fold("key", EVIL, [picture])]
    html = Page(EVIL, [EVIL], [(EVIL, EVIL)], [Section(EVIL, EVIL, parts)], EVIL).html()
    assert "<img" not in html
    assert html.count("&lt;img src=x onerror=alert(1)&gt;") > 20


def test_an_unknown_name_in_a_template_is_an_error() -> None:
    template = pages.environment().from_string("{{ nothing }}")
    with pytest.raises(UndefinedError):
        template.render()


def test_a_table_names_its_columns_and_rows() -> None:
    table = Table("Costs", ["part", "bytes", "why"], [["code", "5", Cell("big", "words")]])
    html = Page("t", [], [], [Section("s", "", [table])]).html()
    assert html.count('scope="col"') == 3
    assert html.count('scope="row"') == 1
    assert '<th scope="col" class="words">' in html
    assert 'aria-label="Costs"' in html


def test_heat_is_limited() -> None:
    assert heat("x", 7.0).kind == "heat orange-10"
    assert heat("x", -1.0, "green").kind == "heat green-0"


def test_a_line_breaks_where_a_value_is_missing() -> None:
    line = Mark([0, 1, 2, 3], [0.0, math.nan, 1.0, 0.5])
    assert chart(line).path(line) == "M0 1000h0M200 0h0L300 500"


def test_a_long_line_keeps_every_peak() -> None:
    values = np.full(200_000, 0.5)
    values[123_457], values[76_543] = 1.0, 0.0
    line = Mark(np.linspace(0, 10, len(values)), values)
    path = chart(line).path(line)
    assert " 0L" in path
    assert " 1000L" in path
    assert len(path) < 60_000


def test_bands_levels_dots_and_bars() -> None:
    band = Mark([0, 10], [1.0, 0.5], "band", low=[0.5, 0.0])
    assert chart(band).path(band) == "M0 0 1000 500 1000 1000 0 500z"
    level = Mark([0], [0.25], "level")
    assert chart(level).path(level) == "M0 750H1000"
    dots = Mark([0, 5], [1.0, math.nan], "dots")
    assert chart(dots).path(dots) == "M0 0h0"
    bars = Mark([0, 5, 10], [0.5, math.nan], "bars")
    assert chart(bars).path(bars) == "M0 1000V500H500V1000z"


def test_a_single_byte_shows_on_a_logarithmic_axis() -> None:
    axis = Axis(0.5, 1e4, form="log")
    assert axis.place([1.0])[0] > 50
    assert math.isnan(axis.place([math.nan])[0])
    assert [text for _, text in axis.ticks()] == ["1", "10", "100", "1,000", "10,000"]


def test_ticks_of_dates_and_of_lengths_of_time() -> None:
    first = 1_709_251_200.0  # 1 March 2024
    day = Axis(first, first + 86400, form="date")
    assert [text for _, text in day.ticks()] == ["Mar-01", "06:00", "12:00", "18:00", "Mar-02"]
    assert day.caption() == "2024-Mar-02"
    assert [text for _, text in Axis(0, 7200, form="elapsed").ticks()][-1] == "2 h"
    assert Axis(0, 119, form="elapsed").ticks()[1][1].endswith(" s")
    assert [t for _, t in Axis(-0.5, 3.5, form="integer").ticks()] == ["0", "1", "2", "3"]


@pytest.mark.parametrize("values", [[], [math.nan], [3.0], [0.0, 0.0], [-1e300, 1e300]])
def test_an_axis_holds_any_values(values: list[float]) -> None:
    axis = axis_of(values)
    assert axis.high > axis.low
    assert all(0 <= place <= 100 for place, _ in axis.ticks())


def test_a_short_stretch_is_still_seen() -> None:
    assert chart().strips([(5.0, 5.0001)]) == "M500 0H502V1000H500z"


def test_stretches_that_touch_are_one_and_many_stay_short() -> None:
    assert (
        chart().strips([(1, 2), (2.001, 3), (7, 8)]) == "M100 0H300V1000H100zM700 0H800V1000H700z"
    )
    many = [(k / 1e4, k / 1e4 + 2e-5) for k in range(100_000)]
    assert len(chart().strips(many)) < 20
    assert chart().strips([]) == ""


def test_a_closed_part_opens_by_a_link() -> None:
    fold = Fold("run-1", "run 1", [Bullets(["inside"])])
    table = Table("r", ["run"], [["x", Cell("go", link="run-1")]])
    html = Page("t", [], [], [Section("s", "", [table, fold])]).html()
    assert '<a href="#run-1">go</a>' in html
    assert re.search(r"<details><summary[^>]*>run 1</summary>\s*<div id=\"run-1\">", html)


def test_words() -> None:
    assert [number(None), number(math.nan), number(1234.5, 1, "s")] == ["–", "–", "1,234.5 s"]
    assert [significant(0.123456), significant(1234.0), significant(math.inf)] == [
        "0.1235", "1,234", "–"]  # fmt: skip


def test_a_reading_in_words() -> None:
    assert reading({}) == []
    lines = reading(
        {
            "rows": 1800,
            "time": {
                "first": "2024-03-01T00:00:00",
                "last": "2024-03-02T05:59:00",
                "period_s": 60.0,
            },
            "gaps": [{"after_line": 9, "seconds": 120.0}, {"after_line": 431, "seconds": 10800.0}],
            "left_out": [{"name": "index", "why": "counter"}],
            "missing": {"a": 3, "b": 0},
            "sentinels": [{"channel": "t", "value": -9999.0, "rows": 8, "distance": 40.0}],
            "notes": ["a note"],
        }
    )
    assert lines == [
        "1,800 rows, one every 1 min, 1 Mar 2024 00:00 to 2 Mar 05:59",
        "2 gaps in time, the longest 3 h, after line 431",
        "Left out: index (counter)",
        "Rows without a value: a 3",
        "Suspected marker for a missing value: -9999 in t, 8 rows",
        "a note",
    ]


def test_a_detection_of_many_runs_stays_small_and_draws_the_first() -> None:
    found = pages_of.detection(130, 1200)
    html = detection_page.page(found)
    assert html.count("<details>") == detection_page.MOST_DRAWN
    assert "Only the first 100 are drawn." in html
    assert len(html) < 3_000_000
    assert html == detection_page.page(found)


def test_a_detection_tells_masked_and_named_channels() -> None:
    html = detection_page.page(pages_of.detection(6))
    assert "masked: مضخة الماء" in html
    assert "named: &lt;b&gt;насос&lt;/b&gt;" in html
    assert 'href="#run-4"' in html
    assert re.search(r"\d of 4</dd>", html)  # labelled faults missed


def test_a_long_name_breaks_after_its_underscores_and_stays_escaped() -> None:
    table = Table("t", ["name"], [["a_<b>_c"]])
    html = Page("t", [], [], [Section("s", "", [table])]).html()
    assert "a_<wbr>&lt;b&gt;_<wbr>c</th>" in html
