"""Every page in a real browser: nothing from outside, nothing cut off, nothing hidden from anyone.

Each page is loaded from its file at the width of a desk and of a telephone; what the browser shows
is read back and compared with what the page was made from.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("selenium", reason="selenium is missing: ./safe setup test")

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from host_tools.report import report_page
from tests.unit.host_tools.report import pages
from tests.unit.host_tools.report.browser import CHECKS, OVERLAPS, Browser, installed

pytestmark = [
    pytest.mark.skipif(not installed(), reason="chromium is missing: ./safe setup test"),
]
WIDTHS = (1200, 420)
PAGES = ("report", "eda", "golden", "evaluation", "detection")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    found = Browser(tmp_path_factory.mktemp("profile"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, made_report, made_series) -> Path:
    """The pages as files."""
    folder = tmp_path_factory.mktemp("pages")
    about = replace(made_report, rate_hz=0.5, reading=("1,800 rows, one every 1 min",))
    series = replace(made_series, units=["bar"] * 16, mean=[5.0] * 16, std=[2.0] * 16)
    contents = {
        "report": report_page.render(about, series),
        "eda": pages.eda(folder),
        "golden": pages.golden(),
        "evaluation": pages.evaluation(),
        "detection": pages.detection_html(),
    }
    for name, text in contents.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_stands_alone_and_fits(
    browser: Browser, folder: Path, name: str, width: int
) -> None:
    browser.open(folder / f"{name}.html", width, dark=width < 1000)
    assert browser.errors() == []
    assert browser.read("return performance.getEntriesByType('resource').map(e => e.name)") == []
    root = "document.documentElement"
    assert browser.read(f"return [{root}.clientWidth, {root}.scrollWidth]") == [width, width]
    assert browser.read(CHECKS) == []
    assert browser.read(OVERLAPS) == []


def test_light_and_dark_differ(browser: Browser, folder: Path) -> None:
    grounds = []
    for dark in (False, True):
        browser.open(folder / "report.html", 1200, dark=dark)
        grounds.append(browser.read("return getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(243, 246, 249)", "rgb(18, 23, 28)"]


def test_the_report_shows_its_figures(browser: Browser, folder: Path) -> None:
    browser.open(folder / "report.html", 1200)
    labels, values = browser.texts(".cards dt"), browser.texts(".cards dd")
    cards = dict(zip(labels, values, strict=True))
    assert cards["instructions per inference"] == "13,280,000"
    assert cards["bytes of stack, at most 528"] == "496"
    assert browser.texts(".verdict") == ["identical to the last bit"]
    assert "1,800 rows, one every 1 min" in browser.texts("li")
    assert "channel 15, bar" in browser.texts("figcaption")
    assert "20 min" in browser.texts(".x span")  # 600 samples, one every 2 s


def test_names_in_any_script_are_text_of_the_page(browser: Browser, folder: Path) -> None:
    browser.open(folder / "eda.html", 420)
    captions = browser.texts("figcaption")
    for name in pages.NAMES:
        assert any(caption.startswith(name) for caption in captions)
    assert browser.texts("h1") == ["Data summary"]
    told = browser.texts("header p")
    assert told[0] == "日志.csv"
    assert told[1] == (
        "1,200 rows, one every 1 min, 1 Mar 2024 00:00 to 20:59, 1 gap (the longest 1 h 1 min,"
        " after line 702)"
    )
    assert "12:00" in browser.texts(".x span")


def test_every_run_of_a_detection_opens_by_link_and_by_key(browser: Browser, folder: Path) -> None:
    browser.open(folder / "detection.html", 1200)
    shown = "return [...document.querySelectorAll('details')].filter(d => d.open).length"
    drawn = "return document.getElementById(arguments[0]).checkVisibility()"
    assert browser.read(shown) == 0
    assert browser.read(drawn, "run-7") is False
    browser.driver.find_element(By.CSS_SELECTOR, "a[href='#run-7']").click()
    assert browser.read(drawn, "run-7") is True
    summary = browser.driver.find_elements(By.CSS_SELECTOR, "summary")[9]
    summary.send_keys(Keys.ENTER)
    assert browser.read(shown) == 2
    lanes = browser.texts("#run-1 .lane span")
    assert {"labelled fault", "alarm", "notice", "masked: مضخة الماء"} <= set(lanes)
    line = "return document.querySelector('#run-1 .plot path.line').getTotalLength()"
    assert browser.read(line) > 1000


def test_the_first_key_leads_past_the_contents(browser: Browser, folder: Path) -> None:
    browser.open(folder / "eda.html", 1200)
    browser.driver.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    focused = "return document.activeElement.getAttribute('href')"
    assert browser.read(focused) == "#content"
    box = browser.read("return document.activeElement.getBoundingClientRect().left")
    assert box >= 0


BAD = """<!doctype html><title>bad</title><style>body{margin:0;background:#fff}</style>
<header><h1 id="a">one</h1></header><h3 id="a">three</h3><main>
<a href="#nowhere">go</a><a href="#a"></a><svg viewBox="0 0 1 1"></svg>
<p style="color:#999">pale</p><div style="width:2000px">wide</div>
<div style="overflow-x:auto;width:90px"><div style="width:300px">hidden</div></div>
<table><thead><tr><th>x</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>
<figure><div class="plot" style="height:40px"><svg></svg></div><span class="y">1</span></figure>
<script>console.error("broken"); new Image().src = "missing.png";</script></main>"""


def test_the_checks_find_what_is_wrong(browser: Browser, folder: Path) -> None:
    (folder / "bad.html").write_text(BAD, encoding="utf-8")
    browser.open(folder / "bad.html", 1200)
    found = browser.read(CHECKS)
    for words in (
        "names no language", "skips a level", "id stands twice", "leads nowhere", "no name",
        "picture without words", "without a caption", "row without a header",
        "column without a header", "scrolls by mouse only", "contrast 2.8",
    ):  # fmt: skip
        assert any(words in text for text in found), words
    assert browser.read("return document.documentElement.scrollWidth") == 2000
    told = " ".join(browser.errors())
    assert "broken" in told
    assert "missing.png" in told
