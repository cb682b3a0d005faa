"""A product with sensors of its own, on the host: what it sends and does; a line that breaks."""

import threading
import time

import numpy as np
import pytest

from host_tools.detection import replay
from host_tools.errors import PortNotFoundError
from host_tools.monitor.reader import PortPlan, Reader
from host_tools.monitor.watched import Hub
from targets.emulate import process
from targets.load import load
from tests.unit.host_tools.device.faults import Fault, Proxy
from tests.unit.sdk.tiny import Tiny, build_app

SENSOR = """
#include "safe/sensor.h"
safe_status_t safe_sensor_start(void) { return SAFE_STATUS_OK; }
safe_status_t safe_sensor_read(float *sample)
{
    static unsigned reads;
    for (unsigned c = 0; c < 3u; c++) { sample[c] = (float)((reads * 7u + c) % 5u); }
    reads++;
    return reads == 6u ? SAFE_STATUS_TIMEOUT : SAFE_STATUS_OK;
}
"""
"""The tiny detector's samples come every 250 ms; the sixth read fails."""


def sample(read):
    return np.array([(read * 7 + c) % 5 for c in range(3)], np.float32)


@pytest.fixture(scope="module")
def elf(tmp_path_factory):
    folder = tmp_path_factory.mktemp("live")
    (folder / "sensor.c").write_text(SENSOR)
    parts = ("common", "sensing", "watching")
    more = (folder / "sensor.c",)
    return build_app(Tiny(), "detector", folder / "app", parts=parts, more=more)


class Breaking(Fault):
    """Ends the connection when it is told to."""

    is_asked = False

    def pass_on(self, direction, data, proxy):  # noqa: ARG002
        if self.is_asked:
            self.is_asked = False
            raise OSError
        return data


def watched(url):
    hub, rows = Hub(), []
    hub.keep_rows(lambda _, sample: rows.append(sample))
    device = hub.add("pump", url)
    reader = Reader(device, PortPlan(url, lambda _: None))
    reader.start()
    return hub, device, reader, rows


def until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def told(hub):
    return [event.text for event in hub.events]


def test_samples_records_and_requests(elf):
    """Each sample as it was read, each record as the chain on this host gives it."""
    with process.start(load("host"), elf) as emulator:
        hub, device, reader, rows = watched(emulator.url)
        until(lambda: len(rows) >= 14)
        device.wish("save")  # the host has no store
        device.wish("relearn")
        until(lambda: any("relearn" in text or "learn it anew" in text for text in told(hub)))
        reader.stop()
        emulator.check()
    numbers = [row.number for row in rows]
    assert numbers == list(range(numbers[0], numbers[0] + len(rows)))
    values = np.array([np.full(3, np.nan) if n == 5 else sample(n) for n in range(numbers[-1] + 1)])
    expected = replay.run_chain(Tiny().config(), values.astype(np.float32), Tiny().run)
    for row in rows[:12]:
        np.testing.assert_array_equal(row.values, values[row.number].astype(np.float32))
        if row.number != 5:
            record = expected[row.number]
            assert (row.record["index"], row.record["state"]) == (record["index"], record["state"])
            assert row.record["score"] == record["score"]
    missing = [row for row in rows if row.number == 5]
    assert [row.record["flags"] & 2 for row in missing] == [2] * len(missing)
    assert "asked to save its baseline: the device answered CONTROL with UNSUPPORTED" in "".join(
        told(hub)
    )
    assert "asked to forget its baseline and learn it anew: done" in told(hub)
    assert (device.line.connected, device.line.lost, reader.error) == (True, 0, None)


def test_a_line_that_breaks_is_told_and_comes_back(elf):
    fault = Breaking()
    with (
        process.start(load("host"), elf) as emulator,
        Proxy(int(emulator.url.rsplit(":", 1)[1]), fault) as proxy,
    ):
        hub, device, reader, rows = watched(proxy.url)
        until(lambda: len(rows) >= 2)
        fault.is_asked = True
        until(lambda: device.line.lost_ports == 1)
        count = len(rows)
        until(lambda: len(rows) > count + 1)
        reader.stop()
    assert device.line.connected
    line = [event.text for event in hub.events if event.kind == "line"]
    assert line[1].startswith("lost: port socket://")
    assert line[2].startswith("back: ")


def test_a_port_that_was_never_there_ends_it():
    _, _, reader, _ = watched("socket://127.0.0.1:1")
    reader.join(20)
    assert isinstance(reader.error, PortNotFoundError)
    assert threading.active_count() < 50
