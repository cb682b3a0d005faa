"""Samples and devices for the tests of the monitor."""

import numpy as np

from host_tools.formats.record import NO_CHANNEL, RECORD, State
from host_tools.monitor.watched import Facts, Hub, Sample

START = 1_767_600_000.0
"""5 January 2026, 08:00 UTC."""
FACTS = Facts(("flow", "heat <b>"), ("l/min", "C"), 1.0, "pump", "ab" * 32, "1", 1.5)


def record(state=State.OK, *, top=(), masked=(), **fields):
    found = np.zeros(1, RECORD)
    found["drift"] = NO_CHANNEL
    found["top"] = [*top, *[NO_CHANNEL] * (4 - len(top))]
    found["masked"] = [*masked, *[NO_CHANNEL] * (4 - len(masked))]
    found["masked_count"] = len(masked)
    found["state"], found["limit"] = state, 2.0
    for name, value in fields.items():
        found[name] = value
    return found[0]


def sample(number, values=(1.5, 20.25), state=State.OK, *, stamp=None, **fields):
    stamp = START + number if stamp is None else stamp
    return Sample(stamp, number, np.array(values, np.float32), record(state, **fields))


def watched(facts=FACTS, name="pump"):
    """Return a hub with one connected device."""
    hub = Hub()
    device = hub.add(name, "port")
    device.describe(facts)
    device.connect(START, "there")
    return hub, device
