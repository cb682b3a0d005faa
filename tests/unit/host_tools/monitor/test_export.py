"""The visible part as CSV: what was seen, and which values are extremes."""

import csv

import numpy as np

from host_tools.formats.record import State
from host_tools.monitor.export import csv_text
from host_tools.monitor.history import History
from tests.unit.host_tools.monitor.made import START, sample, watched


def table(device, first, last):
    return list(csv.reader(csv_text(device, first, last).splitlines()))


def test_rows_as_they_came():
    _, device = watched()
    for number in range(6):
        state = State.ALARM if number == 4 else State.OK
        value = np.nan if number == 3 else 0.1 * number
        device.take(sample(number, (value, 20.25), state, score=number))
    head, *rows = table(device, START + 2, START + 4)
    assert head == ["time", "flow [l/min]", "heat <b> [C]", "score", "notice above", "state"]
    assert [row[1:] for row in rows] == [
        ["0.2", "20.25", "2.0", "2.0", "ok"],
        ["", "20.25", "3.0", "2.0", "ok"],
        ["0.4", "20.25", "4.0", "2.0", "alarm"],
    ]
    assert rows[0][0] == "2026-01-05T08:00:02.000000Z"


def test_older_rows_as_extremes():
    _, device = watched()
    device.history = History(4, 0)
    for number in range(3000):
        device.take(sample(number, (number % 7, 0)))
    head, *rows = table(device, START, START + 2000)
    assert head[1:3] == ["flow [l/min] least", "flow [l/min] largest"]
    assert {tuple(row[1:3]) for row in rows} == {("0.0", "6.0")}


def test_a_device_without_samples():
    hub, _ = watched()
    assert csv_text(hub.add("empty", "x"), 0, 1) == "time\r\n"
