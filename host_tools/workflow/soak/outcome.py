"""What came of a fault, read off the device's records, and whether it is what must come."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from host_tools.formats.detector import Detector
from host_tools.formats.record import RAISED, TOP, Event, State
from host_tools.workflow.soak import scenario
from host_tools.workflow.soak.result import Outcome
from host_tools.workflow.soak.scenario import Fault

UNNOTICED = "unnoticed"


@dataclass(frozen=True, eq=False)
class Walked:
    """All that went through the device.

    Attributes:
        numbers: int64 [rows] of the samples.
        records: RECORD [rows] of the device.
        different: bool [rows], where this host has another record.
        is_sent: bool [rows]; the others were lost.
        restarts: Rows before which the device started anew.
    """

    numbers: NDArray[np.int64]
    records: NDArray[np.void]
    different: NDArray[np.bool_]
    is_sent: NDArray[np.bool_]
    restarts: Sequence[int]


@dataclass(frozen=True)
class Note:
    """What was noted while a fault was there.

    Attributes:
        fault: The fault.
        row: Row at which it struck: that of the fault, or later where that was lost.
        back: Row at which samples came again.
        came: What became of the baseline, or nothing.
        repeats: Frames sent again until the next fault.
    """

    fault: Fault
    row: int
    back: int
    came: str = ""
    repeats: int = 0


def outcomes(
    notes: Sequence[Note], walked: Walked, detector: Detector, names: Sequence[str], hour_rows: int
) -> tuple[Outcome, ...]:
    """Return what came of each fault."""
    ends = [note.row for note in notes] + [len(walked.numbers)]
    found = []
    for note, end in zip(notes, ends[1:], strict=True):
        fault = note.fault
        came, after, must = _came(note, walked, detector)
        count = int(walked.different[note.row : end].sum())
        channels = names[fault.channel :][: max(1, fault.size)] if fault.channel >= 0 else ()
        found.append(
            Outcome(
                hour=round(float(walked.numbers[note.row]) / hour_rows, 3),
                group=fault.group,
                kind=fault.kind,
                channels=tuple(channels),
                rows=fault.rows if fault.group == scenario.SENSORS else 0,
                lost=note.back - note.row,
                came=came,
                after=after,
                repeats=note.repeats,
                different=count,
                expected=count == 0 and must,
            )
        )
    return tuple(found)


def _came(note: Note, walked: Walked, detector: Detector) -> tuple[str, int, bool]:
    """Return what came of it, after how many samples, and whether that is what must come."""
    fault = note.fault
    if fault.group == scenario.SENSORS:
        return _of_sensor(fault, walked, detector)
    if fault.group == scenario.LINE and fault.kind != scenario.SILENCE:
        return note.came, 0, True
    if note.back >= len(walked.records) or not walked.is_sent[note.back]:
        return "the samples ended", 0, True
    first = walked.records[note.back]
    starts_anew = first["index"] == 0 and first["state"] == State.WARMUP
    if fault.kind == scenario.SILENCE:
        is_told = bool(first["event"] & Event.SILENCE)
        return note.came if is_told else UNNOTICED, 0, is_told and bool(starts_anew)
    return note.came, 0, bool(starts_anew)


def _of_sensor(fault: Fault, walked: Walked, d: Detector) -> tuple[str, int, bool]:
    last = min(fault.row + fault.rows, len(walked.records))
    rows = fault.row + np.flatnonzero(walked.is_sent[fault.row : last + 2 * d.rows])
    records = walked.records[rows]
    is_during = rows < last
    masks = is_during & (records["masked"] == fault.channel).any(axis=1)
    is_degraded = is_during & (records["state"] == State.DEGRADED)
    what = {
        "degraded": is_degraded,
        "masked": masks,
        "alarm": records["state"] == State.ALARM,
        "notice": np.isin(records["state"], RAISED),
    }
    if fault.kind != scenario.CABLE:
        del what["degraded"]
    came = next((word for word, is_there in what.items() if is_there.any()), UNNOTICED)
    after = int(np.argmax(what[came])) + 1 if came in what else 0
    is_whole = len(rows) > 0 and not any(fault.row <= row <= rows[-1] for row in walked.restarts)
    if is_whole and _must_mask(fault, records, is_during, d):
        return came, after, came in ("masked", "degraded")
    return came, after, True


def _must_mask(
    fault: Fault, records: NDArray[np.void], is_during: NDArray[np.bool_], d: Detector
) -> bool:
    """Return whether the rule masks a sensor with this fault, whatever the plant does."""
    during = records[is_during]
    if fault.kind == scenario.CABLE:
        return bool((during["state"] != State.WARMUP).any())
    if not len(during) or (during["masked_count"] > TOP).any():
        return False  # records name the first few only
    if fault.kind in (scenario.FROZEN, scenario.DEAD):
        return len(during) > int(d.stuck_samples[fault.channel])
    has_range = bool(np.abs(d.high[fault.channel]) < np.finfo(np.float32).max / 2)
    return fault.kind == scenario.MISSING or (fault.kind == scenario.RANGE and has_range)
