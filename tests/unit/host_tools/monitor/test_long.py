"""Eight hours of 64 channels at 100 rows a second, as fast as they go, with a page that is open."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT

pytest.importorskip("bokeh", reason="bokeh is missing: ./safe setup test")
pytestmark = pytest.mark.slow
MOST_BYTES = 200_000_000
PROGRAM = """
import resource, sys
import numpy as np
from bokeh.document import Document
from host_tools.monitor.document import Page
from host_tools.monitor.watched import Facts, Hub, Sample
from tests.unit.host_tools.monitor.made import START, record

channels, rate, rows = map(int, sys.argv[1:])
hub = Hub()
device = hub.add("pump", "simulated")
names = tuple(f"channel {c}" for c in range(channels))
device.describe(Facts(names, ("mm",) * channels, 1 / rate, "pump", "ab" * 32, "1", 1.5))
device.connect(START, "there")
values = np.random.default_rng(1).normal(size=(4096, channels)).astype(np.float32)
said = record(score=0.5)
document = Document()
page = Page(hub, document)
for number in range(rows):
    device.take(Sample(START + number / rate, number, values[number % 4096], said))
    if number % (60 * rate) == 0:
        page._window.value = "all"
        page.update()
view = device.history.view(START, device.newest)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, view.stamps[0] - START, view.rows)
"""


@pytest.mark.parametrize(("channels", "rate", "hours"), [(64, 100, 8)])
def test_memory_after_hours(channels, rate, hours):
    words = [str(channels), str(rate), str(rate * hours * 3600)]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=3600,
    )
    peak, first, rows = done.stdout.split()
    print(f"{channels} channels, {rate} Hz, {hours} h: {int(peak) / 1e6:.0f} MB")
    assert int(peak) < MOST_BYTES
    assert float(first) == 0
    assert int(rows) >= 1
