"""Counts of detected faults and false alarms in the records of a labelled stream."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from host_tools.formats.record import VERDICTS, State


@dataclass(frozen=True)
class Assessment:
    """How a detector did on labelled rows.

    Attributes:
        events: Labelled faults that had a verdict on at least one row.
        detected: Those with an alarm on at least one row.
        false_alarms: Runs of alarm rows that touch no labelled row.
        quiet_rows: Rows with a verdict and without a label.
        false_rows: Those in alarm.
    """

    events: int
    detected: int
    false_alarms: int
    quiet_rows: int
    false_rows: int


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the stretches of true values as (first, last + 1)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def assess(records: NDArray[np.void], labels: NDArray[np.uint8]) -> Assessment:
    """Count detected faults and false alarms in RECORD [rows]."""
    alarm, fault = records["state"] == State.ALARM, labels != 0
    scored = np.isin(records["state"], VERDICTS)
    events = [run for run in runs(fault) if scored[run[0] : run[1]].any()]
    quiet = scored & ~fault
    return Assessment(
        events=len(events),
        detected=sum(bool(alarm[a:b].any()) for a, b in events),
        false_alarms=sum(not fault[a:b].any() for a, b in runs(alarm)),
        quiet_rows=int(quiet.sum()),
        false_rows=int((quiet & alarm).sum()),
    )
