"""The page in a real browser, on a device that runs: what it shows is what the device said."""

import csv
import urllib.request
from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("selenium", reason="selenium is missing: ./safe setup test")
pytest.importorskip("bokeh", reason="bokeh is missing: ./safe setup test")

from selenium.webdriver import ActionChains

from host_tools.monitor import markup
from host_tools.monitor.events import state_word
from host_tools.monitor.feed import Feed, Log
from host_tools.monitor.page import PageError, serve
from host_tools.monitor.reader import PortPlan, Reader
from host_tools.monitor.session import Session
from host_tools.monitor.watched import Facts, Hub
from targets.emulate import process
from targets.load import load
from tests.unit.host_tools.monitor.made import START, sample
from tests.unit.host_tools.monitor.serving import FIND, PAINT, TEXTS, Serving, opened, until
from tests.unit.host_tools.report.browser import Browser, installed
from tests.unit.sdk.tiny import Tiny, build_app, samples

pytestmark = pytest.mark.skipif(not installed(), reason="chromium is missing: ./safe setup test")
ROWS = 600
CLICK = FIND + "const e = found.find(e => e.textContent.includes(arguments[1])); e.click();"
BOXES = (
    FIND
    + """return found.map(e => e.getBoundingClientRect())
  .map(b => [b.left, b.top, b.right])"""
)
VALUES = FIND + "return found.map(e => e.value);"
LINKS = FIND + "return found.map(e => e.href);"


class Watching(Serving):
    """A device, its monitor and a page."""

    def __init__(self, url):
        self.rows, hub = [], Hub()
        self.device = hub.add("pump", url, 1_000_000)
        hub.keep_rows(lambda _, sample: self.rows.append(sample))
        values = samples(Tiny(), ROWS)
        log = Log(values, np.arange(ROWS), 4.0, START)
        feed = Feed(log, 0)
        self.reader = Reader(self.device, PortPlan(url, lambda _: None), feed)
        super().__init__(hub, [self.reader])


@pytest.fixture(scope="module")
def watching(tmp_path_factory):
    elf = build_app(Tiny(), "detector", tmp_path_factory.mktemp("app") / "app")
    with process.start(load("host"), elf) as emulator, Watching(emulator.url) as found:
        yield found


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    found = Browser(tmp_path_factory.mktemp("profile"))
    yield found
    found.close()


def test_what_the_page_shows_is_what_the_device_said(watching, browser):
    until(lambda: len(watching.rows) == ROWS)
    opened(browser, watching.url, 1280)
    until(lambda: browser.read(TEXTS, "span.at"))
    last = watching.rows[-1]
    assert browser.read(TEXTS, "td.n") == [markup.value_text(v) for v in last.values]
    assert browser.read(TEXTS, ".pill") == [state_word(int(last.record["state"]))]
    (card,) = browser.read(TEXTS, ".card")
    if last.record["score"]:
        assert f"score {last.record['score']:.3g}, notice above" in card
    told = browser.read(TEXTS, ".events td.name")
    assert told == [event.text for event in watching.hub.events][::-1][: markup.SHOWN_EVENTS]
    states = [state_word(int(row.record["state"])) for row in watching.rows]
    changed = [b for a, b in pairwise(["", *states]) if a != b]
    heard = [e.details["state"] for e in watching.hub.events if e.kind == "state"]
    assert heard == changed
    facts = dict(zip(*[browser.read(TEXTS, s) for s in ("th", "th + td")], strict=True))
    assert facts["Samples"] == f"{ROWS:,}"
    assert [line for line in browser.errors() if "SEVERE" in line or "Failed" in line] == []


def test_first_paint_and_nothing_from_outside(watching, browser):
    opened(browser, watching.url, 1280)
    until(lambda: browser.read(TEXTS, "span.at"))
    asked = browser.read("return performance.getEntriesByType('resource').map(e => e.name)")
    assert asked
    assert all(name.startswith((watching.url, "data:", "ws://127.0.0.1")) for name in asked)
    assert browser.read(PAINT)


def test_it_fits_a_telephone(watching, browser):
    opened(browser, watching.url, 420)
    until(lambda: browser.read(TEXTS, "span.at"))
    assert browser.read("return document.documentElement.scrollWidth") <= 420


def test_two_devices_each_with_its_own_pace(browser):
    """Heads stand side by side where there is room; window and names are those of the chosen."""
    hub = Hub()
    for name, period, unit in (("pump", 0.1, "bar"), ("fan", 1.0, "rpm")):
        device = hub.add(name, "port")
        device.describe(Facts(("first", "second"), (unit, ""), period, name, "ab" * 32))
        device.connect(START, "there")
        for number in range(20):
            device.take(sample(number, stamp=START + number * period))
    with Serving(hub) as page:
        for width, beside in ((1280, True), (420, False)):
            opened(browser, page.url, width)
            until(lambda: len(browser.read(BOXES, ".card")) == 2)
            (left, top, right), (_, second, _) = browser.read(BOXES, ".card")
            assert (top == second) is beside
            assert 250 < right - left <= 420
            assert browser.read(VALUES, "select") == ["1 minute", "first [bar]"]
            browser.read(CLICK, "button", "fan")
            until(lambda: browser.read(VALUES, "select") == ["10 minutes", "first [rpm]"])
            until(lambda: browser.read(TEXTS, ".card.chosen h2") == ["fan"])
    assert {t.partition(":")[0] for t in browser.read(TEXTS, ".events td.name")} == {"pump", "fan"}


def test_buttons_ask_before_they_act(watching, browser):
    opened(browser, watching.url, 1280)
    until(lambda: browser.read(TEXTS, "span.at"))
    if watching.device.unacknowledged:
        browser.read(CLICK, "button", "Acknowledge")
        until(lambda: not watching.device.unacknowledged)
    browser.read(CLICK, "button", "Relearn")
    until(lambda: any("Forget what pump" in t for t in browser.read(TEXTS, ".bk-clearfix")))
    assert not watching.device.wishes
    browser.read(CLICK, "button", "Yes, do it")
    until(lambda: list(watching.device.wishes) == ["relearn"])
    watching.device.wishes.clear()


def test_a_plot_that_is_dragged_stays_where_it_is(watching, browser):
    """The link that saves has the visible time; going live returns to the newest sample."""
    opened(browser, watching.url, 1280)
    until(lambda: browser.read(TEXTS, "span.at"))
    (before,) = browser.read(LINKS, "a.button")
    until(lambda: len(browser.read(FIND + "return found", ".bk-Canvas")) == 3)
    plot = browser.read(FIND + "return found", ".bk-Canvas")[1]
    steps = ActionChains(browser.driver).move_to_element(plot).click_and_hold()
    steps.move_by_offset(150, 0).release().perform()
    until(lambda: browser.read(LINKS, "a.button") != [before])
    (dragged,) = browser.read(LINKS, "a.button")
    ends = [float(url.partition("&to=")[2]) for url in (before, dragged)]
    assert 5 < ends[0] - ends[1] < 120
    browser.read(CLICK, "button", "Go live")
    until(lambda: browser.read(LINKS, "a.button") == [before])


def test_what_is_saved_is_what_came(watching, browser):
    first, last = watching.rows[100].stamp, watching.rows[199].stamp
    url = f"{watching.url}export.csv?device=0&from={first}&to={last}"
    with urllib.request.urlopen(url, timeout=20) as reply:
        head, *rows = csv.reader(reply.read().decode().splitlines())
    assert (len(rows), head[0], head[-1]) == (100, "time", "state")
    for row, came in zip(rows, watching.rows[100:200], strict=True):
        values = [np.float32(cell) if cell else np.float32(np.nan) for cell in row[1:4]]
        expected = np.where(np.isfinite(came.values), came.values, np.float32(np.nan))
        np.testing.assert_array_equal(np.array(values, np.float32), expected)
        assert row[-1] == state_word(int(came.record["state"]))


@pytest.mark.parametrize(
    ("words", "host", "code"),
    [
        ("device=7&from=0&to=1", None, 404),
        ("device=x&from=0&to=1", None, 400),
        ("device=0&from=0", None, 400),
        ("device=0&from=0&to=1", "evil.example", 403),
    ],
)
def test_wrong_questions(watching, words, host, code):
    headers = {"Host": host} if host else {}
    request = urllib.request.Request(f"{watching.url}export.csv?{words}", headers=headers)
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request, timeout=20)
    assert error.value.code == code


def test_a_port_that_is_taken_is_told(watching):
    port = int(watching.url.rsplit(":", 1)[1].strip("/"))
    with pytest.raises(PageError, match="--page-port 0"):
        serve(Session(Hub(), []), port, print)
