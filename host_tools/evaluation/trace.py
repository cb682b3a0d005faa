"""What a detector did on every run, row by row, and what other thresholds would have done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from host_tools.data.runs import Recording
from host_tools.detection import metrics
from host_tools.detection.metrics import Run, Summary
from host_tools.formats.record import NO_CHANNEL, RAISED, VERDICTS, State

Flags = NDArray[np.bool_]

_DATED = 1e9


@dataclass(frozen=True, eq=False)
class Trace:
    """One run through the chain; every array has one entry a row, training rows included.

    Attributes:
        name: Of the run.
        group: The folder that it lies in.
        start: Seconds since 1970 of the first row; None where the log tells no date.
        seconds: float64, since the first row.
        score: float64, in units in which the thresholds are constant; NaN where the chain gave
            no verdict.
        label: Where a fault is labelled.
        notice: Where the score is above the lower threshold, the alarm included.
        alarm: Where the alarm is on.
        masked: bool [rows, channels], where a channel is left out of the verdict.
        named: int64 [rows, n], channels named as the cause of an alarm; −1 fills the rest.
        first: First row that counts: those before it train.
    """

    name: str
    group: str
    start: float | None
    seconds: NDArray[np.float64]
    score: NDArray[np.float64]
    label: Flags
    notice: Flags
    alarm: Flags
    masked: Flags
    named: NDArray[np.int64]
    first: int

    @property
    def waiting(self) -> Flags:
        """Where there is no verdict."""
        return np.isnan(self.score)

    def shares(self) -> dict[int, float]:
        """Return the part of the alarm's rows that name each channel, the most named first."""
        named = self.named[self.alarm]
        if not len(named):
            return {}
        channels, counts = np.unique(named[named >= 0], return_counts=True)
        order = np.argsort(-counts, kind="stable")
        return {int(channels[i]): float(counts[i] / len(named)) for i in order}


@dataclass(frozen=True)
class OperatingPoint:
    """What one threshold gives: rates in percent, delay in seconds."""

    threshold: float
    f1: float
    far: float
    mar: float
    delay: float
    missed: int
    episodes_per_day: float
    quiet_alarm_share: float = float("nan")


@dataclass(frozen=True, eq=False)
class Detection:
    """An evaluation of a detector, as its page shows it.

    Attributes:
        channels: Names, in the order of the indices of `Trace`.
        scored: By channel, the statistics that take it; a channel that is not named is not scored.
        thresholds: `alarm`, and `notice` where the detector has one.
        methods: Figures of every method, the detector's own under `method`.
        method: The name of the detector among `methods`.
        groups: Figures by group of runs.
        runs: Figures by run.
        traces: Labelled runs, then quiet recordings.
        curve: What other thresholds give, ascending.
        facts: Sentences on the data, the device and the training.
    """

    channels: Sequence[str]
    scored: Mapping[str, str]
    thresholds: Mapping[str, float]
    methods: Mapping[str, Summary]
    method: str
    groups: Mapping[str, Summary]
    runs: Mapping[str, Summary]
    traces: Sequence[Trace]
    curve: Sequence[OperatingPoint]
    facts: Sequence[str] = ()


def trace(run: Recording, records: NDArray[np.void], first: int) -> Trace:
    """Return what a chain's records say of a run.

    Args:
        run: The recording.
        records: formats.record.RECORD [rows] of it.
        first: First row that counts.
    """
    state, top = records["state"], records["top"].astype(np.int64)
    named = np.where(top == NO_CHANNEL, -1, top)
    alarm, raised = state == State.ALARM, np.isin(state, RAISED)
    masked = np.zeros(run.values.shape, dtype=np.bool_)
    rows, columns = np.nonzero(records["masked"] != NO_CHANNEL)
    masked[rows, records["masked"][rows, columns]] = True
    limit = np.maximum(records["limit"].astype(np.float64), 1e-300)
    relative = records["score"].astype(np.float64) * float(records["limit"].min()) / limit
    scored = np.isin(state, VERDICTS)
    return Trace(
        name=run.name,
        group=run.name.rpartition("/")[0],
        start=run.start if run.start >= _DATED else None,
        seconds=run.seconds,
        score=np.where(scored, relative, np.nan),
        label=run.labels.astype(np.bool_),
        notice=raised,
        alarm=alarm,
        masked=masked,
        named=np.where(raised[:, None], named, -1),
        first=first,
    )


def groups(runs: Sequence[Run]) -> dict[str, Summary]:
    """Return the figures of each group: of the runs in one folder."""
    names = dict.fromkeys(run.name.rpartition("/")[0] for run in runs)
    return {
        name or "all": metrics.summarize([r for r in runs if r.name.rpartition("/")[0] == name])
        for name in names
    }
