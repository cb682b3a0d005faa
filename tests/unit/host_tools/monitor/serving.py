"""The monitor's page, served to a browser as the verb does it."""

import contextlib
import threading
import time

from host_tools.monitor.page import PageError, serve
from host_tools.monitor.session import Session

FIND = """
const found = [], look = root => { for (const e of root.querySelectorAll("*")) {
  if (e.matches(arguments[0])) found.push(e);
  if (e.shadowRoot) look(e.shadowRoot); } };
look(document);
"""
TEXTS = FIND + "return found.map(e => e.textContent.trim());"
PAINT = "return performance.getEntriesByName('first-contentful-paint').map(e => e.startTime)"


class Serving:
    """The page of a hub."""

    def __init__(self, hub, sources=()):
        self.hub, self.url = hub, ""
        self.session = Session(hub, sources)
        self._begun, self._over = threading.Event(), False
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self):
        self.session.each_second(self._look)
        with contextlib.suppress(PageError):
            serve(self.session, 0, self._tell)

    def _tell(self, url):
        self.url = url
        self._begun.set()

    def _look(self):
        if self._over:
            raise PageError("over")

    def __enter__(self):
        self.session.start()
        self.thread.start()
        assert self._begun.wait(20)
        return self

    def __exit__(self, *_):
        self._over = True
        self.thread.join(20)
        self.session.stop()


def opened(browser, url, width):
    """Open the page in a window of this width."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.command("Emulation.setDeviceMetricsOverride", size)
    browser.driver.get(url)


def until(condition, seconds=20):
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
