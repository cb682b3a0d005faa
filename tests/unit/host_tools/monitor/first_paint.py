"""First paint of the monitor's page in Chromium, by a browser that starts anew each time.

  python -m tests.unit.host_tools.monitor.first_paint --runs 7

A device of 16 channels and 600 rows is shown. Told are the seconds from the request to the first
paint, and to the page's values; their median; and the machine's load and this command's priority,
because other work counts.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from host_tools.monitor.watched import Facts, Hub
from tests.unit.host_tools.monitor.made import START, sample
from tests.unit.host_tools.monitor.serving import PAINT, TEXTS, Serving, opened, until
from tests.unit.host_tools.report.browser import Browser

CHANNELS, ROWS, WIDTH = 16, 600, 1280


def made():
    """Return a hub with one device."""
    hub = Hub()
    device = hub.add("pump", "port")
    names = tuple(f"channel {c}" for c in range(CHANNELS))
    device.describe(Facts(names, ("mm",) * CHANNELS, 1.0, "pump", "ab" * 32, "1", 1.5))
    device.connect(START, "there")
    for number in range(ROWS):
        device.take(sample(number, [number % (c + 7) for c in range(CHANNELS)], score=0.5))
    return hub


def first_paint(url):
    """Return the seconds to the first paint and to the values."""
    with tempfile.TemporaryDirectory() as profile:
        browser = Browser(Path(profile))
        try:
            begin = time.monotonic()
            opened(browser, url, WIDTH)
            until(lambda: browser.read(TEXTS, "span.at") and browser.read(PAINT))
            return browser.read(PAINT)[0] / 1000, time.monotonic() - begin
        finally:
            browser.close()


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    with Serving(made()) as page:
        found = [first_paint(page.url) for _ in range(runs)]
    for paint, values in found:
        print(f"first paint {paint:.2f} s, values {values:.2f} s")
    medians = [statistics.median(column) for column in zip(*found, strict=True)]
    load = os.getloadavg()[0]
    print(
        f"median {medians[0]:.2f} s and {medians[1]:.2f} s; {os.cpu_count()} cores, load {load:.1f}"
    )


if __name__ == "__main__":
    main()
