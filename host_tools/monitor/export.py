"""A part of a device's history as CSV."""

import bisect
import csv
import io

from host_tools.monitor.events import number, state_word
from host_tools.monitor.watched import Device
from host_tools.recording.log_file import utc


def _cell(value: float) -> str:
    found = number(value)
    return "" if found is None else repr(found)


def csv_text(device: Device, first: float, last: float) -> str:
    """Return the rows from `first` to `last`, seconds since 1970, both included.

    Rows as they came have a column for each channel, score, notice threshold and state. Of older
    ones only the least and the largest value over many rows is known: these are two columns each.
    """
    with device.lock:
        if device.history is None:
            return "time\r\n"
        view = device.history.view(first, last)
        changes = list(device.changes)
        facts = device.facts
    names = [*(facts.label(c) for c in range(len(facts.channels))), "score", "notice above"]
    out = io.StringIO()
    writer = csv.writer(out)
    if view.rows == 1:
        writer.writerow(["time", *names, "state"])
    else:
        writer.writerow(["time", *(f"{n} {end}" for n in names for end in ("least", "largest"))])
    starts = [change.stamp for change in changes]
    for stamp, low, high in zip(view.stamps, view.low, view.high, strict=True):
        if not first <= stamp <= last:
            continue
        if view.rows == 1:
            at = bisect.bisect_right(starts, stamp) - 1
            state = changes[at].state if at >= 0 else None
            cells = [*map(_cell, low), "" if state is None else state_word(state)]
        else:
            cells = [_cell(v) for pair in zip(low, high, strict=True) for v in pair]
        writer.writerow([utc(float(stamp)), *cells])
    return out.getvalue()
