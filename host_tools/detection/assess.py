"""Counts of detected faults and false alarms in the records of a labelled stream."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.formats.record import RAISED, VERDICTS, State


@dataclass(frozen=True)
class Assessment:
    """How a detector did on labelled rows.

    Attributes:
        events: Labelled faults that had a verdict on at least one row.
        detected: Those with an alarm on at least one row.
        false_alarms: Runs of alarm rows that touch no labelled row.
        quiet_rows: Rows with a verdict and without a label.
        false_rows: Those in alarm.
        notice_rows: Those in notice or alarm.
        stray_rows: Quiet rows of the false alarms; the others follow a fault.
        rate_hz: Rows per second.
    """

    events: int
    detected: int
    false_alarms: int
    quiet_rows: int
    false_rows: int
    notice_rows: int
    stray_rows: int
    rate_hz: float

    @property
    def alarm_share(self) -> float | None:
        """Percent of the quiet rows in false alarms; None without such a row."""
        return 100.0 * self.stray_rows / self.quiet_rows if self.quiet_rows else None

    @property
    def notice_share(self) -> float | None:
        """Percent of the quiet rows in notice or alarm; None without such a row."""
        return 100.0 * self.notice_rows / self.quiet_rows if self.quiet_rows else None

    @property
    def episodes_per_day(self) -> float | None:
        """False alarms a day of quiet rows; None without such a row."""
        days = self.quiet_rows / (self.rate_hz * 86400.0)
        return self.false_alarms / days if days else None

    def fields(self) -> dict[str, Any]:
        """JSON: the counts."""
        return {key: value for key, value in vars(self).items() if key != "rate_hz"}


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the stretches of true values as (first, last + 1)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def assess(
    records: NDArray[np.void], labels: NDArray[np.uint8], rate_hz: float = 1.0
) -> Assessment:
    """Count detected faults and false alarms in RECORD [rows]."""
    alarm, fault = records["state"] == State.ALARM, labels != 0
    scored = np.isin(records["state"], VERDICTS)
    events = [run for run in runs(fault) if scored[run[0] : run[1]].any()]
    quiet = scored & ~fault
    stray = [(a, b) for a, b in runs(alarm) if not fault[a:b].any()]
    return Assessment(
        events=len(events),
        detected=sum(bool(alarm[a:b].any()) for a, b in events),
        false_alarms=len(stray),
        quiet_rows=int(quiet.sum()),
        false_rows=int((quiet & alarm).sum()),
        notice_rows=int((quiet & np.isin(records["state"], RAISED)).sum()),
        stray_rows=sum(int(quiet[a:b].sum()) for a, b in stray),
        rate_hz=rate_hz,
    )


def together(parts: Sequence[Assessment]) -> Assessment:
    """Return the counts of several streams of one rate."""
    names = ("events", "detected", "false_alarms", "quiet_rows", "false_rows", "notice_rows",
             "stray_rows")  # fmt: skip
    sums = {name: sum(getattr(part, name) for part in parts) for name in names}
    return Assessment(**sums, rate_hz=parts[0].rate_hz)
